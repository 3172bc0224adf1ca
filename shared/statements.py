"""Statements that threads share: built by one thread, with all columns, before others have them.

SQLAlchemy makes the columns of an alias or a subquery at their first use and without a lock. Two
threads at that point get two sets of columns; a statement that mixes them fails, and so does
every later statement with that alias. Therefore a module keeps no alias but from ``make_alias``,
and no statement or condition but by ``cache_statements``.
"""

from collections.abc import Callable
from functools import lru_cache, wraps
from threading import RLock
from typing import Any, TypeVar, cast

from sqlalchemy import ClauseElement, inspect, select
from sqlalchemy.orm import aliased
from sqlalchemy.sql.expression import FromClause
from sqlalchemy.sql.visitors import iterate

Model = TypeVar("Model")
Build = TypeVar("Build", bound=Callable)
_kept: set[Any] = set()
_building = RLock()


def make_alias(model: type[Model]) -> type[Model]:
    """An alias of ``model`` that a module may keep."""
    alias = aliased(model)
    populate_columns(select(alias))
    _kept.add(inspect(alias))
    return alias


def populate_columns(parts: Any) -> Any:
    """Return ``parts`` after SQLAlchemy made the columns of every table and subquery in them."""
    if isinstance(parts, ClauseElement):
        for element in iterate(parts):
            if isinstance(element, FromClause):
                element.c
    elif isinstance(parts, tuple):
        for part in parts:
            populate_columns(part)
    return parts


def cache_statements(maxsize: int) -> Callable[[Build], Build]:
    """Decorate a function that builds statements or conditions: the last ``maxsize`` are kept.

    A column of an alias that is made for one call is never met again: with it the function builds
    a part of a larger statement, which is not kept.
    """

    def decorate(build: Build) -> Build:
        latest: dict[tuple, Any] = {}

        @lru_cache(maxsize)
        def build_once(*args):
            with _building:  # threads that came for the same meanwhile take the latest
                if args not in latest:
                    parts = populate_columns(build(*args))
                    latest.clear()
                    latest[args] = parts
                return latest[args]

        @wraps(build)
        def build_or_reuse(*args):
            return build(*args) if any(map(_is_local, args)) else build_once(*args)

        return cast(Build, build_or_reuse)

    return decorate


def _is_local(argument: Any) -> bool:
    """Whether it is a column of an alias that no module keeps."""
    entity = getattr(argument, "parent", None)
    return getattr(entity, "is_aliased_class", False) and entity not in _kept
