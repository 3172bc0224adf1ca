"""The fields of settings, and the base of their sections."""

from collections.abc import Callable, Mapping

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate, validates_schema

from shared.spelling import unknown

MISSING = "is missing"


class Section(Schema):
    """A part of the site file; for an unknown key the error names the nearest one."""

    class Meta:
        unknown = EXCLUDE

    error_messages = {"type": "must hold keys and values"}

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def check_keys(self, _, original, **__):
        """Raise for unknown keys: marshmallow's own check does not name the nearest key."""
        if not isinstance(original, Mapping):
            return
        strangers = [key for key in original if key not in self.fields]
        if strangers:
            raise ValidationError({str(key): [unknown(key, self.fields)] for key in strangers})


class Text(fields.String):
    """A text that is not empty, of at most ``most`` characters, and that passes ``check``."""

    default_error_messages = {"invalid": "must be text", "required": MISSING, "null": MISSING}

    def __init__(
        self, about: str = "", most: int | None = None, check: Callable | None = None, **kwargs
    ):
        length = validate.Length(1, most, error="must have 1 to {max} characters")
        if most is None:
            length = validate.Length(1, error="must not be empty")
        super().__init__(
            validate=[length, check] if check else length,
            metadata={"description": about, **kwargs.pop("metadata", {})},
            **kwargs,
        )


class Addresses(Text):
    """A text, or a list of texts: one for each instance."""

    def deserialize(self, value, *args, **kwargs):
        """Load a text, or each text of a list."""
        one = super().deserialize
        if isinstance(value, list) and value:
            return [one(each, *args, **kwargs) for each in value]
        return one(value, *args, **kwargs)


class Secret(Text):
    """A text that may be {env: NAME} or {file: PATH}, resolved before the schema loads it."""

    default_error_messages = {"invalid": "must be text, {{env: NAME}} or {{file: PATH}}"}


class Whole(fields.Integer):
    """A whole number between bounds."""

    default_error_messages = {"invalid": "must be a whole number", "null": MISSING}

    def __init__(self, about: str, low: int, high: int, default: int):
        super().__init__(
            strict=True,
            load_default=default,
            validate=validate.Range(low, high, error="must be from {min} to {max}"),
            metadata={"description": about},
        )


class Switch(fields.Boolean):
    """A switch, on by default unless ``default`` is false."""

    default_error_messages = {"invalid": "must be true or false", "null": MISSING}

    def __init__(self, about: str, default: bool = True):
        super().__init__(load_default=default, metadata={"description": about})


class Items(fields.List):
    """A list, empty by default."""

    default_error_messages = {
        "invalid": "must be a list",
        "required": MISSING,
        "null": MISSING,
    }

    def __init__(self, item: fields.Field, about: str = "", **kwargs):
        if not kwargs.get("required"):
            kwargs.setdefault("load_default", list)
        super().__init__(item, metadata={"description": about}, **kwargs)
