"""Schemas of clients that cannot be changed: ids as text, marks of missing values, odd words.

They take whole dictionaries. A key without a column is dropped, free text is cut and written in
the letters of its column, an unknown word is null, control characters become blanks: ``warnings``
names each. All other values are checked as strictly as those of the native API.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from marshmallow import EXCLUDE, ValidationError, fields, post_load, pre_load, validate
from marshmallow_sqlalchemy import SQLAlchemySchema, auto_field
from sqlalchemy import Enum, SmallInteger

from shared.schemas import LARGEST_KEY, Converter, fit_text

WHOLE_LIST = {"skip": 0, "limit": 1_000_000}  # of clients that read no second page
SCALAR = str | int | float
REPEATED = ""  # as the reason why a key is ignored
EMPTY: tuple[Any, ...] = (None, "", [], {})


class Loose(fields.Field):
    """A mixin of fields: text that is in ``none`` loads as null, which a field may forbid."""

    none: ClassVar[set[str]] = {"", "None"}

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        """Load a mark of a missing value as null."""
        value = None if self.is_mark(value) else value
        return super().deserialize(value, *args, **kwargs)

    def is_mark(self, value: Any) -> bool:
        """Whether ``value`` is a mark of a missing value."""
        return isinstance(value, SCALAR) and str(value) in self.none


class Whole(Loose, fields.Integer):
    """A whole number, or its digits as text."""

    none = {"", "None", "-9999", "-9999.0"}

    def __init__(self, *, strict: bool = False, **kwargs: Any):
        super().__init__(**kwargs)

    def _validated(self, value):
        if isinstance(value, float) and not value.is_integer():
            raise self.make_error("invalid")
        return super()._validated(value)


class Key(Whole):
    """An id as number or text, where -1, 0, "" and "None" are null."""

    none = {"", "-1", "0", "None"}

    def __init__(self, **kwargs: Any):
        kwargs["validate"] = validate.Range(1, LARGEST_KEY)
        super().__init__(**kwargs)


class Measure(Loose, fields.Float):
    """A number, where -9999 is null."""

    none = Whole.none


class LocalTime(Loose, fields.NaiveDateTime):
    """Local time to the second; a zone is ignored, because clients write Z after local time."""

    def __init__(self, *, metadata: dict, **kwargs: Any):
        super().__init__(metadata={"format": "date-time-local", **metadata}, **kwargs)

    def _deserialize(self, value, *args, **kwargs):
        moment = fields.DateTime._deserialize(self, value, *args, **kwargs)
        return moment.replace(tzinfo=None, microsecond=0)


class Words(fields.String):
    """Text, or a number."""

    def _deserialize(self, value, *args, **kwargs):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return super()._deserialize(str(value) if number else value, *args, **kwargs)


class Forgiving(Loose):
    """A mixin of fields: another value than theirs loads as null, with a warning."""

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        """Load a value that the field refuses as null."""
        try:
            return super().deserialize(value, *args, **kwargs)
        except ValidationError:
            return None


class Choice(Loose, fields.String):
    """One of some words, in any case; another word is null, with a warning."""

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        """Load the word in the spelling of the column."""
        (choices,) = (v.choices for v in self.validators if isinstance(v, validate.OneOf))
        spellings = {word.lower(): word for word in choices}
        word = spellings.get(str(value).lower()) if isinstance(value, SCALAR) else value
        return super().deserialize(word, *args, **kwargs)


class Place(Forgiving, Whole):
    """A small number."""


class Request(Forgiving, Measure):
    """A number that a beamline is asked to set, where 0 and -9999 are null."""

    none = {*Measure.none, "0", "0.0"}


LOOSER = {
    fields.Float: Measure,
    fields.Integer: Whole,
    fields.NaiveDateTime: LocalTime,
    fields.String: Words,
}


class LenientConverter(Converter):
    """Makes the fields of a model as native schemas have them, of the lenient classes above."""

    def _get_field_class_for_column(self, column):
        if column.foreign_keys or column.key.lower().endswith("id"):
            return Key
        if isinstance(column.type, Enum | SmallInteger):
            return Choice if isinstance(column.type, Enum) else Place
        field = super()._get_field_class_for_column(column)
        return LOOSER.get(field, field)


class LenientSchema(SQLAlchemySchema):
    """Takes whole dictionaries of a client; ``warnings`` names the values that are not stored.

    Texts of ``free_text`` may change to fit their columns. Keys of ``ignored`` are sent, and have
    no column: their value is the reason, or REPEATED for a value that is stored by another key.
    """

    free_text: ClassVar[tuple[str, ...]] = ()
    ignored: ClassVar[Mapping[str, str]] = {}
    warnings = fields.List(
        fields.String(),
        dump_only=True,
        metadata={"description": "what was dropped, cut or replaced"},
    )

    class Meta:
        model_converter = LenientConverter
        unknown = EXCLUDE

    @pre_load
    def _fit(self, data, **kwargs):
        if not isinstance(data, dict):
            return data
        return {**data, **{name: text for name, (text, _) in self._list_changes(data).items()}}

    @post_load(pass_original=True)
    def _warn(self, data, original, **kwargs):
        names = {*self.load_fields, *self.ignored}
        warnings = [f"{n:.80}: not stored" for n in original if n not in names]
        for name, (_, changes) in self._list_changes(original).items():
            warnings += [f"{name}: {change}" for change in changes]
        for name, field in self.load_fields.items():
            value = data.get(key := field.attribute or name)
            if isinstance(field, Choice | Forgiving) and name in original and value is None:
                if original[name] is not None and not field.is_mark(original[name]):
                    warnings.append(f"{name}: {original[name]!r:.80} is not known, not stored")
                    del data[key]  # null would clear the stored value
            inner = field.inner if isinstance(field, fields.List) else field
            if isinstance(inner, fields.Nested):
                for part in value if isinstance(value, list) else [value or {}]:
                    warnings += [f"{name}.{text}" for text in part.pop("warnings", ())]
        if dropped := [n for n in original if self.ignored.get(n) and original[n] not in EMPTY]:
            warnings.append(f"{', '.join(dropped)}: not stored, no column has it")
        data = self.translate(data)
        return {**data, "warnings": [*data.get("warnings", ()), *warnings]}

    def translate(self, data: dict) -> dict:
        """The loaded ``data`` in the terms of the modules that store it."""
        return data

    def _list_changes(self, data: dict) -> dict[str, tuple[Any, list[str]]]:
        """The texts of ``data`` that do not fit their columns, as they do, and the changes."""
        texts = {}
        for name, field in self.load_fields.items():
            if name in data:
                text, changes = fit_text(field, data[name], free=name in self.free_text)
                if changes:
                    texts[name] = text, changes
        return texts


class AnsweringSchema(LenientSchema):
    """A payload of bodies and of answers, with the same names in both."""

    def build_answer(self, row: dict) -> dict:
        """The native document ``row`` with the names of the client."""
        names = {n: f.attribute or n for n, f in self.dump_fields.items() if n != "warnings"}
        return {name: row[key] for name, key in names.items()}


def column(name: str, model: Any = None, **kwargs: Any) -> Any:
    """A field of a LenientSchema, of any name, that loads as the column ``name``."""
    return auto_field(name, model=model, attribute=name, **kwargs)


def get_values(data: dict) -> dict:
    """The columns of the loaded ``data`` for which the client has a value."""
    return {name: value for name, value in get_columns(data).items() if value not in (None, "")}


def get_columns(data: dict) -> dict:
    """The columns of the loaded ``data``, without the warnings."""
    return {name: value for name, value in data.items() if name != "warnings"}


def with_warnings(answer: dict, data: dict) -> dict:
    """``answer`` with the warnings about the loaded ``data``, if there are any."""
    return answer | ({"warnings": data["warnings"]} if data["warnings"] else {})
