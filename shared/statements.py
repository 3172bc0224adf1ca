"""Statements that threads share: built once, and compiled before another thread has them.

SQLAlchemy makes the columns of an alias or a subquery, and the index of them, at their first use
and without a lock. Two threads at that point get two sets of columns; a statement that mixes them
fails, and so does every later statement with that alias. Therefore a module keeps no alias but
from ``make_alias``, and no statement or condition but by ``cache_statements``: both compile
before they return.
"""

from collections.abc import Callable
from functools import lru_cache, wraps
from threading import RLock
from typing import Any, TypeVar, cast

from sqlalchemy import ClauseElement, inspect, select
from sqlalchemy.engine.default import StrCompileDialect
from sqlalchemy.orm import aliased

Model = TypeVar("Model")
Build = TypeVar("Build", bound=Callable)
DIALECT = StrCompileDialect()  # the parts that threads share are the same for every dialect
_kept: set[Any] = set()
_building = RLock()


def make_alias(model: type[Model]) -> type[Model]:
    """An alias of ``model`` that a module may keep."""
    alias = aliased(model)
    compile_parts(select(alias))
    _kept.add(inspect(alias))
    return alias


def compile_parts(parts: Any) -> Any:
    """Return ``parts`` after each statement and condition in them was compiled."""
    if isinstance(parts, ClauseElement):
        parts.compile(dialect=DIALECT)
    elif isinstance(parts, tuple):
        for part in parts:
            compile_parts(part)
    return parts


def cache_statements(maxsize: int) -> Callable[[Build], Build]:
    """Decorate a function that builds statements or conditions: the last ``maxsize`` are kept.

    A column of an alias that is made for one call is never met again: with it the function builds
    a part of a larger statement, which is neither kept nor compiled by itself.
    """

    def decorate(build: Build) -> Build:
        latest: dict[tuple, Any] = {}

        @lru_cache(maxsize)
        def build_once(*args):
            with _building:  # threads that came for the same meanwhile take the latest
                if args not in latest:
                    parts = compile_parts(build(*args))
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
