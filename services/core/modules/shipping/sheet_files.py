"""Spreadsheets as CSV and XLSX files: their cells as texts, and files made of texts.

The place of a cell is its sheet and its indexes there, as a spreadsheet program counts rows: a
comment or an empty row counts too.
"""

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import IO, Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from shared.errors import Malformed, TooLarge
from shared.tables import FORMULA

MOST_ROWS = 10_000  # with a value, in all sheets
MOST_HEADS = 200  # rows besides: of headers, comments, labels of pucks
LAST_ROW = 100_000  # a file may have formats, and no values, to the end of a sheet
MOST_COLUMNS = 100  # a row of 40 bytes with one cell at its end would be 16,384 cells in memory
MOST_SHEETS = 200
MOST_PARTS = 1000  # files in an XLSX file
INFLATED = 100 * 2**20  # bytes of all parts; zipfile reads no more than its directory promises
ZIP, OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
ENCODINGS = ("utf-8-sig", "cp1252", "latin-1")  # the second is what Excel writes as CSV
COMMENTS = ("#", ";", "!")
SEPARATORS = (",", ";", "\t")
PROPERTIES, EPOCH = "docProps/core.xml", b"1980-01-01T00:00:00Z"
NARROWEST, WIDEST = 8, 40  # characters of a column
Line = Sequence[str]


def read(body: bytes) -> dict:
    """The cells of a CSV or XLSX file, by its content: ``{"sheets": [{"name", "rows"}]}``.

    Raises Malformed if it is neither, and TooLarge.
    """
    if body.startswith(OLD_EXCEL):
        raise Malformed("an XLS file of Excel 97-2003: save it as XLSX or as CSV")
    sheets = _read_xlsx(body) if body.startswith(ZIP) else [_read_csv(body)]
    return {"sheets": sheets}


def check_size(sheets: list[dict]) -> None:
    """Raise TooLarge for more rows than an import takes."""
    if sum(any(row) for sheet in sheets for row in sheet["rows"]) > MOST_ROWS + MOST_HEADS:
        raise TooLarge(f"more than {MOST_ROWS} rows: import them in parts")


def as_text(value: Any) -> str:
    """The value of a cell as it is typed: ``7`` for 7.0, ``true``, ``2026-05-01`` for a date."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.15g}"  # as a spreadsheet shows it: 0.1 + 0.2 is 0.3
    if isinstance(value, date):
        return value.isoformat()
    return str(value).strip()


def is_comment(line: Line) -> bool:
    """Whether a row begins with one of the signs of comments."""
    return bool(line) and line[0].startswith(COMMENTS)


def write_csv(lines: Iterable[Line]) -> bytes:
    """A CSV file in UTF-8 with a byte order mark, without which Excel takes it for Windows-1252.

    A quote precedes a text that looks like a formula; ``read`` drops it.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    for line in lines:
        writer.writerow([f"'{each}" if each.startswith(FORMULA) else each for each in line])
    return text.getvalue().encode("utf-8-sig")


def write_xlsx(sheets: Mapping[str, Sequence[Line]], numeric: Collection[int] = ()) -> bytes:
    """A workbook with ``sheets`` by name, whose first rows do not scroll.

    Cells in the ``numeric`` columns are numbers, others are texts and never formulas.
    """
    from openpyxl import Workbook  # here: it imports numpy, which takes long
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    for name, lines in sheets.items():
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        for number, cells in enumerate(zip(*lines[:100]), 1):
            width = min(max(NARROWEST, *map(len, cells)), WIDEST)
            sheet.column_dimensions[get_column_letter(number)].width = width + 2
        for line in lines:
            row: list[Any] = [value or None for value in line]
            for place, value in enumerate(line):
                if value and place in numeric and _is_number(value):
                    row[place] = float(value)
                elif value.startswith("="):
                    row[place] = WriteOnlyCell(sheet, value)
                    row[place].data_type = "s"
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return _without_times(file)


def _without_times(file: IO[bytes]) -> bytes:
    """An XLSX file without the time when it was made: equal rows are equal bytes, for ETags."""
    target = io.BytesIO()
    with ZipFile(file) as source, ZipFile(target, "w", ZIP_DEFLATED) as copy:
        for name in source.namelist():
            content = source.read(name)
            if name == PROPERTIES:
                content = re.sub(rb"\d{4}-\d\d-\d\dT[\d:]+Z", EPOCH, content)
            copy.writestr(ZipInfo(name), content, ZIP_DEFLATED)
    return target.getvalue()


def _is_number(text: str) -> bool:
    try:
        return float(text) == float(text)
    except ValueError:
        return False


def _read_csv(body: bytes) -> dict:
    text = _decode(body)
    first, _, below = text.partition("\n")
    name, _, separator = first.strip().partition("=")
    if name.lower() == "sep" and separator in SEPARATORS:  # a hint for Excel, no row of it
        text = below
    else:
        separator = _guess_separator(text)
    # strict: an open quote would hide all rows after it
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        return {"name": None, "rows": _collect(reader)}
    except csv.Error as error:
        raise Malformed(f"not CSV: line {reader.line_num}: {error}") from None


def _decode(body: bytes) -> str:
    if b"\0" in body:
        raise Malformed("neither CSV nor XLSX: the file has a zero byte; save CSV as UTF-8")
    for encoding in ENCODINGS[:-1]:
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    return body.decode(ENCODINGS[-1])


def _guess_separator(text: str) -> str:
    """The separator that is most frequent in the first line with a value that is no comment."""
    for line in text.splitlines():
        if line.strip(";, \t") and not line.startswith(COMMENTS):
            unquoted = "".join(line.split('"')[::2])
            return max(SEPARATORS, key=unquoted.count)
    return SEPARATORS[0]


def _read_xlsx(body: bytes) -> list[dict]:
    try:
        with ZipFile(io.BytesIO(body)) as archive:
            parts = archive.infolist()
    except BadZipFile as error:
        raise Malformed(f"not XLSX: {error}") from None
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > INFLATED:
        raise TooLarge(f"inflates to more than {INFLATED} bytes, or {MOST_PARTS} parts")
    try:
        return [*_read_sheets(body)]
    except TooLarge:
        raise
    except (
        Exception
    ) as error:  # openpyxl raises what comes: KeyError, TypeError, EntitiesForbidden
        raise Malformed(f"not XLSX, damaged or not safe: {str(error)[:200]}") from None


def _read_sheets(body: bytes) -> Iterator[dict]:
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(body), read_only=True, data_only=True, keep_links=False)
    if len(book.worksheets) > MOST_SHEETS:
        raise TooLarge(f"more than {MOST_SHEETS} sheets")
    for sheet in book.worksheets:
        if sheet.sheet_state == "visible":
            sheet.reset_dimensions()  # those in the file may be wrong, or up to the last row
            lines = sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True)
            yield {"name": sheet.title, "rows": _collect(lines)}


def _collect(lines: Iterable[Iterable]) -> list[list[str]]:
    """The texts of the cells of ``lines``, without empty cells and rows at the ends."""
    rows: list[list[str]] = []
    last = count = 0
    for number, line in enumerate(lines, 1):
        if number > LAST_ROW:
            raise TooLarge(f"more than {LAST_ROW} rows, empty ones too")
        row = [as_text(value) for value in line]
        while row and not row[-1]:
            row.pop()
        if row:
            row = [v[1:] if v[:1] == "'" and v[1:].startswith(FORMULA) else v for v in row]
            last, count = number, count + 1
            if count > MOST_ROWS + MOST_HEADS:
                raise TooLarge(f"more than {MOST_ROWS} rows: import them in parts")
        rows.append(row)
    return rows[:last]
