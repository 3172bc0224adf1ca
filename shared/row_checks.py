"""The checks of a write: references to parents, order of dates, dependent rows."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    bindparam,
    column,
    delete,
    distinct,
    exists,
    func,
    inspect,
    literal,
    literal_column,
    select,
    table,
    text,
    union_all,
)
from sqlalchemy.sql.elements import ClauseElement

from shared import access, visibility
from shared.db import db
from shared.errors import Conflict, NotYet, bad_field, not_found, noun
from shared.identity import Identity
from shared.schemas import TableSchema
from shared.statements import cache_statements

VISIBLE = "visible"  # key in ``session.info``: the rows that this transaction has checked
DENIED = {"Proposal", "BLSession"}  # a reference to a hidden one is a 404, not a 424
PLURALS = {  # for errors, by table
    "BLSampleImage": "images",
    "BLSample_has_Ligand": "samples",
    "BLSession": "sessions",
    "DataCollectionGroup": "data collections",
    "LabContact": "lab contacts",
    "Person": "persons",
    "Proposal": "proposals",
    "ProposalHasPerson": "members of proposals",
    "Protein_has_PDB": "PDB files",
    "Session_has_Person": "members of sessions",
    "UserGroup_has_Person": "groups",
}
CHILDREN = {
    "sqlite": """
        SELECT child.name, link."from", link."to" FROM sqlite_master child
        JOIN pragma_foreign_key_list(child.name) link
        WHERE child.type = 'table' AND link."table" = :parent""",
    "mysql": """
        SELECT table_name, column_name, referenced_column_name
        FROM information_schema.key_column_usage
        WHERE table_schema = DATABASE() AND referenced_table_schema = DATABASE()
        AND referenced_table_name = :parent""",
}


def check_parents(identity: Identity, model: Any, *documents: dict, stored: Any = None) -> None:
    """Raise unless the rows that ``documents``, of rows of ``model``, refer to are visible.

    It takes one statement. For a proposal or a session that is hidden or absent: NotFound. For
    other rows: NotYet, as another client may be about to create them. ``stored`` is the row that
    is changed: a reference that it has already is not read again in a table that hides no row.
    """
    check_all_parents(identity, {model: documents}, stored)


def check_all_parents(
    identity: Identity, rows: Mapping[Any, Sequence[dict]], stored: Any = None
) -> None:
    """The same for rows of several models, with the documents of each.

    Rows that were visible earlier in this transaction are not read again.
    """
    checks: list[tuple[str, Any, set, access.Rule]] = []
    for model, documents in rows.items():
        for name in {n: None for each in documents for n, key in each.items() if _is_key(key)}:
            if (parent := visibility.target(getattr(model, name))) is None:
                continue
            rule = visibility.rule(identity, parent)
            keys = {each[name] for each in documents if _is_key(each.get(name))}
            keys -= _visible_keys(identity, parent)
            if stored is not None and rule.unrestricted:
                keys.discard(getattr(stored, name))
            if keys:
                checks.append((name, parent, keys, rule))
    if not checks:
        return
    values: dict[str, Any] = {}
    for at, (_, _, keys, rule) in enumerate(checks):
        values |= {**rule.values, f"keys_{at}": [*keys]}
    statement = _count_visible(tuple((parent, rule.condition) for _, parent, _, rule in checks))
    present = dict(db.session.execute(statement, values).all())
    for at, (name, parent, keys, _) in enumerate(checks):
        if present[at] == len(keys):
            note_visible(identity, parent, *keys)
        elif parent.__tablename__ in DENIED:
            raise not_found(parent)
        else:
            reasons = {name: [f"no such {parent.__tablename__}"]}
            raise NotYet("a referenced row is not there yet", reasons)


def _is_key(value: Any) -> bool:
    """Whether a value refers to a row: it is neither null nor SQL, the default of a column."""
    return value is not None and not isinstance(value, ClauseElement)


@cache_statements(512)
def _count_visible(parents: tuple[tuple[Any, ColumnElement[bool]], ...]) -> CompoundSelect:
    """The numbers of the visible rows of tables with the keys ``keys_0``, ``keys_1``, …"""
    return union_all(
        *(
            select(literal_column(f"{at}", Integer), func.count(distinct(key))).where(
                key.in_(bindparam(f"keys_{at}", expanding=True)), condition
            )
            for at, (parent, condition) in enumerate(parents)
            for key in [visibility.key_of(parent)]
        )
    )


def note_visible(identity: Identity, model: Any, *keys: Any) -> None:
    """Note that the caller sees rows: this transaction does not check them again as parents."""
    _visible_keys(identity, model).update(keys)


def _visible_keys(identity: Identity, model: Any) -> set:
    """The keys of the rows of ``model`` that were visible earlier in this transaction."""
    transaction = db.session().get_transaction()
    noted_in, keys = db.session.info.get(VISIBLE, (None, {}))
    if transaction is None or noted_in is not transaction:
        keys = {}
        db.session.info[VISIBLE] = transaction, keys
    return keys.setdefault((identity, model), set())


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
    values = filters if key is None else {inspect(model).primary_key[0].key: key}
    return _lock(identity, model, None, values)


def lock_parent(identity: Identity, link: Any, key: Any) -> Any:
    """The same for the row to which ``link`` refers, a column of the row with this ``key``."""
    return _lock(
        identity, visibility.target(link), link, {visibility.key_of(link.class_).key: key}
    )


def _lock(identity: Identity, model: Any, link: Any, values: dict) -> Any:
    rule = visibility.rule(identity, model)
    rows = db.session.execute(
        _select_locked(model, link, tuple(values), rule.condition),
        {**rule.values, **{f"by_{name}": value for name, value in values.items()}},
        execution_options={"populate_existing": True},
    )
    for row, seen in rows.all():
        if seen:
            note_visible(identity, model, getattr(row, visibility.key_of(model).key))
            return row
    raise not_found(model)


@cache_statements(512)
def _select_locked(
    model: Any, link: Any, names: tuple[str, ...], visible: ColumnElement[bool]
) -> Select:
    conditions = []
    for name in names:
        column, _, many = name.partition("__")
        attribute = getattr(model if link is None else link.class_, column)
        value = bindparam(f"by_{name}", expanding=bool(many))
        conditions.append(attribute.in_(value) if many else attribute == value)
    if link is not None:
        parent = select(link).where(*conditions).scalar_subquery()
        conditions = [visibility.key_of(model) == parent]
    return select(model, visible.label("seen")).where(*conditions).with_for_update()


def remove(model: Any, key: Any, along: Collection[str] = ()) -> None:
    """Delete a row, and its dependent rows in the tables ``along``; Conflict if it has others."""
    locked(model, key)
    remove_locked(model, [key], along)


def remove_locked(model: Any, keys: Sequence[Any], along: Collection[str] = ()) -> None:
    """The same for several rows, which are locked: a statement per table."""
    if not keys:
        return
    links, values = _get_links(model), {"keys": [*keys]}
    if tables := _dependent_tables([each for each in links if each[0] not in along], values):
        names = sorted({PLURALS.get(name, name) for name in tables})
        raise Conflict(f"{noun(model)} still has {', '.join(names)}")
    for name, refers in links:
        if name in along:
            db.session.execute(delete(table(name)).where(refers), values)
    (primary,) = inspect(model).primary_key
    db.session.execute(delete(model.__table__).where(primary.in_(keys)))


def _get_links(model: Any) -> list[tuple[str, ColumnElement[bool]]]:
    """The tables that refer to rows of ``model``, in the database as it is.

    Each has the condition of the rows that refer to ``keys``. A foreign key may refer to another
    unique column than the primary key.
    """
    connection, parent = db.session.connection(), model.__tablename__
    statement = text(CHILDREN["sqlite" if connection.dialect.name == "sqlite" else "mysql"])
    (primary,) = inspect(model).primary_key
    keys = bindparam("keys", expanding=True)
    links: list[tuple[str, ColumnElement[bool]]] = []
    for name, by, referenced in connection.execute(statement, {"parent": parent}):
        values: Any = keys
        if referenced not in (None, primary.name):
            rows = select(column(referenced)).select_from(table(parent))
            values = rows.where(column(primary.name).in_(keys))
        links.append((name, column(by).in_(values)))
    return links


def _dependent_tables(links: list[tuple[str, ColumnElement[bool]]], values: dict) -> list[str]:
    """The tables with rows that refer to one of the keys in ``values``."""
    selects = [
        select(literal(name)).where(exists().select_from(table(name)).where(refers))
        for name, refers in links
    ]
    connection = db.session.connection()
    return list(connection.scalars(union_all(*selects), values)) if selects else []


def _default(attribute: Any) -> Any:
    """The default of a column in the database, as text or SQL."""
    default = attribute.property.columns[0].server_default
    return default.arg if default is not None else None
