"""The rows of samples in spreadsheets, with the place of each cell.

The columns of a sheet are known by the names in its header, or by position for a profile.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from services.core.modules.shipping.sheet_columns import (
    ACRONYM,
    ACRONYM_GROUP,
    BY_NAME,
    BY_PATH,
    CELL,
    CONTAINER,
    DEWAR,
    FORM_END,
    FORM_LABELS,
    FORM_MARK,
    FORM_PLACES,
    FORM_PROFILE,
    FORM_VALUE,
    JOINED,
    KIND,
    LOCATION,
    NAME,
    PROFILES,
    SPACE_GROUP,
    TITLES,
    WHOLE_CELL,
    Column,
    Profile,
    simplify,
)
from services.core.modules.shipping.sheet_files import is_comment
from services.core.modules.shipping.sheet_mistakes import Mistakes, Place
from shared.spelling import nearest

HEADER_WITHIN = 30  # rows from the first
HEADER_NAMES = 3  # names of columns, at least, in a row that is a header
WORDS = "Words"  # the sheet of the template with the words that columns take
OF_SHEET = (DEWAR, CONTAINER, KIND)  # values that may stand above the header, for all rows
NEEDED = (LOCATION, ACRONYM, NAME)


class Cell(NamedTuple):
    """A text with its column and place."""

    column: Column
    text: str
    place: Place
    title: str


@dataclass
class Layout:
    """The columns of a sheet by index, with their titles there; ``start`` is its first row.

    None is a column that is not stored. ``common`` are cells above the header, which count for all
    rows.
    """

    columns: dict[int, tuple[Column | None, str]]
    start: int
    common: dict[str, Cell] = field(default_factory=dict)


Row = tuple[Place, dict[str, Cell]]


def read_rows(sheets: list[dict], profile_name: str | None, mistakes: Mistakes) -> Iterator[Row]:
    """The rows of all sheets with their place: the cells with a text, by the path of the column.

    The values of several columns in one cell are split.
    """
    unnamed = []
    has_layout = False
    for sheet in sheets:
        rows = sheet["rows"]
        profile = _get_profile(profile_name, rows)
        if profile:
            rows = rows[:FORM_END] if profile.numbered and sheet.get("name") else rows
            layout: Layout | None = _lay_out_profile(profile, sheet.get("name"), rows)
        else:
            layout = _find_header(sheet.get("name"), rows, mistakes)
        if layout is None:
            unnamed.append(sheet)
            continue
        has_layout = True
        if profile and profile.numbered:
            yield from _read_form(sheet.get("name"), rows, layout, mistakes)
        else:
            yield from _read_lines(sheet.get("name"), rows, layout, mistakes)
        if profile and not profile.numbered:
            break
    for sheet in unnamed:
        if not has_layout:
            reason = "No row has names of columns: see the template, or name the profile."
            mistakes.add(Place(sheet.get("name"), 0), None, None, reason)
        elif any(sheet["rows"]) and sheet.get("name") != WORDS:
            mistakes.warn(f"sheet {sheet['name']}: not read, no row has names of columns")


def _get_profile(name: str | None, rows: list[list[str]]) -> Profile | None:
    """The profile of this name, else that of a form by the mark in its first cell."""
    if name is None and rows and rows[0] and rows[0][0] == FORM_MARK:
        name = FORM_PROFILE
    return PROFILES[name] if name else None


def _lay_out_profile(profile: Profile, sheet: str | None, rows: list[list[str]]) -> Layout:
    titles = enumerate(profile.titles)
    layout = Layout({at: (BY_NAME[simplify(title)], title) for at, title in titles}, 0)
    if profile.numbered and rows and rows[0] and rows[0][0] == FORM_MARK:
        for row, path in FORM_PLACES.items():
            _set_common(layout, path, sheet, rows, row, FORM_VALUE)
    return layout


def _find_header(sheet: str | None, rows: list[list[str]], mistakes: Mistakes) -> Layout | None:
    """The layout by the first row with names of columns."""
    for at, row in enumerate(rows[:HEADER_WITHIN]):
        names = [simplify(title) for title in row]
        if not is_comment(row) and len({*names} & BY_NAME.keys()) >= HEADER_NAMES:
            break
    else:
        return None
    layout = Layout({}, at + 1)
    for above in range(at):
        for column, text in enumerate(rows[above]):
            named = BY_NAME.get(simplify(text))
            if named and named.path in OF_SHEET:
                _set_common(layout, named.path, sheet, rows, above, column + 1)
    for column, title in enumerate(row):
        if title and names[column] not in BY_NAME:
            near = nearest(title, TITLES)
            more = f" Did you mean {near}?" if near else " See the template, or leave it out."
            reason = f"Is no column.{more}"
            mistakes.add(Place(sheet, at, column), title, title, reason)
        elif title:
            layout.columns[column] = (BY_NAME[names[column]], title)
    _check_header(sheet, at, rows, layout, mistakes)
    return layout


def _check_header(
    sheet: str | None, at: int, rows: list[list[str]], layout: Layout, mistakes: Mistakes
) -> None:
    """Add mistakes for columns that are there twice, are missing, or have no name."""
    counts = Counter(column.path for column, _ in layout.columns.values() if column)
    for index, (column, title) in layout.columns.items():
        if column and counts[column.path] > 1 and column.path not in JOINED:
            reason = f"Is there twice: {column.title}."
            mistakes.add(Place(sheet, at, index), title, title, reason)
    width = len(rows[at])
    for number, row in enumerate(rows[at + 1 :], at + 1):
        if len(row) > width and not is_comment(row):
            reason = "The column has no name in the header."
            mistakes.add(Place(sheet, number, width), None, row[width] or None, reason)
            break
    split = {ACRONYM} if counts[ACRONYM_GROUP] else set()
    if sheet or CONTAINER in layout.common:  # a sheet with a name may be that of a puck
        split.add(CONTAINER)
    for path in (CONTAINER, *NEEDED):
        if path not in counts and path not in split:
            title = BY_PATH[path].title
            mistakes.add(Place(sheet, at), title, None, f"The column {title} is missing.")


def _set_common(
    layout: Layout, path: str, sheet: str | None, rows: list[list[str]], row: int, column: int
) -> None:
    """Take the cell at ``row`` and ``column`` for all rows of the sheet, if it has a text."""
    if row < len(rows) and column < len(rows[row]) and (text := rows[row][column]):
        named = BY_PATH[path]
        layout.common[path] = Cell(named, text, Place(sheet, row, column), named.title)


def _read_lines(
    sheet: str | None, rows: list[list[str]], layout: Layout, mistakes: Mistakes
) -> Iterator[Row]:
    for number, row in enumerate(rows[layout.start :], layout.start):
        if is_comment(row) or not any(row) or (layout.start == 0 and _is_header(row)):
            continue
        place = Place(sheet, number)
        cells = {**layout.common, **_read_line(place, row, layout, mistakes)}
        if sheet and CONTAINER not in cells:
            named = BY_PATH[CONTAINER]
            cells[CONTAINER] = Cell(named, sheet, place, named.title)
        yield place, cells


def _read_form(
    sheet: str | None, rows: list[list[str]], layout: Layout, mistakes: Mistakes
) -> Iterator[Row]:
    """The rows of forms for one puck, one after the other: each begins with its labels."""
    for number, row in enumerate(rows):
        label = row[FORM_VALUE - 1].strip(" :").lower() if len(row) > FORM_VALUE else ""
        if path := FORM_LABELS.get(label):
            _set_common(layout, path, sheet, rows, number, FORM_VALUE)
        elif row and row[0].isdecimal() and not is_comment(row):
            place = Place(sheet, number)
            yield place, {**layout.common, **_read_line(place, row, layout, mistakes)}


def _is_header(row: list[str]) -> bool:
    """Whether the first cells of a row of a profile are names of columns."""
    names = [simplify(title) for title in row if title][:HEADER_NAMES]
    return len(names) == HEADER_NAMES and all(name in BY_NAME for name in names)


def _read_line(
    place: Place, row: list[str], layout: Layout, mistakes: Mistakes
) -> dict[str, Cell]:
    cells: dict[str, Cell] = {}
    for column, text in enumerate(row):
        if text and column in layout.columns:
            named, title = layout.columns[column]
            if named is None:
                mistakes.warn(f"column {title}: not stored")
                continue
            before = cells.get(named.path)
            joined = f"{before.text} | {text}" if before else text
            cells[named.path] = Cell(named, joined, Place(place.sheet, place.row, column), title)
    if WHOLE_CELL in cells or ACRONYM_GROUP in cells:
        _split(cells, mistakes)
    return cells


def _split(cells: dict[str, Cell], mistakes: Mistakes) -> None:
    """Replace the cells with several values by a cell for each; values of their own win."""
    if group := cells.pop(ACRONYM_GROUP, None):
        acronym, _, name = group.text.partition(" - ")
        for path, text in ((ACRONYM, acronym.strip()), (SPACE_GROUP, name.strip())):
            if text:
                cells.setdefault(path, group._replace(column=BY_PATH[path], text=text))
    if whole := cells.pop(WHOLE_CELL, None):
        parts = re.split(r"[\s;]+", whole.text.strip(" ()[]"))
        numbers = [part.strip(",") for part in parts]  # a comma may be that of 78,5
        if len(numbers) not in (3, 6):
            numbers = re.split(r"[\s;,]+", whole.text.strip(" ()[],"))
        if len(numbers) not in (3, 6):
            reason = "Must be `a b c alpha beta gamma`, or `a b c`."
            mistakes.add(whole.place, whole.title, whole.text, reason)
            return
        for path, text in zip(CELL, numbers):
            cells.setdefault(path, whole._replace(column=BY_PATH[path], text=text))
