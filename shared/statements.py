"""Statements that threads share: one thread builds them, with all columns, before others use them.

SQLAlchemy makes the columns of an alias or a subquery at their first use and without a lock. Two
threads at that point get two sets of columns; a statement that mixes them fails, and so does
every later statement with that alias. Therefore a module keeps aliases from ``make_alias`` only,
and statements and conditions by ``cache_statements`` only.

A statement is cached by the arguments of its function: by the attribute itself where that is one.
SQLAlchemy makes one attribute object for each column of a model or a kept alias, so a key of our
own (alias and column name) would stand for the same object.
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
    """An alias of ``model`` for the whole life of a module."""
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
    """A decorator for functions that build statements or conditions: a cache of ``maxsize``.

    A call with a column of an alias that is not kept, which never comes again, is not cached: it
    builds a part of a larger statement.
    """

    def decorate(build: Build) -> Build:
        latest: dict[tuple, Any] = {}

        @lru_cache(maxsize)
        def build_once(*args):
            with _building:  # threads that waited with the same arguments take the latest
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
    """Whether ``argument`` is a column of an alias that is not from ``make_alias``."""
    entity = getattr(argument, "parent", None)
    return getattr(entity, "is_aliased_class", False) and entity not in _kept
