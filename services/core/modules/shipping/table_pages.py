"""Pages with a table: a title, fields, and rows whose texts stay in their cells."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

from reportlab.lib.pagesizes import landscape
from reportlab.lib.units import mm

from services.core.modules.shipping.pdf_pages import SIZES, Box, Page, Sheet

ROW = 7 * mm
TEXT, TITLE = 8, 14  # points
HEADER = 46 * mm  # title and fields


class Row(NamedTuple):
    """A row of a table; one that is ``strong`` is bold on grey."""

    cells: Sequence[str]
    strong: bool = False


class Table(NamedTuple):
    """A table with its title, fields by their captions, and columns with their widths."""

    title: str
    bar_code: str
    fields: Mapping[str, str]
    columns: Mapping[str, float]
    rows: Sequence[Row]

    def pages(self, paper: str) -> list[Page]:
        """The pages, across the paper if that is not for labels."""
        size = SIZES[paper] if paper == "label" else landscape(SIZES[paper])
        number = int((size[1] * 0.9 - HEADER) / ROW) - 2  # without header and number of the page
        parts = [self.rows[at : at + number] for at in range(0, len(self.rows), number)] or [[]]
        return [
            Page(size, partial(_draw, self, part, f"{place} / {len(parts)}"))
            for place, part in enumerate(parts, 1)
        ]


def _draw(table: Table, rows: Sequence[Row], number: str, sheet: Sheet, page: Box) -> None:
    unit = 1 / sheet.unit  # texts are of one size on each paper
    header, body = page.rows(HEADER, page.height - HEADER)
    left, right = header.columns(78, 22)
    title, fields = left.rows(25, 75)
    sheet.text(title, table.title, TITLE * unit, bold=True, middle=True)
    sheet.fields(fields, table.fields, 3, TEXT * unit)
    if table.bar_code:
        sheet.qr(right, table.bar_code)
    widths = table.columns.values()
    lines = body.rows(*[ROW] * int(body.height / ROW))
    for line, row in zip(lines, [Row([*table.columns], True), *rows]):
        if row.strong:
            sheet.fill(line, 0.9)
        for cell, text in zip(line.columns(*widths), [*row.cells, *[""] * len(widths)]):
            sheet.frame(cell)
            sheet.text(cell.inset(2), text, TEXT * unit, row.strong, middle=True)
    sheet.text(lines[-1], number, TEXT * unit, align="right", middle=True)
