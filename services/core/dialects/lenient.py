"""What clients send that cannot be changed: ids as text, marks for what is missing, odd words.

Its schemas take whole dictionaries. What has no home is dropped, free text is cut, an unknown
word is none, control characters become blanks; ``warnings`` names all four. What is left is as
strict as everywhere.
"""

from typing import Any, ClassVar

from marshmallow import EXCLUDE, ValidationError, fields, post_load, pre_load, validate
from marshmallow_sqlalchemy import SQLAlchemySchema, auto_field
from sqlalchemy import Enum, SmallInteger

from shared.schemas import BLANKED, Converter, blanked

LARGEST_KEY = 2**32 - 1
SCALAR = str | int | float


class Loose(fields.Field):
    """A field to mix into another: what ``none`` has, as text, is null, which it may forbid."""

    none: ClassVar[set[str]] = {"", "None"}

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        """Put null for a mark."""
        found = None if self.marks(value) else value
        return super().deserialize(found, *args, **kwargs)

    def marks(self, value: Any) -> bool:
        """Whether ``value`` says that there is none."""
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
    """An id as number or text, where -1, 0, "" and "None" mean that there is none."""

    none = {"", "-1", "0", "None"}

    def __init__(self, **kwargs: Any):
        kwargs["validate"] = validate.Range(1, LARGEST_KEY)
        super().__init__(**kwargs)


class Measure(Loose, fields.Float):
    """A number, where -9999 is what a client writes if it does not have it."""

    none = Whole.none


class LocalTime(Loose, fields.NaiveDateTime):
    """Local time to the second, whatever zone it is labelled with: clients write Z to it."""

    def __init__(self, *, metadata: dict, **kwargs: Any):
        super().__init__(metadata={"format": "date-time-local", **metadata}, **kwargs)

    def _deserialize(self, value, *args, **kwargs):
        moment = fields.DateTime._deserialize(self, value, *args, **kwargs)
        return moment.replace(tzinfo=None, microsecond=0)


class Words(fields.String):
    """Text, for which a number will do."""

    def _deserialize(self, value, *args, **kwargs):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return super()._deserialize(str(value) if number else value, *args, **kwargs)


class Choice(Loose, fields.String):
    """One of some words, in any case; another is none, and worth a warning."""

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        """Put the word as it is spelled here."""
        (known,) = (v.choices for v in self.validators if isinstance(v, validate.OneOf))
        spelled = {word.lower(): word for word in known}
        found = spelled.get(str(value).lower()) if isinstance(value, SCALAR) else value
        return super().deserialize(found, *args, **kwargs)


class Place(Whole):
    """A small number; what is none is worth a warning."""

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        """Put null for what is no such number."""
        try:
            return super().deserialize(value, *args, **kwargs)
        except ValidationError:
            if isinstance(value, SCALAR):
                return None
            raise


LOOSER = {
    fields.Float: Measure,
    fields.Integer: Whole,
    fields.NaiveDateTime: LocalTime,
    fields.String: Words,
}


class LenientConverter(Converter):
    """Takes from a model what our own schemas take, for fields that are easier to please."""

    def _get_field_class_for_column(self, column):
        if column.foreign_keys or column.key.lower().endswith("id"):
            return Key
        if isinstance(column.type, Enum | SmallInteger):
            return Choice if isinstance(column.type, Enum) else Place
        found = super()._get_field_class_for_column(column)
        return LOOSER.get(found, found)


class LenientSchema(SQLAlchemySchema):
    """Takes whole dictionaries of a client; ``warnings`` names what it did not keep.

    ``free_text`` may be cut; ``ignored`` is known to have no home, and not worth a warning.
    """

    free_text: ClassVar[tuple[str, ...]] = ()
    ignored: ClassVar[tuple[str, ...]] = ()
    warnings = fields.List(
        fields.String(), dump_only=True, metadata={"description": "what was dropped or cut"}
    )

    class Meta:
        model_converter = LenientConverter
        unknown = EXCLUDE

    @pre_load
    def _cut(self, data, **kwargs):
        if not isinstance(data, dict):
            return data
        data = {**data, **self._blanked(data)}
        return {**data, **{n: data[n][:most] for n, most in self._too_long(data)}}

    @post_load(pass_original=True)
    def _warn(self, data, original, **kwargs):
        known = {*self.load_fields, *self.ignored}
        found = [f"{n:.80}: not stored" for n in original if n not in known]
        found += [f"{n}: {BLANKED}" for n in self._blanked(original)]
        found += [f"{n}: cut to {most} characters" for n, most in self._too_long(original)]
        for name, field in self.load_fields.items():
            value = data.get(key := field.attribute or name)
            if isinstance(field, Choice | Place) and name in original and value is None:
                if original[name] is not None and not field.marks(original[name]):
                    found.append(f"{name}: {original[name]!r:.80} is not known, not stored")
                    del data[key]  # what is stored is not cleared by it
            inner = field.inner if isinstance(field, fields.List) else field
            if isinstance(inner, fields.Nested):
                for part in value if isinstance(value, list) else [value or {}]:
                    found += [f"{name}.{text}" for text in part.pop("warnings", ())]
        return {**self.translated(data), "warnings": found}

    def translated(self, data: dict) -> dict:
        """What was loaded, in the terms of the modules that store it."""
        return data

    def _blanked(self, data: dict) -> dict:
        """The texts whose control characters become blanks."""
        given = {name: data[name] for name in self.load_fields.keys() & data.keys()}
        texts = {name: blanked(self.load_fields[name], value) for name, value in given.items()}
        return {name: text for name, text in texts.items() if text != given[name]}

    def _too_long(self, data):
        for name in self.free_text:
            most = next(v.max for v in self.fields[name].validators if hasattr(v, "max"))
            if isinstance(text := data.get(name), str) and len(text) > most:
                yield name, most


class AnsweringSchema(LenientSchema):
    """Says in an answer what it takes in a body, by the same names."""

    def answer(self, row: dict) -> dict:
        """The native ``row`` of a table as the client knows it."""
        names = {n: f.attribute or n for n, f in self.dump_fields.items() if n != "warnings"}
        return {name: row[key] for name, key in names.items()}


def column(name: str, model: Any = None, **kwargs: Any) -> Any:
    """A field of a LenientSchema that loads as the column ``name``, whatever it is called."""
    return auto_field(name, model=model, attribute=name, **kwargs)
