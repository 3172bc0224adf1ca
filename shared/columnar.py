"""Rows as columns: a document with one array for each column of a table, all of one length.

As for batches, msgspec validates with a struct that is compiled from the schema, and marshmallow
explains failures.
"""

from collections.abc import Collection
from typing import Any

import msgspec
import orjson
from marshmallow import Schema, ValidationError, fields
from msgspec import UNSET

from shared.batches import struct_of
from shared.errors import BadInput, Malformed, TooLarge
from shared.spelling import explain_unknown


class ColumnsSchema(Schema):
    """Base of such documents, see ``columnar``."""

    KEY: str  # the array that is required
    MOST = 20_000  # rows of one document


def columnar(
    name: str, rows: type[Schema], key: str, once: Collection[str] = ()
) -> type[ColumnsSchema]:
    """The document ``name`` with the columns of ``rows``; those in ``once`` have one value."""
    declared: dict[str, Any] = {each: rows._declared_fields[each] for each in rows().fields}
    arrays = {
        column: fields.List(field, required=column == key, metadata=field.metadata)
        for column, field in declared.items()
        if column not in once
    }
    schema: Any = ColumnsSchema.from_dict({**declared, **arrays}, name=name)
    schema.KEY = key
    return schema


class Columns:
    """The loader of documents of one schema; ``struct`` is None if only the schema can load."""

    def __init__(self, schema: ColumnsSchema):
        self._schema = schema
        self.struct = struct_of(schema)
        self._decoder: Any = self.struct and msgspec.json.Decoder(self.struct)

    def load(self, body: bytes) -> dict:
        """Return the columns of a JSON document, which are of one length."""
        data = self._fast(body) or self._slow(body)
        self._check_lengths(data)
        return data

    def _fast(self, body: bytes) -> dict | None:
        if not self._decoder:
            return None
        try:
            columns = self._decoder.decode(body)
        except msgspec.MsgspecError:
            return None  # the schema decides, with errors by field
        values = ((name, getattr(columns, name)) for name in columns.__struct_fields__)
        return {name: value for name, value in values if value is not UNSET}

    def _slow(self, body: bytes) -> dict:
        try:
            document = orjson.loads(body)
            if isinstance(document, dict):
                self._check_numbers(document)
            return self._schema.load(document)
        except orjson.JSONDecodeError as error:
            raise Malformed(f"not JSON: {error}") from None
        except ValidationError as error:
            faults = explain_unknown(self._schema, error.normalized_messages())
            raise BadInput("nothing is stored", faults) from None

    def _check_numbers(self, data: dict) -> None:
        """Raise TooLarge for too many rows, before the schema looks for faults in each."""
        if any(isinstance(v, list) and len(v) > self._schema.MOST for v in data.values()):
            raise TooLarge(f"more than {self._schema.MOST} rows")

    def _check_lengths(self, data: dict) -> None:
        self._check_numbers(data)
        rows = len(data[self._schema.KEY])
        faults = {
            name: [f"has {len(values)} values, {self._schema.KEY} has {rows}"]
            for name, values in data.items()
            if isinstance(values, list) and len(values) != rows
        }
        if faults:
            raise BadInput("nothing is stored", faults)
