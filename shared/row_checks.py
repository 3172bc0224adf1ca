"""The checks of a write: references to parents, order of dates, dependent rows."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    bindparam,
    column,
    delete,
    distinct,
    exists,
    func,
    inspect,
    literal,
    select,
    table,
    text,
    union_all,
)

from shared import visibility
from shared.db import db
from shared.errors import Conflict, NotYet, bad_field, not_found, noun
from shared.identity import Identity
from shared.schemas import TableSchema

DENIED = {"Proposal", "BLSession"}  # a reference to a hidden one is a 404, not a 424
PLURALS = {  # for errors, by table
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


def check_parents(identity: Identity, model: Any, *documents: dict) -> None:
    """Raise unless the rows that ``documents``, of rows of ``model``, refer to are visible.

    It takes one statement. For a proposal or a session that is hidden or absent: NotFound. For
    other rows: NotYet, as another client may be about to create them.
    """
    parents, selects, values = {}, [], {}
    for name in {n: None for data in documents for n, value in data.items() if value is not None}:
        parent = visibility.target(getattr(model, name))
        if parent is None:
            continue
        keys = {data[name] for data in documents if data.get(name) is not None}
        rule, key = visibility.rule(identity, parent), visibility.key_of(parent)
        parents[name] = (parent, len(keys))
        statement = select(literal(name), func.count(distinct(key)))
        inside = key.in_(bindparam(f"of_{name}", expanding=True))
        selects.append(statement.where(inside, rule.condition))
        values |= {**rule.values, f"of_{name}": [*keys]}
    if not selects:
        return
    present = dict(db.session.execute(union_all(*selects), values).all())
    for name, (parent, number) in parents.items():
        if present[name] == number:
            continue
        if parent.__tablename__ in DENIED:
            raise not_found(parent)
        reasons = {name: [f"no such {parent.__tablename__}"]}
        raise NotYet("a referenced row is not there yet", reasons)


def check_order(
    data: dict, stored: Any = None, first: str = "startDate", last: str = "endDate"
) -> None:
    """Raise BadInput if ``stored``, with the changes in ``data``, ends before it starts."""
    start, end = (data.get(name, getattr(stored, name, None)) for name in (first, last))
    changed = [name for name in (last, first) if name in data]
    if changed and start and end and start > end:
        raise bad_field(changed[0], f"{first} must not be after {last}")


def replaced(schema: type[TableSchema], data: dict, keep: Collection[str] = ()) -> dict:
    """``data`` and the defaults of the columns that it leaves out."""
    model, absent = schema.Meta.model, schema().load_fields.keys() - data.keys() - set(keep)
    return {**{name: _default(getattr(model, name)) for name in absent}, **data}


def locked(model: Any, key: Any) -> Any:
    """The row, refreshed by SELECT … FOR UPDATE: others can neither change nor reference it."""
    row = db.session.get(model, key, with_for_update=True, populate_existing=True)
    if row is None:
        raise not_found(model)
    return row


def lock_visible(identity: Identity, model: Any, key: Any = None, **filters: Any) -> Any:
    """The row, locked as by ``locked``; NotFound unless the caller sees it.

    It is selected by its primary key, or by ``filters``: ``column`` or ``column__in``. The rule
    is in the list of columns, so that no row of another table is locked.
    """
    rule, (primary,) = visibility.rule(identity, model), inspect(model).primary_key
    stmt = select(model, rule.condition.label("seen"))
    for name, value in filters.items() if key is None else [(primary.key, key)]:
        attribute, _, many = name.partition("__")
        selected = getattr(model, attribute)
        stmt = stmt.where(selected.in_(value) if many else selected == value)
    rows = db.session.execute(
        stmt.with_for_update(), rule.values, execution_options={"populate_existing": True}
    )
    for row, seen in rows.all():
        if seen:
            return row
    raise not_found(model)


def remove(model: Any, key: Any, along: Collection[str] = ()) -> None:
    """Delete a row; Conflict if it has dependent rows, except in the tables ``along``."""
    locked(model, key)
    if tables := _dependent_tables(model.__tablename__, key, along):
        names = sorted({PLURALS.get(name, name) for name in tables})
        raise Conflict(f"{noun(model)} still has {', '.join(names)}")
    (primary,) = inspect(model).primary_key
    db.session.execute(delete(model.__table__).where(primary == key))


def _dependent_tables(parent: str, key: Any, along: Collection[str]) -> list[str]:
    """The tables with rows that refer to this row, by the foreign keys of the database."""
    connection = db.session.connection()
    links = connection.execute(
        text(CHILDREN["sqlite" if connection.dialect.name == "sqlite" else "mysql"]),
        {"parent": parent},
    )
    selects = [
        select(literal(name)).where(
            exists().select_from(table(name, column(by))).where(column(by) == bindparam("key"))
        )
        for name, by in links
        if name not in along
    ]
    return list(connection.scalars(union_all(*selects), {"key": key})) if selects else []


def _default(attribute: Any) -> Any:
    """The default of a column in the database, as text or SQL."""
    default = attribute.property.columns[0].server_default
    return default.arg if default is not None else None
