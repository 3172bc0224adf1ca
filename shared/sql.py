"""Columns converted to JSON types in SQL."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    Enum,
    Float,
    Integer,
    String,
    Time,
    cast,
    func,
    literal_column,
    type_coerce,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import _Binary


class iso(FunctionElement):
    """A date as ISO text, without a Python object; null for a zero date."""

    inherit_cache = True
    type = String()


@compiles(iso)
def _mariadb(element, compiler, **kwargs):
    pattern = literal_column("'%Y-%m-%dT%H:%i:%s'")
    text = func.date_format(*element.clauses, pattern)
    zero = literal_column("'0000-00-00T00:00:00'")
    return compiler.process(func.nullif(text, zero), **kwargs)


@compiles(iso, "sqlite")
def _sqlite(element, compiler, **kwargs):
    pattern = literal_column("'%Y-%m-%dT%H:%M:%S'")
    return compiler.process(func.strftime(pattern, *element.clauses), **kwargs)


class seconds(FunctionElement):
    """The whole seconds from one column to another; null if one of them is null."""

    inherit_cache = True
    type = Integer()


@compiles(seconds)
def _mariadb_seconds(element, compiler, **kwargs):
    unit = literal_column("SECOND")
    return compiler.process(func.timestampdiff(unit, *element.clauses), **kwargs)


@compiles(seconds, "sqlite")
def _sqlite_seconds(element, compiler, **kwargs):
    unit = literal_column("'%s'")
    start, end = (func.strftime(unit, at) for at in element.clauses)
    return compiler.process(end - start, **kwargs)


def on_the_wire(column: Any) -> ColumnElement:
    """``column`` converted to a type of JSON in SQL, so that Python converts nothing."""
    if isinstance(column.type, DateTime):
        return iso(column)
    if isinstance(column.type, Date):
        return func.nullif(cast(column, String(10)), "0000-00-00")
    if isinstance(column.type, Time):
        return func.substr(cast(column, String(20)), 1, 8)  # without the fraction of SQLite
    if isinstance(column.type, Enum):
        return type_coerce(column, String())
    if isinstance(column.type, _Binary):
        return func.nullif(func.lower(func.hex(column)), "")  # SQLite has "" for null
    if getattr(column.type, "asdecimal", False):
        return type_coerce(column, Float())
    return column


def spellings(code: str) -> list[str]:
    """The spellings of ``code`` to compare a column with, in any case.

    An index serves these, but not a function of the column. MariaDB ignores the case by itself.
    """
    return [*dict.fromkeys((code, code.lower(), code.upper()))]
