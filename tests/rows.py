"""Rows for every table there is, made from its columns: for tests that concern all of them."""

from datetime import date, datetime, time

from sqlalchemy import (
    JSON,
    Boolean,
    Date,
    DateTime,
    Enum,
    Float,
    Integer,
    Numeric,
    String,
    Time,
    UniqueConstraint,
    insert,
)
from sqlalchemy.types import _Binary

from shared.db import Base, OwnBase
from tests.conftest import unchecked
from tests.registry import dicts

FULL = 30  # rows of a full table
ONLY = dicts("world", "ONLY")  # by column


def fill(engine, first=1, last=FULL):
    """Add rows ``first`` to ``last`` to every table: every third is null where it may be.

    Row n refers to row n where a key makes that necessary, else to row n // 2 + 1: so parents
    have no, one or two children.
    """
    with unchecked(engine) as connection:
        for table in [*Base.metadata.sorted_tables, *OwnBase.metadata.sorted_tables]:
            rows = [row(table, number) for number in range(first, last + 1)]
            connection.execute(insert(table), rows)


def row(table, number):
    """Row ``number`` of ``table``."""
    unique = {column.name for column in table.primary_key}
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            unique |= {column.name for column in constraint.columns}
    unique |= {column.name for column in table.columns if column.unique}
    return {
        column.key: value(column, number, column.name in unique or number == 1)
        for column in table.columns
    }


def value(column, number, unique):
    """What row ``number`` has in ``column``."""
    if column.nullable and number % 3 == 0:
        return None
    if column.name in ONLY:
        return ONLY[column.name]
    if column.foreign_keys:
        key = next(iter(column.foreign_keys)).column
        number = number if unique else number // 2 + 1
        return value(key, number, True)
    kind = column.type
    if isinstance(kind, Enum):
        return kind.enums[number % len(kind.enums)]
    if isinstance(kind, Boolean):
        return number % 2 == 0
    if isinstance(kind, Integer):
        return number
    if isinstance(kind, Float | Numeric):
        return number + 0.5
    if isinstance(kind, DateTime):
        return datetime(2024, 5, number, 9, 30, number)
    if isinstance(kind, Date):
        return date(2024, 5, number)
    if isinstance(kind, Time):
        return time(9, number)
    if isinstance(kind, JSON):
        return [f"some {number}"]
    if isinstance(kind, _Binary):
        return bytes([number]) * (kind.length or 16)
    assert isinstance(kind, String), f"{column}: a value of {kind!r} is not known here"
    words = f'{number:02} "é"'  # but a code, which is short, has neither blanks nor quotes
    return words if kind.length is None or kind.length > 20 else f"{number:02}"
