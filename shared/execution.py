"""SELECTs run on the cursor of the driver: compiled once, with tuples as rows.

For a small statement SQLAlchemy's execution takes several times the CPU of the driver: it looks
its cache up by the structure of the statement, renders a list with a placeholder per value, and
wraps the result. Connection, transaction, events and errors are those of SQLAlchemy.
"""

import re
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import CompoundSelect, Connection, Dialect, Select

from shared.db import db

AnySelect = Select | CompoundSelect
LATEST = "connection"  # key in ``session.info``: the connection of the latest statement
LISTS = re.compile(r"__\[POSTCOMPILE_(\w+)\]")


class _Compiled:
    """The text of a statement in pieces, between which are the names of its lists."""

    def __init__(self, statement: AnySelect, dialect: Dialect):
        compiled = statement.compile(dialect=dialect)
        texts = compiled.literal_execute_params
        lists = {compiled.bind_names[bind] for bind in compiled.post_compile_params | texts}
        self.pieces = LISTS.split(compiled.string)
        assert lists == {*self.pieces[1::2]}, "only plain lists are rendered after the compilation"
        self.literals = {
            compiled.bind_names[bind]: bind.type.dialect_impl(dialect).literal_processor(dialect)
            for bind in texts
        }
        self.names = [name for name in compiled.positiontup or () if name not in lists]
        self.constants = {
            name: bind.effective_value
            for name, bind in compiled.binds.items()
            if not bind.required
        }
        self.binders = {
            name: convert
            for name in self.names
            if (convert := compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
        }
        self.converters = [
            (at, convert)
            for at, column in enumerate(statement.selected_columns)
            if (convert := column.type.dialect_impl(dialect).result_processor(dialect, None))
        ]

    def text(self, values: Mapping) -> str | None:
        """The text with the integers of all lists; None if a list is empty or has other values.

        Digits need no escaping, so a list of integers is no parameter of the driver.
        """
        if len(self.pieces) == 1:
            return self.pieces[0]
        pieces = self.pieces.copy()
        for at in range(1, len(pieces), 2):
            render, items = self.literals.get(pieces[at]), values[pieces[at]]
            if render:
                pieces[at] = render(items)
            elif {*map(type, items)} == {int}:
                pieces[at] = ", ".join(map(str, items))
            else:
                return None
        return "".join(pieces)

    def parameters(self, values: Mapping) -> tuple:
        """The values in the order of their placeholders."""
        if not self.binders:
            return tuple([values[name] for name in self.names])
        binders = self.binders
        return tuple(
            binders[name](values[name]) if name in binders else values[name] for name in self.names
        )


_compiled: WeakKeyDictionary[AnySelect, dict[str, _Compiled]] = WeakKeyDictionary()
_compiling = Lock()


def fetch(statement: AnySelect, values: Mapping) -> Sequence:
    """The rows of ``statement``, which selects columns, and is one that its module keeps."""
    connection = _connection()
    compiled = _compile(statement, connection.dialect)
    bound = {**compiled.constants, **values}
    text = compiled.text(bound)
    if text is None:
        return connection.execute(statement, values).all()
    rows = _run(connection, text, compiled.parameters(bound))
    if not compiled.converters:
        return rows
    return [_convert(compiled.converters, row) for row in rows]


def fetch_value(statement: AnySelect, values: Mapping) -> Any:
    """The first column of the first row of ``statement``, or None if there is no row."""
    rows = fetch(statement, values)
    return rows[0][0] if rows else None


def _connection() -> Connection:
    """The connection of the session, which SQLAlchemy takes long to look up."""
    session = db.session()
    connection = session.info.get(LATEST)
    if connection is None or connection.closed:  # the end of a transaction closes it
        connection = session.info[LATEST] = session.connection()
    return connection


def _compile(statement: AnySelect, dialect: Dialect) -> _Compiled:
    by_dialect = _compiled.get(statement)
    if by_dialect is None or dialect.name not in by_dialect:
        with _compiling:  # SQLAlchemy makes parts of a statement at its first compilation
            by_dialect = _compiled.setdefault(statement, {})
            if dialect.name not in by_dialect:
                by_dialect[dialect.name] = _Compiled(statement, dialect)
    return by_dialect[dialect.name]


def _run(connection: Connection, text: str, parameters: tuple) -> Sequence[tuple]:
    """The rows as the driver made them, with the events and errors of ``Connection.execute``."""
    cursor, events, driver = (
        connection.connection.cursor(),
        connection.dispatch,
        connection.dialect,
    )
    context = (connection, cursor, text, parameters, None, False)
    try:
        for note in events.before_cursor_execute:
            note(*context)
        for replace in driver.dispatch.do_execute:
            replace(cursor, text, parameters, None)
        cursor.execute(text, parameters)
        for note in events.after_cursor_execute:
            note(*context)
        rows = cursor.fetchall()
        cursor.close()
        return rows
    except driver.loaded_dbapi.Error as error:
        connection._handle_dbapi_exception(error, text, parameters, cursor, None)


def _convert(converters: list, row: Sequence) -> list:
    values = [*row]
    for at, convert in converters:
        values[at] = convert(values[at])
    return values
