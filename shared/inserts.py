"""INSERT of plain rows, as text for the driver: for tables that get rows with each request.

SQLAlchemy's own INSERT of a few rows takes twice the CPU of the driver. This one is compiled once
for a table and its columns. It explains no broken unique key: such tables take ``batches``.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy
from sqlalchemy import Connection, Dialect, Table

from shared.db import db

MOST_VALUES = 5_000  # of one statement


class _Insert(NamedTuple):
    """The text of an INSERT in parts, its columns, and the functions that convert their values."""

    head: str
    row: str
    returning: str
    columns: list[str]
    converters: dict[int, Callable[[Any], Any]]


def insert(table: Any, rows: list[dict]) -> list[int]:
    """Insert ``rows``, which all name the same columns; return their keys, in order.

    It is one statement where the server has RETURNING; servers number the rows of one statement
    in their order.
    """
    if not rows:
        return []
    connection = db.session.connection()
    compiled = _compile(table, tuple(rows[0]), connection.dialect)
    values = [[row[name] for name in compiled.columns] for row in rows]
    for at, convert in compiled.converters.items():
        for each in values:
            each[at] = convert(each[at])
    most = max(1, MOST_VALUES // len(compiled.columns)) if compiled.returning else 1
    return [
        key
        for at in range(0, len(values), most)
        for key in _execute(connection, compiled, values[at : at + most])
    ]


def _execute(connection: Connection, compiled: _Insert, rows: list[list]) -> Iterator[int]:
    """Insert a few rows; return their keys."""
    values = tuple(value for row in rows for value in row)
    statement = compiled.head + ", ".join([compiled.row] * len(rows))
    if len(rows) == 1:
        yield connection.exec_driver_sql(statement, values).lastrowid
    else:
        result = connection.exec_driver_sql(statement + compiled.returning, values)
        yield from sorted(result.scalars())


@lru_cache(512)
def _compile(table: Table, names: tuple[str, ...], dialect: Dialect) -> _Insert:
    compiled = sqlalchemy.insert(table).compile(dialect=dialect, column_keys=names)
    columns = [*(compiled.positiontup or ())]
    assert {*columns} == {*names}, "a column has a default of Python's: it is no plain row"
    head, values, row = compiled.string.rpartition(" VALUES ")
    processors = (
        (at, table.c[name].type.dialect_impl(dialect)) for at, name in enumerate(columns)
    )
    converters = {
        at: convert
        for at, kind in processors
        if (convert := kind.bind_processor(dialect)) is not None
    }
    (key,) = table.primary_key
    has_returning = dialect.insert_executemany_returning
    returning = f" RETURNING {dialect.identifier_preparer.format_column(key)}"
    return _Insert(head + values, row, returning if has_returning else "", columns, converters)
