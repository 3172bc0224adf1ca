"""What every edit of a single row minds: its parents, its dates, and what hangs on it."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    bindparam,
    column,
    delete,
    exists,
    inspect,
    literal,
    select,
    table,
    text,
    union_all,
)

from shared import visibility
from shared.db import db
from shared.errors import BadInput, Conflict, NotFound, NotYet
from shared.identity import Identity
from shared.schemas import TableSchema

DENIED = {"Proposal", "BLSession"}  # to refer to one that is hidden is to ask for it
CALLED = {
    "BLSession": "sessions",
    "DataCollectionGroup": "data collections",
    "LabContact": "lab contacts",
    "Person": "persons",
    "Proposal": "proposals",
    "ProposalHasPerson": "members of proposals",
    "Session_has_Person": "members of sessions",
    "UserGroup_has_Person": "groups",
}
CHILDREN = {
    "sqlite": """
        SELECT child.name, link."from" FROM sqlite_master child
        JOIN pragma_foreign_key_list(child.name) link
        WHERE child.type = 'table' AND link."table" = :parent""",
    "mysql": """
        SELECT table_name, column_name FROM information_schema.key_column_usage
        WHERE table_schema = DATABASE() AND referenced_table_schema = DATABASE()
        AND referenced_table_name = :parent""",
}


def check_parents(identity: Identity, model: Any, data: dict) -> None:
    """Raise unless the rows that ``data`` refers to are there, for this caller.

    Proposals and sessions: NotFound, be they hidden or absent. All others may still come: NotYet.
    """
    parents, asked, values = {}, [], {}
    for name, value in data.items():
        parent = None if value is None else visibility.target(getattr(model, name))
        if parent is None:
            continue
        rule, key = visibility.rule(identity, parent), visibility.key_of(parent)
        parents[name] = parent.__tablename__
        asked.append(select(literal(name)).where(key == bindparam(f"of_{name}"), rule.condition))
        values |= {**rule.values, f"of_{name}": value}
    if not asked:
        return
    present = {*db.session.scalars(union_all(*asked), values)}
    for name, kind in parents.items():
        if name in present:
            continue
        if kind in DENIED:
            raise NotFound(f"{kind} not found")
        raise NotYet("a referenced row is not there yet", {name: [f"no such {kind}"]})


def check_order(
    data: dict, stored: Any = None, first: str = "startDate", last: str = "endDate"
) -> None:
    """Raise BadInput if ``data``, over what is ``stored``, ends before it starts."""
    start, end = (data.get(at, getattr(stored, at, None)) for at in (first, last))
    named = [at for at in (last, first) if at in data]
    if named and start and end and start > end:
        raise BadInput("invalid input", {named[0]: [f"{first} must not be after {last}"]})


def replaced(schema: type[TableSchema], data: dict, keep: Collection[str] = ()) -> dict:
    """``data`` and, for the columns it leaves out, what a new row would have there."""
    model, absent = schema.Meta.model, schema().load_fields.keys() - data.keys() - set(keep)
    return {**{name: _default(getattr(model, name)) for name in absent}, **data}


def locked(model: Any, key: Any) -> Any:
    """The row as it is now; nobody else changes it, or adds to it, before this one is done."""
    row = db.session.get(model, key, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(f"{model.__name__} not found")
    return row


def lock_visible(identity: Identity, model: Any, key: Any = None, **filters: Any) -> Any:
    """The row, locked as by ``locked``; NotFound unless the caller sees it.

    It is found by its primary key, or by ``filters`` on its columns: ``column`` or ``column__in``.
    The rule is asked in the list of columns, so that only the row itself is locked.
    """
    rule, (primary,) = visibility.rule(identity, model), inspect(model).primary_key
    stmt = select(model, rule.condition.label("seen"))
    for name, value in filters.items() if key is None else [(primary.key, key)]:
        attribute, _, many = name.partition("__")
        held = getattr(model, attribute)
        stmt = stmt.where(held.in_(value) if many else held == value)
    rows = db.session.execute(
        stmt.with_for_update(), rule.values, execution_options={"populate_existing": True}
    )
    for row, seen in rows.all():
        if seen:
            return row
    raise NotFound(f"{model.__name__} not found")


def remove(model: Any, key: Any, along: Collection[str] = ()) -> None:
    """Delete a row; Conflict if others hang on it, in whatever table, but those ``along``."""
    locked(model, key)
    if found := _hanging(model.__tablename__, key, along):
        names = sorted({CALLED.get(name, name) for name in found})
        raise Conflict(f"{model.__name__} still has {', '.join(names)}")
    (primary,) = inspect(model).primary_key
    db.session.execute(delete(model.__table__).where(primary == key))


def _hanging(parent: str, key: Any, along: Collection[str]) -> list[str]:
    """The tables with rows that refer to this one; the database knows more than our models."""
    connection = db.session.connection()
    links = connection.execute(
        text(CHILDREN["sqlite" if connection.dialect.name == "sqlite" else "mysql"]),
        {"parent": parent},
    )
    asked = [
        select(literal(name)).where(
            exists().select_from(table(name, column(by))).where(column(by) == bindparam("key"))
        )
        for name, by in links
        if name not in along
    ]
    return list(connection.scalars(union_all(*asked), {"key": key})) if asked else []


def _default(attribute: Any) -> Any:
    """What the database puts into a column that is not named, as text or SQL."""
    default = attribute.property.columns[0].server_default
    return default.arg if default is not None else None
