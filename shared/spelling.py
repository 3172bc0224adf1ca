"""The names that are nearest to those that do not exist, for errors."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from itertools import count
from typing import Any

from marshmallow import Schema, fields

LONGEST = 100  # of a name to compare
EXPLAINED = 20  # unknown names of one request: to compare a name with all others takes time


def nearest(name: object, names: Iterable[str]) -> str | None:
    """The one of ``names`` that is spelled most like ``name``; None if none is."""
    if len(str(name)) > LONGEST:
        return None
    spellings = {spelling.lower(): spelling for spelling in names}
    near = get_close_matches(str(name).lower(), spellings, 1)
    return spellings[near[0]] if near else None


def unknown(name: object, names: Iterable[str], kind: str = "key") -> str:
    """The reason that ``name`` is not one of ``names``, with the nearest of them."""
    names = list(names)
    if near := nearest(name, names):
        return f"unknown {kind}, did you mean {near}?"
    return f"unknown {kind}, known are: {', '.join(names) or 'none'}"


def explain_unknown(schema: Schema, messages: Any) -> Any:
    """The ``messages`` of a load by ``schema``, with the nearest field beside each unknown one."""
    number = count()

    def explain(schema: Schema, messages: Any) -> Any:
        if not isinstance(messages, Mapping):
            return messages
        declared = {field.data_key or name: field for name, field in schema.load_fields.items()}
        explained = {}
        for key, below in messages.items():
            if isinstance(key, int):  # a row of a list
                explained[key] = explain(schema, below)
            elif key in declared:
                inner = _schema_of(declared[key])
                explained[key] = explain(inner, below) if inner else below
            else:
                is_unknown = below == [schema.error_messages["unknown"]]
                near = is_unknown and next(number) < EXPLAINED and nearest(key, declared)
                explained[key] = [f"{below[0]} Did you mean {near}?"] if near else below
        return explained

    return explain(schema, messages)


def _schema_of(field: fields.Field) -> Schema | None:
    """The schema of the objects that ``field`` holds, if it holds objects."""
    field = field.inner if isinstance(field, fields.List) else field
    return field.schema if isinstance(field, fields.Nested) else None
