"""Conditions of rows that hang on one proposal or one session, by the rule of their table."""

from typing import Any

from sqlalchemy import ColumnElement, bindparam, inspect, select, union

from shared import visibility
from shared.access_forms import is_selected
from shared.models import BLSession, DataCollection


def hangs_on(
    attribute: Any, model: Any, name: str, by_row: bool = False
) -> ColumnElement[bool] | None:
    """Whether a row of ``model`` hangs on a proposal or session with the value bound as ``name``.

    ``attribute`` is the column of Proposal or BLSession that has the value. A row hangs on the
    row to which the first of its links leads that is not null: it is visible with that row. A job
    or a program hangs on the sessions of all its data collections. None if no link leads there.
    The keys of the parents are gathered, or checked ``by_row`` where nearly all rows have such a
    parent: then a page is read in the order of the list.
    """
    return _condition(model, attribute, name, (), by_row)


def hangs_only_on(parent: Any, model: Any, above: tuple = ()) -> bool:
    """Whether all links of the rule of ``model`` lead to ``parent``, Proposal or BLSession."""
    rule = visibility.find_entry(model)
    if model is parent:
        return True
    if rule is None or rule.uses is not None or model in above:
        return False
    names = rule.shows if model is BLSession else rule.links
    parents = [visibility.target(getattr(model, name)) for name in names]
    return bool(parents) and all(hangs_only_on(parent, each, (*above, model)) for each in parents)


def _condition(entity: Any, attribute: Any, name: str, above: tuple, by_row: bool = False) -> Any:
    """The same for an alias; ``above`` are the models whose links led here.

    The keys of rows with several links are a union: for an OR of subqueries the database reads
    the whole table.
    """
    model, rule = inspect(entity).mapper.class_, visibility.find_entry(entity)
    if rule is None or model in above:
        return None
    above = (*above, model)
    if rule.uses is not None:
        collection = visibility.make_kept_alias(DataCollection)
        keys = select(collection.dataCollectionId)
        keys = keys.where(_condition(collection, attribute, name, above))
        used = (stmt.where(row.dataCollectionId.in_(keys)) for stmt, _, row in rule.uses())
        return visibility.key_of(entity).in_(select(union(*used).subquery()))
    names = rule.shows if model is BLSession else rule.links
    links = [n for n in names if _follow(entity, n, attribute, name, above) is not None]
    if len(links) < 2:
        return _follow(entity, links[0], attribute, name, above, by_row) if links else None
    row = visibility.make_kept_alias(model)
    selects = []
    for at, link in enumerate(links):
        empty = (getattr(row, earlier).is_(None) for earlier in links[:at])
        followed = _follow(row, link, attribute, name, above)
        selects.append(select(visibility.key_of(row)).where(followed, *empty))
    return visibility.key_of(entity).in_(select(union(*selects).subquery()))


def _follow(
    entity: Any, link: str, attribute: Any, name: str, above: tuple, by_row: bool = False
) -> Any:
    """Whether the row to which ``link`` refers is such a row, or hangs on one."""
    source = getattr(entity, link)
    parent = visibility.target(source)
    row = visibility.make_kept_alias(parent)
    if parent is attribute.class_:
        if attribute is visibility.key_of(parent):
            return source == bindparam(name)
        condition = getattr(row, attribute.key) == bindparam(name)
    else:
        condition = _condition(row, attribute, name, above, by_row)
    if condition is None:
        return None
    keys = select(visibility.key_of(row)).where(condition)
    return is_selected(source, keys) if by_row else source.in_(keys)
