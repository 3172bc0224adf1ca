"""The rule of a list: the cheapest that the filters of its query allow."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, bindparam, false, select

from shared import names, visibility
from shared.access import Rule, everything
from shared.callers import Form, Shape, described, look_up
from shared.execution import fetch_value
from shared.filters import Filter, filters_of
from shared.identity import Identity
from shared.key_lists import count_keys
from shared.models import BLSession, Proposal
from shared.schemas import TableSchema, columns_of
from shared.statements import cache_statements


def resolve(
    identity: Identity, schema: type[TableSchema], query: Mapping
) -> tuple[dict[str, Any], Rule]:
    """``query`` with the values that its filters bind, and the rule of the rows of ``schema``.

    Where a filter names a parent, the parent is checked and not each row below it, unless samples
    are closed to the caller. Where one names another key, the few rows are checked. Else the
    caller's keys are looked up.
    """
    filters, values = filters_of(schema), dict(query)
    sees_all = False
    for name in (each for each in filters if each in query):
        if name == "proposal" and filters[name].follows_rule:
            values[name], is_owned = names.find_proposal(identity, query[name])
            sees_all |= is_owned
        elif (find := filters[name].resolve) is not None:
            values[name] = find(identity, query[name])
            sees_all |= name == "session" and filters[name].follows_rule
        elif (choose := filters[name].choose) is not None:
            values[choose(query[name])] = values.pop(name)
    shape, _ = described(identity)
    if not shape.closed and sees_all or visibility.rule(identity, schema.Meta.model).unrestricted:
        return values, everything(identity)
    return values, _choose(identity, schema, filters, values)


def _choose(
    identity: Identity, schema: type[TableSchema], filters: Mapping[str, Filter], query: dict
) -> Rule:
    """The rule of a list for a caller who is not known to see all its rows."""
    model, (shape, values) = schema.Meta.model, described(identity)
    for name, parent in _list_parents(schema, filters):
        if name in query and not shape.closed:
            statement = _select_parent(shape, parent)
            key = fetch_value(statement, {**values, "key": query[name]})
            return Rule(false(), values, shape) if key is None else everything(identity)
    if any(_names_key(schema, filters, name) for name in query):
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


def _list_parents(
    schema: type[TableSchema], filters: Mapping[str, Filter]
) -> list[tuple[str, Any]]:
    """The filters that name the one parent with which a row is visible, and its model."""
    links, model = visibility.entry(schema.Meta.model).links, schema.Meta.model
    parents = [(links[0], visibility.target(getattr(model, links[0])))] if len(links) == 1 else []
    if "sessionId" in filters and filters["sessionId"].follows_rule:
        parents.append(("sessionId", BLSession))
    return parents


def _names_key(schema: type[TableSchema], filters: Mapping[str, Filter], name: str) -> bool:
    """Whether the filter ``name`` leaves only the rows of some rows, which belong to somebody."""
    column, _, suffix = name.partition("__")
    if suffix not in ("", "in") or not column.endswith("Id"):
        return False
    if column not in columns_of(schema):
        return column in filters
    attribute = getattr(schema.Meta.model, columns_of(schema)[column].attribute or column)
    if attribute is visibility.key_of(schema.Meta.model):
        return True
    parent = visibility.target(attribute)
    return parent is not None and visibility.entry(parent) not in (
        visibility.PUBLIC,
        visibility.PART,
    )


@cache_statements(512)
def _select_parent(shape: Shape, parent: Any) -> Select:
    """The key of a row of ``parent``, if the caller sees it."""
    key = visibility.key_of(parent)
    visible = visibility.condition(shape, parent)
    return select(key).where(key == bindparam("key"), visible).limit(1)
