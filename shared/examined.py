"""Pages within a bound of rows that the database examines, and their refusal beyond it.

A filter or an order that no index serves reads the whole table. The server itself counts the rows
that it reads and stops the statement, by LIMIT ROWS EXAMINED of MariaDB: the bound holds for every
plan, and no page is refused that needs less. SQLite counts instructions instead. MySQL has the
time limit of its statements only.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from sqlalchemy import Enum, Select, String
from sqlalchemy.exc import DBAPIError

from shared import app_context, visibility
from shared.callers import Form, Shape
from shared.db import db, error_code
from shared.errors import BadInput
from shared.execution import fetch
from shared.filters import BY_ROW, filters_of
from shared.lists import LONGEST_PAGE, PAGING, column, query_of
from shared.schemas import TableSchema, columns_of
from shared.statements import cache_statements

SUGGESTED = 5
INSTRUCTIONS = 100  # of SQLite, for a row with its subqueries
INCOMPLETE, SORT_ABORTED = 1931, 1028  # a warning of MariaDB, and an error of several causes
CLAUSE = "LIMIT ROWS EXAMINED"


class TooManyRows(Exception):
    """The database stopped a statement that examined more rows than its bound."""


def run(statement: Select, values: dict, most: int) -> Sequence[Any]:
    """The rows of ``statement``; TooManyRows if the database examines more than ``most``.

    0 is no bound.
    """
    if not most:
        return fetch(statement, values)
    connection = db.session.connection()
    raw: Any = connection.connection.driver_connection
    try:
        if connection.dialect.name == "sqlite":
            with _interrupted(raw, most * INSTRUCTIONS):
                return fetch(statement, values)
        rows = fetch(_bounded(statement, most), values)
    except DBAPIError as error:
        code = error_code(error.orig)
        if code == "SQLITE_INTERRUPT" or code == SORT_ABORTED and CLAUSE in str(error.orig):
            raise TooManyRows from error
        raise
    if raw.warning_count() and INCOMPLETE in (code for _, code, _ in raw.show_warnings()):
        raise TooManyRows
    return rows


@contextmanager
def _interrupted(raw: Any, instructions: int) -> Iterator[None]:
    """Let SQLite stop a statement after about that many instructions."""
    raw.set_progress_handler(lambda: True, instructions)
    try:
        yield
    finally:
        raw.set_progress_handler(None, 0)


@cache_statements(2048)
def _bounded(statement: Select, most: int) -> Select:
    """``statement`` with the clause, in a comment that only MariaDB executes."""
    clause = CLAUSE if statement._limit_clause is None else CLAUSE.removeprefix("LIMIT ")
    return statement.suffix_with(f"/*M! {clause} {most} */")


def most_rows(query: Mapping[str, Any], shape: Shape | None) -> int:
    """The most rows that the database may examine for the page of ``query``; 0 is no bound.

    A page without a filter or an order has none, as the client could not mend it, nor has a longer
    page than a client can ask for, nor the page of a caller whose sessions are few.
    """
    sent = "sort" in query or any(name not in PAGING for name in query)
    if not sent or query["limit"] > LONGEST_PAGE or _has_few_rows(shape):
        return 0
    return app_context.site()["limits"]["examined_rows"]


def _has_few_rows(shape: Shape | None) -> bool:
    if shape is None or shape.form is not Form.LISTS:
        return False
    return not (shape.wide or shape.sessions or shape.proposals)


def most_rows_of_total() -> int:
    """The most rows that the database may examine to count a list; 0 is no bound."""
    most: int = app_context.site()["limits"]["examined_rows"]
    return most


def refuse(schema: type[TableSchema], query: Mapping[str, Any], most: int) -> BadInput:
    """The error for a page that needs more than ``most`` rows: it names filters to add."""
    served, public = list_served(schema), query_of(schema)().fields
    names = [name.removesuffix(BY_ROW) for name in query]
    sent = [name for name in names if name == "sort" or name in public and name not in PAGING]
    more = [name for name in served if name not in query][:SUGGESTED]
    reason = "No index serves it"
    if more:
        reason += f": add one of the filters {', '.join(more)}"
    if query.get("skip"):
        reason += "; read on by after, not by skip"
    detail = f"the database would have to examine more than {most:,} rows for this page"
    unserved = [name for name in sent if name not in served] or sent or more[:1]
    return BadInput(detail, dict.fromkeys(unserved, [f"{reason}."]))


@cache
def list_served(schema: type[TableSchema]) -> tuple[str, ...]:
    """The filters of a list of ``schema`` that leave few rows, and that an index serves.

    These are proposal, session and links to other rows; without any, texts with an index.
    """
    own, public = filters_of(schema), query_of(schema)().fields
    names: list[str] = [name for name in ("proposal", "session") if name in own]
    names += [name for name in own if name.endswith("Id") and name in public]
    columns = {n: column(schema, n) for n in columns_of(schema) if n in public and n not in own}
    for name, attribute in columns.items():
        parent = visibility.target(attribute)
        if parent is not None and visibility.entry(parent) is not visibility.PUBLIC:
            names.append(name)
    return tuple(names or filter(lambda name: _is_indexed_text(columns[name]), columns))


def _is_indexed_text(attribute: Any) -> bool:
    stored = attribute.property.columns[0]
    is_text = isinstance(stored.type, String) and not isinstance(stored.type, Enum)
    return is_text and bool(stored.index or stored.unique)
