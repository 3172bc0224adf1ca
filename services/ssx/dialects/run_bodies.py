"""Parts of runs that the dialects have in common: kinds of experiments, events, and refusals."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from marshmallow import fields, validate
from marshmallow_sqlalchemy import auto_field

from services.ssx.models import Event
from services.ssx.schemas.runs import SERIAL_TYPES
from shared.errors import BadInput, NotYet, ServiceError
from shared.lenient import LenientSchema, get_values

SPELLINGS = {name.lower(): name for name in SERIAL_TYPES}


class SerialType(fields.String):
    """A kind of serial experiment, in any case; it loads in the spelling of the column."""

    def __init__(self, **kwargs: Any):
        super().__init__(validate=validate.OneOf(SERIAL_TYPES), **kwargs)

    def _deserialize(self, value, *args, **kwargs):
        text = super()._deserialize(value, *args, **kwargs)
        return SPELLINGS.get(text.lower(), text)


class SerialEventSchema(LenientSchema):
    """The columns of an event; a subclass adds the field ``kind``, the name of its type."""

    free_text = ("name",)

    name = auto_field()
    offset = auto_field(required=True, allow_none=False)
    duration = auto_field()
    period = auto_field()
    repetition = auto_field()

    class Meta(LenientSchema.Meta):
        model = Event

    def translate(self, data: dict) -> dict:
        """The event as the module of event chains takes it."""
        return {"type": {"name": data.pop("kind")}, **get_values(data)}


@contextmanager
def refusing(names: Mapping[str, str | None], *absent: type[ServiceError]) -> Iterator[None]:
    """Raise BadInput for a row that is not there, and name faults as the client names its fields.

    ``names`` are those of the client for the native ones; None for an object that it does not
    have. ``absent`` are the errors beside NotYet that are bad input for this client.
    """
    refused: tuple[type[ServiceError], ...] = (NotYet, *absent)
    try:
        yield
    except BadInput as error:
        raise BadInput(f"{error}", _rename(error.errors or {}, names) or None) from error
    except refused as error:
        raise BadInput(f"{error}", _rename(error.errors or {}, names) or None) from error


def _rename(errors: Any, names: Mapping[str, str | None]) -> Any:
    """``errors`` by field, nested, with other ``names``."""
    if not isinstance(errors, dict):
        return errors
    renamed: dict = {}
    for name, reasons in errors.items():
        reasons, present = _rename(reasons, names), names.get(name, name)
        if present is not None:
            renamed[present] = reasons
        else:
            renamed |= reasons
    return renamed
