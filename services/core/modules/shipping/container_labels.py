"""The labels of containers: a single one, or sheets of them."""

from functools import partial
from typing import NamedTuple

from reportlab.lib.units import mm

from services.core.modules.shipping.pdf_pages import SIZES, Box, Page, Sheet

SMALL = (60 * mm, 30 * mm)  # of a label printer
GRIDS = {"A4": (3, 8), "letter": (3, 8), "label": (2, 4)}  # columns and rows of a sheet


class ContainerLabel(NamedTuple):
    """The texts on the label of a container."""

    name: str
    bar_code: str
    session: str  # or the proposal
    lines: tuple[str, str, str]


def make_sheets(labels: list[ContainerLabel], paper: str) -> list[Page]:
    """Pages of ``paper``, full of labels that are cut out."""
    columns, rows = GRIDS[paper]
    number = columns * rows
    return [
        Page(SIZES[paper], partial(_draw_sheet, labels[at : at + number], columns, rows))
        for at in range(0, len(labels), number)
    ]


def make_single(label: ContainerLabel, paper: str) -> list[Page]:
    """One label: on a small page of its own for a label printer, else the first of a sheet."""
    if paper == "label":
        return [Page(SMALL, lambda sheet, page: _draw_label(label, sheet, page))]
    return make_sheets([label], paper)


def _draw_sheet(
    labels: list[ContainerLabel], columns: int, rows: int, sheet: Sheet, page: Box
) -> None:
    cells = [cell for row in page.rows(*[1] * rows) for cell in row.columns(*[1] * columns)]
    for cell, label in zip(cells, labels):
        sheet.frame(cell, dashed=True)
        _draw_label(label, sheet, cell.inset(1.5 * mm))


def _draw_label(label: ContainerLabel, sheet: Sheet, box: Box) -> None:
    unit = 10 / sheet.unit  # texts are of one size on each paper: 10 points
    upper, bars = box.rows(68, 32)
    left, right = upper.columns(38, 62)
    name, session, lines = right.rows(28, 22, 50)
    sheet.text(name, label.name, 1.1 * unit, bold=True, middle=True)
    sheet.text(session, label.session, unit, bold=True, middle=True)
    for line, text in zip(lines.rows(1, 1, 1), label.lines):
        sheet.text(line, text, 0.7 * unit)
    if label.bar_code:
        sheet.qr(left, label.bar_code)
        sheet.code128(bars, label.bar_code)
