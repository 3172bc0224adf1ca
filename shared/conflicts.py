"""The reasons of a 409: the unique key that a write breaks, and the row that has its values."""

import re
from typing import Any

from sqlalchemy import bindparam, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from shared import visibility
from shared.db import Base, db, error_code
from shared.errors import Conflict, noun
from shared.identity import Identity

DUPLICATE = 1062  # of MariaDB and MySQL
UNIQUE = "UNIQUE constraint failed: "  # of SQLite, before the columns
KEY_NAME = re.compile(r"for key '(?:.*\.)?(.+)'$")
KEY_COLUMNS = text("""
    SELECT column_name FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = :table AND index_name = :key
    ORDER BY seq_in_index""")


def explain_conflict(conflict: Conflict, identity: Identity | None) -> Conflict:
    """``conflict`` with the fields of the unique key that a write broke.

    It names the existing row, if the caller sees that. A conflict of another kind stays as it is.
    """
    error: Any = conflict.__cause__
    mapper = _written_mapper(error)
    if mapper is None:
        return conflict
    try:
        columns = _key_columns(error, mapper.local_table)
        names = [mapper.get_property_by_column(column).key for column in columns]
        written = error.execution.compiled_parameters
        row = _visible_row(identity, mapper.class_, names, written) if names else ""
    except (DBAPIError, KeyError):  # KeyError: a column of the database that our model lacks
        return conflict
    if not names:
        return conflict
    detail = f"{noun(mapper.class_)} with the same {' and '.join(names)} exists already{row}"
    return Conflict(detail, {name: [_rule(name, names)] for name in names})


def _rule(name: str, names: list[str]) -> str:
    others = [each for each in names if each != name]
    return (
        f"Must be unique, together with {' and '.join(others)}." if others else "Must be unique."
    )


def _written_mapper(error: Any) -> Any:
    """The mapper of the table whose INSERT or UPDATE failed; None if no rule of it is broken."""
    if not isinstance(error, IntegrityError):
        return None
    compiled = getattr(getattr(error, "execution", None), "compiled", None)
    table = getattr(getattr(compiled, "statement", None), "table", None)
    return next((each for each in Base.registry.mappers if each.local_table is table), None)


def _key_columns(error: IntegrityError, table: Any) -> list[Any]:
    """The columns of the unique key that is broken; none if it is another rule."""
    message = str(error.orig.args[-1]) if error.orig else ""
    names: list[str] = []
    if message.startswith(UNIQUE):
        listed = message.removeprefix(UNIQUE).split(", ")
        names = [name.rpartition(".")[2] for name in listed]
    elif error_code(error.orig) == DUPLICATE and (key := KEY_NAME.search(message)):
        values = {"table": table.name, "key": key[1]}
        names = [*db.session.connection().scalars(KEY_COLUMNS, values)]
    return [table.c[name] for name in names]


def _visible_row(identity: Identity | None, model: Any, names: list[str], written: list) -> str:
    """The key of the row that has the values of the written one, as text, if the caller sees it.

    Nothing for several written rows, and for a table whose rows are only seen with others.
    """
    if identity is None or len(written) != 1:
        return ""
    key, values = visibility.key_of(model), {f"same_{n}": written[0].get(n) for n in names}
    updated = written[0].get(f"{model.__tablename__}_{key.key}")  # in the WHERE of an UPDATE
    if updated is not None:  # which writes the changed columns only
        kept = [name for name in names if name not in written[0]]
        row = db.session.execute(
            select(key, *(getattr(model, n) for n in kept)).where(key == updated)
        )
        values |= {f"same_{name}": value for name, value in zip(kept, row.one()[1:])}
    try:
        rule = visibility.rule(identity, model)
    except TypeError:
        return ""
    same = [getattr(model, name) == bindparam(f"same_{name}") for name in names]
    statement = select(key).where(*same, rule.condition).limit(1)
    number = db.session.scalar(statement, {**rule.values, **values})
    return "" if number is None else f": {key.key} {number}"
