"""Lists as tables: all pages of a list as CSV or XLSX.

A table is written to a temporary file and sent from there. So an error on any page is still a
problem document, and the transaction, in whose snapshot all pages are read, ends before a slow
client has read the table.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

from flask import Response, request
from marshmallow import Schema

from shared import app_context, files
from shared.config import API_ROOT
from shared.errors import bad_field
from shared.layouts import Layout, layout_of
from shared.lists import FORMATS, LONGEST_PAGE

MODULES = ("openpyxl",)  # that XLSX needs; it imports numpy, which takes long
JSON = "application/json"
ONE_PAGE = {"skip", "limit", "after"}  # with one of these in the query the table has that page
SORTED_ROWS = 10_000  # of a table in an order without cursors: each page sorts the whole list
IN_MEMORY = 2**20  # bytes of a table; a larger one is on disk
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # the beginnings of a formula in spreadsheets
CONVERTED = {str, bool}  # types of values whose text in CSV is not that of Python
SHEET = "xl/worksheets/sheet1.xml"
ROWS_END = b"</sheetData>"
LONGEST_TEXT = 32_767  # of a cell of Excel
NARROWEST, WIDEST = 8, 50  # characters of a column
# Signs that XML escapes, those that it cannot hold, and _x0041_, which Excel reads as an A
ESCAPED = re.compile("[&<>\x00-\x08\x0b-\x0c\x0e-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "_": "_x005F_"}


def chosen_format(query: Mapping[str, Any]) -> str | None:
    """The format that the query names, else the one that the client accepts; None is JSON."""
    accept = request.headers.get("Accept")
    if "format" in query or accept in (None, "*/*", JSON):
        return query.get("format")
    best = request.accept_mimetypes.best_match([JSON, *FORMATS.values()])
    return next((name for name, kind in FORMATS.items() if kind == best), None)


def answer(
    list_page: Callable[[dict], dict],
    query: Mapping[str, Any],
    name: str,
    schema: type[Schema],
    layout: Layout | None,
) -> Response:
    """The list of ``schema`` that ``list_page`` reads, as a table in the format ``name``.

    It has all pages, or the one that the client's query names; a list without pages has one.
    ``layout`` is for all fields.
    """
    only = tuple(query.get("fields", ()))
    layout = layout_of(schema, only) if only or layout is None else layout
    query = {**query, "format": name, "fields": layout.fields}
    if "limit" in query and ONE_PAGE.isdisjoint(request.args):
        pages = _read_pages(list_page, query, app_context.site()["limits"]["table_rows"])
    else:
        pages = iter([list_page(query)["results"]])
    title = re.sub(r"[^\w.]+", "-", request.path.removeprefix(API_ROOT).strip("/"), flags=re.A)
    file: Any = SpooledTemporaryFile(IN_MEMORY)
    try:
        lines = map(layout.lines, pages)
        if name == "csv":
            _write_csv(file, layout, lines)
        else:
            _write_xlsx(file, layout, lines, title)
        return files.send(file, FORMATS[name], f"{title}.{name}")
    except BaseException:
        file.close()
        raise


def _read_pages(list_page: Callable[[dict], dict], query: dict, most: int) -> Iterator[list[dict]]:
    """The rows of each page; BadInput if they are more than ``most``."""
    query, count, limited = {**query, "skip": 0, "limit": LONGEST_PAGE}, 0, "limit"
    while True:
        page = list_page(query)
        rows, next_ = page["results"], page.get("next")
        count += len(rows)
        if count > most:
            reason = (
                f"there are more than {most:,} rows: narrow the filters, or send skip and limit"
            )
            raise bad_field(limited, reason)
        yield rows
        if next_ is not None:
            query["after"] = next_
        elif "after" in query or len(rows) < LONGEST_PAGE:
            return
        else:
            query["skip"], limited, most = count, "sort", min(most, SORTED_ROWS)


def _write_csv(file: IO[bytes], layout: Layout, pages: Iterator[Sequence]) -> None:
    """Write CSV as RFC 4180 has it, in UTF-8 without a byte order mark."""
    text = io.TextIOWrapper(file, "utf-8", newline="")
    writer = csv.writer(text)
    writer.writerow(layout.names)
    for lines in pages:
        writer.writerows(
            [[_plain(v) if v.__class__ in CONVERTED else v for v in line] for line in lines]
        )
    text.detach()


def _plain(value: Any) -> str:
    """A text or truth value in CSV; a quote precedes a text that looks like a formula."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}" if value.startswith(FORMULA) else value


def _write_xlsx(file: IO[bytes], layout: Layout, pages: Iterator[Sequence], title: str) -> None:
    """Write a workbook of one sheet, whose first row has the names and does not scroll.

    openpyxl makes the workbook with that row. The other rows are written here, straight into the
    compressed file: openpyxl takes ten times as long for them, and keeps them uncompressed.
    """
    from openpyxl import Workbook
    from openpyxl.utils import get_column_letter

    first = next(pages)
    book = Workbook(write_only=True)
    head = book.create_sheet(title[:31])
    head.freeze_panes = "A2"
    letters = [get_column_letter(number) for number in range(1, len(layout.names) + 1)]
    for at, (letter, name) in enumerate(zip(letters, layout.names)):
        longest = max((len(str(line[at])) for line in first if line[at] is not None), default=0)
        width = min(max(longest, len(name), NARROWEST), WIDEST)
        head.column_dimensions[letter].width = width + 2
    head.append(layout.names)
    shell = io.BytesIO()
    book.save(shell)
    with ZipFile(shell) as source, ZipFile(file, "w", ZIP_DEFLATED, compresslevel=1) as target:
        for part in source.namelist():
            if part != SHEET:
                target.writestr(part, source.read(part))
        start, end = source.read(SHEET).split(ROWS_END)
        with target.open(SHEET, "w", force_zip64=True) as sheet:
            sheet.write(start)
            number = 1
            for lines in chain([first], pages):
                rows = []
                for number, line in enumerate(lines, number + 1):
                    values = zip(letters, line)
                    cells = [_cell(f"{at}{number}", v) for at, v in values if v is not None]
                    rows.append(f'<row r="{number}">{"".join(cells)}</row>')
                sheet.write("".join(rows).encode())
            sheet.write(ROWS_END + end)


def _cell(at: str, value: Any) -> str:
    """The XML of the cell ``at`` a place such as B2; a text in it is never a formula."""
    if isinstance(value, str):
        text = ESCAPED.sub(lambda sign: ESCAPES.get(sign[0], " "), value[:LONGEST_TEXT])
        content = f' t="inlineStr"><is><t xml:space="preserve">{text}</t></is>'
    elif isinstance(value, bool):
        content = f' t="b"><v>{value:d}</v>'
    else:
        content = f"><v>{value}</v>"
    return f'<c r="{at}"{content}</c>'
