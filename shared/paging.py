"""Pages of lists and feeds: their envelope, their cursor, and their total."""

import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from marshmallow import ValidationError, fields
from sqlalchemy import Select

from shared import examined
from shared.schemas import STORED_NULL

LONG_SECONDS = 60  # for which a long list is not counted again
REMEMBERED = 1024
_long_until: dict[tuple, tuple[float, int | None]] = {}  # by statement, values and bound


def page(query: Mapping, results: list, next_: str | None, most: int, total: Callable) -> dict:
    """The answer of a list: ``results`` with their total, which is exact up to ``most``.

    ``next_`` is the cursor behind the last result, None for an order without cursors. ``total`` is
    called where the results do not show it; if it is None, there may be more rows. It is not
    called for a table, which shows no total.
    """
    skip, limit = query["skip"], query["limit"]
    least: int = skip + len(results) if results else 0
    number: int | None = least
    if "format" not in query and ("after" in query or not 0 < len(results) < limit):
        number = total()
    answer: dict[str, Any] = {"total": min(least if number is None else number, most)}
    answer["results"] = results
    if number is None or number > most:
        answer["totalIsExact"] = False
    if next_ is not None and len(results) == limit:
        answer["next"] = next_
    return {**answer, "skip": skip, "limit": limit}


def count(stmt: Select, values: dict, most: int) -> int | None:
    """The number that ``stmt`` counts, or ``most + 1`` if it was more a moment ago.

    None if the database would have to examine too many rows.
    """
    bound = examined.most_rows_of_total()
    key, now = (stmt, repr(values), bound), time.monotonic()
    until, number = _long_until.get(key, (0, None))
    if until > now:
        return number
    try:
        number = examined.run(stmt, values, bound)[0][0]
    except examined.TooManyRows:
        number = None
    if number is None or number > most:
        if len(_long_until) >= REMEMBERED:
            _long_until.clear()
        _long_until[key] = now + LONG_SECONDS, number
    return number


def forget() -> None:
    """Forget which lists are long: another database has others."""
    _long_until.clear()


def cursor(sort: tuple[str, ...], values: list) -> str:
    """The end of a page, for the client to send back: ``values`` of the columns of ``sort``."""
    return urlsafe_b64encode(orjson.dumps([*sort, *values])).decode().rstrip("=")


def cursor_values(sort: tuple[str, ...], columns: Mapping[str, fields.Field], text: str) -> list:
    """The values in a cursor, loaded by their ``columns``; ValueError if it is of another list."""
    try:
        parts = orjson.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        names, values = tuple(parts[: len(sort)]), parts[len(sort) :]
        if names != sort or len(values) != len(sort):
            raise ValueError
        sorted_by = (columns[name.removeprefix("-")] for name in sort)
        return [_load(field, value) for field, value in zip(sorted_by, values)]
    except (ValueError, TypeError, KeyError, ValidationError) as error:
        raise ValueError("the cursor is of another list or order") from error


def _load(field: fields.Field, value: Any) -> Any:
    """The value of a column: null if the column is nullable, even where a body needs a value."""
    if value is None and field.metadata.get(STORED_NULL):
        return None
    return field.deserialize(value)
