"""Batches of rows: msgspec validates them fast, and marshmallow explains failures.

msgspec decodes and checks a whole batch with a struct that is compiled from the schema. A batch
that it refuses is loaded by the schema itself, which accepts it after all or names the faults of
each row. So rows have one definition and one format of errors, and valid rows cost little.
"""

from collections import defaultdict
from datetime import date, datetime
from types import GenericAlias
from typing import Annotated, Any, Literal

import msgspec
import orjson
import sqlalchemy
from marshmallow import RAISE, Schema, ValidationError, fields, missing, validate
from msgspec import UNSET, Meta, UnsetType
from sqlalchemy import inspect

from shared.db import db, save
from shared.errors import BadInput, Malformed, TooLarge
from shared.spelling import explain_unknown

TYPES = {
    fields.Boolean: bool,
    fields.Date: date,
    fields.Float: float,
    fields.Integer: int,
    fields.NaiveDateTime: Annotated[datetime, Meta(tz=False)],
    fields.String: str,
}
LOAD_HOOKS = ("pre_load", "validates", "validates_schema", "post_load")


class Batch:
    """The loader of rows of one schema; ``struct`` is None if only the schema can load them."""

    def __init__(self, schema: Schema):
        self._schema = schema
        self.struct = struct_of(schema)
        self._decoder: msgspec.json.Decoder | None = None
        if self.struct:
            rows: Any = list[self.struct]  # type: ignore[name-defined]
            self._decoder = msgspec.json.Decoder(rows)

    def load(self, body: bytes, most: int) -> list[dict]:
        """Return the rows of a JSON array, ``most`` at most; an absent column stays absent."""
        if self._decoder:
            try:
                rows = self._decoder.decode(body)
            except msgspec.MsgspecError:
                pass  # the schema decides, with errors by field
            else:
                _check_number(rows, most)
                return msgspec.to_builtins(rows, builtin_types=(date, datetime))
        try:
            rows = orjson.loads(body)
            _check_number(rows, most)
            return self._schema.load(rows, many=True)
        except orjson.JSONDecodeError as error:
            raise Malformed(f"not a JSON array: {error}") from None
        except ValidationError as error:
            faults = explain_unknown(self._schema, error.normalized_messages())
            raise BadInput(f"{len(faults)} bad rows, nothing is stored", faults) from None


def _check_number(rows: Any, most: int) -> None:
    """Raise TooLarge for too many rows, before the schema looks for faults in each."""
    if isinstance(rows, list) and len(rows) > most:
        raise TooLarge(f"more than {most} rows")


def insert(model, rows: list[dict]) -> int:
    """Insert ``rows``, one statement per set of columns they name; return their number."""
    groups = defaultdict(list)
    for row in rows:
        groups[tuple(row)].append(row)  # executemany drops columns that the first row lacks
    for group in groups.values():
        db.session.connection().execute(sqlalchemy.insert(model.__table__), group)
    return len(rows)


def insert_with_keys(model: Any, rows: list[dict]) -> list[int]:
    """Insert ``rows``; return their keys in order.

    It is one statement per set of columns with a default of the server that rows have: an absent
    one, or a null there, is left to the server. Servers number the rows of one statement in their
    order. MySQL returns no keys of several rows: there it is one statement per row.
    """
    dialect, mapper = db.session.connection().dialect, inspect(model)
    key = getattr(model, mapper.get_property_by_column(mapper.primary_key[0]).key)
    names = {name for row in rows for name in row}
    blank = {name: None for name in names if mapper.columns[name].server_default is None}
    rows = [
        {**blank, **{name: value for name, value in row.items() if value is not None}}
        for row in rows
    ]
    groups, keys = defaultdict(list), [0] * len(rows)
    for place, row in enumerate(rows):
        groups[frozenset(row)].append(place)
    for places in groups.values():
        values = [rows[place] for place in places]
        if len(values) > 1 and dialect.insert_executemany_returning:
            statement = sqlalchemy.insert(model).returning(key)
            as_rows = {"render_nulls": True}  # else rows with other nulls are another statement
            inserted = sorted(db.session.scalars(statement, values, execution_options=as_rows))
        else:
            inserted = [getattr(save(model(), each), key.key) for each in values]
        for place, number in zip(places, inserted):
            keys[place] = number
    return keys


def struct_of(schema: Schema) -> type[msgspec.Struct] | None:
    """Compile ``schema`` for msgspec; return None if a struct cannot do all that it does."""
    if any(schema._hooks[name] for name in LOAD_HOOKS):
        return None
    columns = []
    for name, field in schema.load_fields.items():
        kind = _type_of(field)
        renamed = field.data_key or field.attribute
        if kind is None or renamed or field.load_default is not missing:
            return None
        if field.allow_none:
            kind = kind | None
        columns.append((name, kind) if field.required else (name, kind | UnsetType, UNSET))
    strict = schema.unknown == RAISE
    return msgspec.defstruct("Row", columns, kw_only=True, forbid_unknown_fields=strict)


def _type_of(field: fields.Field):
    """The type with which msgspec checks ``field``, or None."""
    kind: Any = TYPES.get(type(field))
    limits: dict[str, Any] = {}
    if isinstance(field, fields.List) and (inner := _type_of(field.inner)):
        kind = GenericAlias(list, (inner | None if field.inner.allow_none else inner,))
    for validator in field.validators:
        match validator:
            case validate.OneOf():
                return Literal[tuple(validator.choices)]
            case validate.Length(equal=None):
                limits |= {"min_length": validator.min, "max_length": validator.max}
            case validate.Regexp():
                limits |= {"pattern": validator.regex.pattern}
            case validate.Range(min_inclusive=True, max_inclusive=True) if kind in (int, float):
                limits |= {"ge": validator.min, "le": validator.max}
            case _:
                return None
    return Annotated[kind, Meta(**limits)] if kind and limits else kind
