"""The base of all payloads: fields take type, limits and description from the model."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, ClassVar

from anyascii import anyascii
from apispec.ext.marshmallow.common import resolve_schema_instance
from marshmallow import RAISE, Schema, fields, validate
from marshmallow_sqlalchemy import ModelConverter, SQLAlchemyAutoSchema
from sqlalchemy import (
    TIMESTAMP,
    Date,
    DateTime,
    Enum,
    Float,
    Integer,
    SmallInteger,
    String,
    Text,
    Time,
)
from sqlalchemy.dialects.mysql import MEDIUMINT, TINYINT
from sqlalchemy.types import _Binary

from shared.models.types import Lines

WINDOWS_1252 = " -~\\xa0-\\xff€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"  # MariaDB calls it latin1
BLANKED = "control characters replaced by blanks"
CONTROLS = {
    False: r"\x00-\x1f\x7f-\x9f\u2028\u2029",
    True: r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f",
}  # by whether the text may have tabs and line breaks
UNSTORABLE = re.compile(rf"[^\x00-\x1f\x7f-\x9f{WINDOWS_1252}]")
# anyascii writes modern Greek: μ as m, which would make micrometres millimetres, and β as v
SCIENTIFIC = {"μ": "µ", "β": "b"}
MOST_LETTERS = 10  # that a warning names
BITS = ((TINYINT, 8), (SmallInteger, 16), (MEDIUMINT, 24), (Integer, 32))
TIMESTAMPS = (datetime(1970, 1, 2), datetime(2038, 1, 18))
LARGEST_FLOAT = 3.4e38
LARGEST_KEY = 2**32 - 1  # of an unsigned INT
UUID = "[0-9A-Fa-f]{8}(-?[0-9A-Fa-f]{4}){3}-?[0-9A-Fa-f]{12}"
AS_WRITTEN = "as written"  # key in the metadata of a field: its JSON Schema in a body
STORED_NULL = "stored null"  # key in the metadata of a field: the column is nullable
AREA = re.compile(r"services\.(\w+)(?:\.dialects\.(\w+))?")  # service and dialect of a module
DAY, TIME_OF_DAY = r"^\d{4}-\d\d-\d\d$", r"^\d\d:\d\d(:\d\d(\.\d{1,6})?)?$"
LOCAL_TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?$"


class Characters(validate.Regexp):
    """The characters of ``charset``; control characters only for a text with ``lines``."""

    def __init__(self, charset: str, *, lines: bool):
        inside = f"[^{CONTROLS[lines]}]"
        if charset != "utf8mb4":
            inside = rf"[\t\n\r{WINDOWS_1252}]" if lines else f"[{WINDOWS_1252}]"
        end = "" if lines else r"(?!\n)"  # which Python's $ accepts, and JavaScript's does not
        kind = "" if charset == "utf8mb4" else " (latin1)"
        reason = f"Holds a character that ISPyB cannot store{kind}"
        if not lines:
            reason = f"Holds a control character, or one that ISPyB cannot store{kind}"
        super().__init__(f"^{inside}*${end}", error=f"{reason}.")
        self._controls = re.compile(f"[{CONTROLS[lines]}]+")
        self._charset = charset

    def blanked(self, text: str) -> str:
        """``text`` with a blank for control characters, and without any at its ends."""
        plain = self._controls.sub(" ", text)
        return text if plain == text else plain.strip()

    def unstorable(self, text: str) -> list[str]:
        """The letters of ``text`` that the charset lacks, each once."""
        return [] if self._charset == "utf8mb4" else [*dict.fromkeys(UNSTORABLE.findall(text))]

    def transliterated(self, text: str) -> str:
        """``text`` with ASCII in place of letters that the charset lacks, or a question mark."""
        if not self.unstorable(text):
            return text
        composed = unicodedata.normalize("NFC", text)  # an accent beside its letter has no ASCII
        return UNSTORABLE.sub(lambda match: _write_in_ascii(match[0]), composed)


def _write_in_ascii(letter: str) -> str:
    return SCIENTIFIC.get(letter) or anyascii(letter) or "?"


LATIN1, LATIN1_LINES = (Characters("latin1", lines=lines) for lines in (False, True))
UTF8, UTF8_LINES = (Characters("utf8mb4", lines=lines) for lines in (False, True))


class ExternalId(fields.String):
    """16 bytes, the key in another system: its UUID or number; shown as 32 hexadecimal digits."""

    default_error_messages = {"invalid": "Neither a UUID nor a whole number of 16 bytes."}

    def _serialize(self, value, attr, obj, **kwargs):
        return None if value is None else value.hex()

    def _deserialize(self, value, attr, data, **kwargs):
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**128:
            return value.to_bytes(16)
        if isinstance(value, str) and re.fullmatch(UUID, value, re.ASCII):
            return bytes.fromhex(value.replace("-", ""))
        raise self.make_error("invalid")


class LocalDateTime(fields.NaiveDateTime):
    """A moment in local time; one with a zone is converted to it."""

    def _deserialize(self, value, attr, data, **kwargs):
        moment = fields.DateTime._deserialize(self, value, attr, data, **kwargs)
        try:
            return moment.astimezone().replace(tzinfo=None) if moment.tzinfo else moment
        except (OverflowError, ValueError) as error:  # before the year 1, or after 9999
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE) from error


class TimeOfDay(fields.Time):
    """A time of a day as ``TIME_OF_DAY`` describes it."""

    def _deserialize(self, value, attr, data, **kwargs):
        if not isinstance(value, str) or not re.fullmatch(TIME_OF_DAY, value, re.ASCII):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        return super()._deserialize(value, attr, data, **kwargs)


class Converter(ModelConverter):
    """The converter of columns, which adds ranges, characters and dates to the checks."""

    SQLA_TYPE_MAPPING = {
        **ModelConverter.SQLA_TYPE_MAPPING,
        DateTime: fields.NaiveDateTime,
        TIMESTAMP: fields.NaiveDateTime,
        Enum: fields.String,
        Float: fields.Float,
        Time: TimeOfDay,
        _Binary: ExternalId,
    }

    def _get_field_class_for_data_type(self, data_type):
        if isinstance(data_type, _Binary):
            return ExternalId
        return super()._get_field_class_for_data_type(data_type)

    def _add_column_kwargs(self, kwargs, column):
        super()._add_column_kwargs(kwargs, column)
        kwargs.setdefault("metadata", {})
        if column.doc:
            kwargs["metadata"]["description"] = column.doc
        if "example" in column.info:
            kwargs["metadata"]["example"] = column.info["example"]
        if isinstance(column.type, DateTime):
            kwargs["metadata"] |= {"format": "date-time-local", "pattern": LOCAL_TIME}
            # a zero date, which MariaDB keeps in a NOT NULL column too, is read as null
            kwargs["metadata"][STORED_NULL] = True
        elif isinstance(column.type, Date):
            kwargs["metadata"] |= {"pattern": DAY}
        elif isinstance(column.type, Time):
            kwargs["metadata"] |= {"pattern": TIME_OF_DAY}
        if isinstance(column.type, Enum):
            kwargs["validate"] = [validate.OneOf(column.type.enums)]
        elif isinstance(column.type, String):
            kwargs["validate"].append(characters(column))
        elif isinstance(column.type, _Binary):
            kwargs["validate"] = []
            kwargs["metadata"] |= {"pattern": f"^{UUID}$", "minLength": 32, "maxLength": 36}
            kwargs["metadata"][AS_WRITTEN] = {"type": ["string", "integer", "null"], "minimum": 0}
        elif isinstance(column.type, Integer):
            kwargs["validate"].append(validate.Range(*_bounds(column)))
            kwargs["strict"] = True  # neither 1.5 nor "1" is an integer
        elif isinstance(column.type, Float):
            lowest = 0 if getattr(column.type, "unsigned", False) else -LARGEST_FLOAT
            kwargs["validate"].append(validate.Range(lowest, LARGEST_FLOAT))
        elif isinstance(column.type, TIMESTAMP):
            kwargs["validate"].append(validate.Range(*TIMESTAMPS))


def characters(column) -> Characters:
    """The characters of a text that can be stored in ``column``, or compared with it."""
    lines = isinstance(column.type, Text | Lines)
    if column.info.get("charset", column.table.info.get("charset")) == "utf8mb4":
        return UTF8_LINES if lines else UTF8
    return LATIN1_LINES if lines else LATIN1


def _check_characters(field: fields.Field, column: Any) -> None:
    """Add the characters of ``column`` to a ``field`` with limits of its own but no pattern."""
    text = isinstance(column.type, String) and not isinstance(column.type, Enum)
    if text and isinstance(field, fields.String):
        if not any(isinstance(each, validate.Regexp) for each in field.validators):
            field.validators = [*field.validators, characters(column)]


def blanked(field: fields.Field, value: Any) -> Any:
    """``value`` without control characters, except those that ``field`` accepts.

    It is for writers that cannot be asked again.
    """
    if isinstance(value, str):
        for validator in field.validators:
            if isinstance(validator, Characters):
                return validator.blanked(value)
    return value


def fit_free_text(field: fields.Field, value: Any) -> tuple[Any, list[str]]:
    """``value`` in the characters and the length of ``field``, and the changes for a warning.

    It is for free text of writers that cannot be asked again; a name or a path would be another
    one afterwards.
    """
    changes: list[str] = []
    if not isinstance(value, str):
        return value, changes
    for validator in field.validators:
        if isinstance(validator, Characters) and (letters := validator.unstorable(value)):
            value = validator.transliterated(value)
            more = ", …" if len(letters) > MOST_LETTERS else ""
            named = ", ".join(letters[:MOST_LETTERS]) + more
            changes.append(f"replaced {named}, which ISPyB cannot store (latin1)")
    limits = [v.max for v in field.validators if isinstance(v, validate.Length) and v.max]
    if limits and len(value) > (most := min(limits)):
        value = value[:most]
        changes.append(f"cut to {most} characters")
    return value, changes


def fit_text(field: fields.Field, value: Any, *, free: bool) -> tuple[Any, list[str]]:
    """``value`` with blanks for control characters, ``free`` text in what its column can hold.

    The changes are returned too, for a warning.
    """
    text = blanked(field, value)
    changes = [BLANKED] if text != value else []
    if free:
        text, others = fit_free_text(field, text)
        changes += others
    return text, changes


def text_of(column: Any, least: int = 0, **kwargs: Any) -> fields.String:
    """A field for a text that is compared with ``column``, and that fits it."""
    table_column = column.property.columns[0]
    checks = [validate.Length(least, table_column.type.length), characters(table_column)]
    return fields.String(validate=checks, **kwargs)


def _bounds(column) -> tuple[int, int]:
    bits = next(bits for kind, bits in BITS if isinstance(column.type, kind))
    if getattr(column.type, "unsigned", False):
        return 0, 2**bits - 1
    return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1


class TableSchema(SQLAlchemyAutoSchema):
    """A payload with types, lengths, ranges and nullability of its model.

    ``former`` are names that fields had: bodies and filters take them still, undocumented.

    ``Meta`` also has the columns for ``search``, the default ``sort``, and ``filters``: those of
    a list beyond the filters on its columns, each a ``shared.filters.Filter``.
    """

    former: ClassVar[Mapping[str, str]] = {}

    class Meta:
        model: ClassVar[Any]
        include_fk = True
        model_converter = Converter
        unknown = RAISE
        search: ClassVar[tuple[str, ...]] = ()
        sort: ClassVar[tuple[str, ...]] = ()
        filters: ClassVar[Mapping[str, Any]] = {}

    def load(self, data, **kwargs):
        """The load of marshmallow: that of marshmallow-sqlalchemy makes instances."""
        return Schema.load(self, data, **kwargs)

    def on_bind_field(self, field_name, field_obj):
        """Note whether the column is nullable, and check the characters of texts."""
        attribute = getattr(self.opts.model, field_obj.attribute or field_name, None)
        if attribute is None:
            return
        if isinstance(field_obj, fields.Nested):
            stored_null = not field_obj.many
        else:
            column = attribute.property.columns[0]
            stored_null = column.nullable or field_obj.metadata.get(STORED_NULL, False)
            _check_characters(field_obj, column)
        field_obj.metadata = {**field_obj.metadata, STORED_NULL: stored_null}


@cache
def columns_of(schema: type[Schema]) -> dict[str, fields.Field]:
    """The fields of ``schema`` that are columns of its own table, by name."""
    return {n: f for n, f in schema().fields.items() if not isinstance(f, fields.Nested)}


def definition_name(schema) -> str:
    """The name of ``schema`` in OpenAPI: Proposal for ProposalSchema, ProposalPatch if partial.

    Schemas of dialects, and of services other than core, have the name of their own area first,
    so that no name depends on the services that a site switches on.
    """
    schema = resolve_schema_instance(schema)
    name = type(schema).__name__.removesuffix("Schema")
    package = AREA.match(type(schema).__module__)
    area = (package[2] or package[1]).title().replace("_", "") if package else "Core"
    if area != "Core" and not re.match(f"(?i:{area})[A-Z]", name):
        name = area + name
    return f"{name}Patch" if schema.partial else name
