"""The columns of a list as a table: a layout is made of the schema of the list.

A nested object gives a column for each of its fields, ``Container.code``; a list of values is one
cell. Lists of rows and objects without fixed members have no column.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from marshmallow import Schema, fields

from shared.errors import bad_field
from shared.read import check_paths

NO_COLUMN = "has no column in a table: it is a list of rows, or an object without fixed members"


class Layout(NamedTuple):
    """The names of the columns, and the function that makes lines of the rows of a page.

    ``fields`` are those that the list has to read; without any it reads all.
    """

    names: Sequence[str]
    lines: Callable[[list[dict]], Sequence[Sequence]]
    fields: tuple[str, ...] = ()


class _Absent(dict):
    """An object that is null: each of its members is null."""

    def __missing__(self, name: str) -> None:
        return None


@lru_cache(512)
def layout_of(schema: type[Schema], only: tuple[str, ...] = ()) -> Layout:
    """The layout of a list of ``schema``, or of the fields that ``only`` names."""
    check_paths(schema(), only)
    left_out: list[str] = []
    columns = [*_columns(schema(only=only or None), "", "r", left_out)]
    if not only:  # the columns of the row itself come first
        columns.sort(key=lambda each: each[0].count("."))
    names = [name for name, _ in columns]
    for path in only:
        if not any(f"{name}.".startswith(f"{path}.") for name in names):
            raise bad_field("fields", f"{path}: {NO_COLUMN}")
    # One expression makes a line of a row, as in ``shared.read``.
    source = f"lambda rows: [({''.join(f'{cell}, ' for _, cell in columns)}) for r in rows]"
    code = compile(source, f"<lines of {schema.__name__}>", "eval")
    lines = eval(code, {"absent": _Absent(), "join": _join})
    return Layout(names, lines, tuple(names) if left_out else only)


def _columns(schema: Any, above: str, row: str, left_out: list[str]) -> Iterator[tuple[str, str]]:
    """The name of each column and its expression on ``row``; add the other fields to a list."""
    for name, field in schema.dump_fields.items():
        path, cell = f"{above}{name}", f"{row}[{name!r}]"
        if isinstance(field, fields.Nested) and not field.many:
            yield from _columns(field.schema, f"{path}.", f"({cell} or absent)", left_out)
        elif isinstance(field, fields.Nested | fields.Dict) or _is_list_of_rows(field):
            left_out.append(path)
        else:
            yield path, f"join({cell})" if isinstance(field, fields.List) else cell


def _is_list_of_rows(field: fields.Field) -> bool:
    return isinstance(field, fields.List) and isinstance(field.inner, fields.Nested)


def _join(values: Sequence | None) -> str | None:
    """The values of a list in one cell; None without any."""
    return ", ".join(map(str, values)) if values else None
