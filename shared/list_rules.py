"""The rule of a list: the cheapest that the filters of its query allow."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, false, or_, select

from shared import visibility
from shared.access import Rule, everything, owns_proposal
from shared.callers import Form, Shape, count_keys, described, look_up
from shared.db import db
from shared.filters import filters_of
from shared.identity import Identity
from shared.models import BLSession, Proposal
from shared.schemas import TableSchema, columns_of
from shared.statements import cache_statements


def choose(identity: Identity, schema: type[TableSchema], query: Mapping) -> Rule:
    """The rule of the rows of ``schema`` for the resolved filters ``query``.

    Where a filter names a parent, the parent is checked and not each row below it. Where one
    names another key, the few rows are checked. Else the caller's keys are looked up.
    """
    model, filters = schema.Meta.model, filters_of(schema)
    shape, values = described(identity)
    if shape.proposals:
        return visibility.rule(identity, model)
    if "session" in query and filters["session"].follows_rule:  # its name was resolved
        return everything(identity)
    if "proposal" in query and filters["proposal"].follows_rule:
        return Rule(_is_owned_or_visible(shape, model), values, shape)
    for name, parent in _list_parents(schema, filters):
        if name in query:
            statement = _select_parent(shape, parent)
            seen = db.session.connection().scalar(statement, {**values, "key": query[name]})
            return everything(identity) if seen else Rule(false(), values, shape)
    if any(_names_key(schema, name) for name in query):
        return visibility.rule(identity, model)
    rule = visibility.rule(look_up(identity), model)
    return rule._replace(size=_get_size(rule, model))


def _get_size(rule: Rule, model: Any) -> int | None:
    """The number of visible rows of ``model``, if the caller's lists have them all."""
    shape = rule.shape
    if shape is None or shape.form is not Form.LISTS or shape.wide or shape.sessions:
        return None
    name = {Proposal: "my_proposals", BLSession: "my_sessions"}.get(model)
    return None if name is None else count_keys(rule.values[name])


def _list_parents(schema: type[TableSchema], filters: Mapping) -> list[tuple[str, Any]]:
    """The filters that name the one parent with which a row is visible, and its model."""
    links, model = visibility.entry(schema.Meta.model).links, schema.Meta.model
    parents = [(links[0], visibility.target(getattr(model, links[0])))] if len(links) == 1 else []
    if "sessionId" in filters and filters["sessionId"].follows_rule:
        parents.append(("sessionId", BLSession))
    return parents


def _names_key(schema: type[TableSchema], name: str) -> bool:
    """Whether the filter ``name`` leaves only the rows of some rows, which belong to somebody."""
    column, _, suffix = name.partition("__")
    if suffix not in ("", "in") or not column.endswith("Id"):
        return False
    if column not in columns_of(schema):
        return column in filters_of(schema)
    attribute = getattr(schema.Meta.model, columns_of(schema)[column].attribute or column)
    if attribute is visibility.key_of(schema.Meta.model):
        return True
    parent = visibility.target(attribute)
    return parent is not None and visibility.entry(parent) not in (
        visibility.PUBLIC,
        visibility.PART,
    )


@cache_statements(512)
def _is_owned_or_visible(shape: Shape, model: Any) -> ColumnElement[bool]:
    """Whether the caller leads or is on the proposal of the query, or else sees the row.

    The database checks the proposal once for the whole statement.
    """
    return or_(
        owns_proposal(shape, bindparam("proposal")),
        visibility.condition(shape, model),
    )


@cache_statements(512)
def _select_parent(shape: Shape, parent: Any) -> Select:
    """The key of a row of ``parent``, if the caller sees it."""
    key = visibility.key_of(parent)
    visible = visibility.condition(shape, parent)
    return select(key).where(key == bindparam("key"), visible).limit(1)
