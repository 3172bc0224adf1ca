"""The forms of a condition: keys as a list, gathered by subqueries, or checked for each row."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Select, false, select, union

from shared.callers import Form, Shape, is_any
from shared.key_lists import is_listed


def is_own(shape: Shape, key: Any, rules: list[Select], name: str) -> ColumnElement[bool]:
    """Whether ``key`` is one of the caller's own, which ``rules`` select, or the list ``name``."""
    if shape.form is Form.LISTS:
        return is_listed(key, name)
    if not shape.checks_rows:
        return key.in_(union_keys(rules)) if rules else false()
    return is_any(is_selected(key, rule) for rule in rules)


def is_selected(key: Any, statement: Select) -> ColumnElement[bool]:
    """Whether ``statement``, which has one column, selects ``key``: checked for each row.

    With LIMIT, MariaDB runs the subquery for a row instead of materialising all its rows first.
    """
    (column,) = statement.selected_columns
    return statement.where(column == key).limit(1).scalar_subquery().is_not(None)


def is_among(shape: Shape, key: Any, statement: Select) -> ColumnElement[bool]:
    """Whether ``statement`` selects ``key``: the keys are gathered, if they are few."""
    if shape.wide or shape.checks_rows:
        return is_selected(key, statement)
    return key.in_(statement)


def by_parents(shape: Shape, link: Any, paths: Callable[[Shape], Iterable[Select]]) -> Any:
    """Whether ``link`` is a key that one of ``paths`` selects.

    ``paths`` are the joins from a row to a visible proposal or session. Their keys are gathered,
    if they are few; else each row is checked. Not both: beside another condition, MariaDB would
    scan the gathered keys for each row.
    """
    if shape.wide or shape.sessions:
        shape = shape._replace(few=True)
    if shape.checks_rows:
        return is_any(is_selected(link, path) for path in paths(shape))
    gathered = [*paths(shape)]
    return link.in_(union_keys(gathered)) if gathered else false()


def if_possible(statement: Select, condition: ColumnElement[bool]) -> Iterator[Select]:
    """``statement`` where ``condition`` holds; nothing if it never does."""
    if condition is not false():
        yield statement.where(condition)


def union_keys(rules: list[Select]) -> Any:
    """The union of ``rules`` in a derived table: MariaDB runs a bare union for each row."""
    return select(union(*rules).subquery())
