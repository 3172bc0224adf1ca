"""What MXCuBE sends and what it must get: text that is never null, local time, loose ids."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from marshmallow import (
    EXCLUDE,
    Schema,
    ValidationError,
    fields,
    post_load,
    pre_load,
    validate,
    validates_schema,
)
from marshmallow_sqlalchemy import SQLAlchemySchema, auto_field

from shared.models import BLSession
from shared.schemas import Converter

LARGEST_KEY = 2**32 - 1
NO_VALUE = {"", "-1", "None"}  # what the client has for an id when it has none
ON_ARRIVAL = timedelta(days=2, hours=7, minutes=59, seconds=59)  # of a session without an end


class Key(fields.Integer):
    """An id as number or text, where -1, "" and "None" mean that there is none."""

    def __init__(self, **kwargs: Any):
        super().__init__(validate=validate.Range(1, LARGEST_KEY), **kwargs)

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        """No value is null, which a field may forbid."""
        if isinstance(value, float) and not value.is_integer():
            raise self.make_error("invalid")
        return super().deserialize(None if str(value) in NO_VALUE else value, *args, **kwargs)


class LocalTime(fields.NaiveDateTime):
    """Local time to the second, whatever zone it is labelled with: the client writes Z to it."""

    def __init__(self, *, metadata: dict, **kwargs: Any):
        super().__init__(metadata={"format": "date-time-local", **metadata}, **kwargs)

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        """Empty text is null."""
        return super().deserialize(None if value == "" else value, *args, **kwargs)

    def _deserialize(self, value, *args, **kwargs):
        moment = fields.DateTime._deserialize(self, value, *args, **kwargs)
        return moment.replace(tzinfo=None, microsecond=0)


class LenientSchema(SQLAlchemySchema):
    """Takes whole dictionaries of the client: what has no home is dropped, free text is cut.

    ``warnings`` names both.
    """

    free_text: ClassVar[tuple[str, ...]] = ()
    warnings = fields.List(
        fields.String(), dump_only=True, metadata={"description": "what was dropped or cut"}
    )

    class Meta:
        model_converter = Converter
        unknown = EXCLUDE

    @pre_load
    def _cut(self, data, **kwargs):
        if not isinstance(data, dict):
            return data
        return {**data, **{n: data[n][:most] for n, most in self._too_long(data)}}

    @post_load(pass_original=True)
    def _warn(self, data, original, **kwargs):
        dropped = [f"{n}: not stored" for n in original if n not in self.load_fields]
        cut = [f"{n}: cut to {most} characters" for n, most in self._too_long(original)]
        return {**data, "warnings": [*dropped, *cut]}

    def _too_long(self, data):
        for name in self.free_text:
            most = next(v.max for v in self.fields[name].validators if hasattr(v, "max"))
            if isinstance(text := data.get(name), str) and len(text) > most:
                yield name, most


class MxcubeProposalSchema(Schema):
    proposalId = fields.Integer(required=True)
    proposalCode = fields.String(required=True)
    proposalNumber = fields.String(required=True, metadata={"description": "digits, as text"})
    proposal = fields.String(required=True, metadata={"description": "code and number"})
    title = fields.String(required=True)
    state = fields.String(required=True)
    type = fields.String(metadata={"description": "absent where there is none"})


class MxcubeProposalQuery(Schema):
    proposalId = Key(allow_none=True)
    search = fields.String(metadata={"description": "code and number, in any case: MX123"})


class LinkedSetupSchema(Schema):
    beamLineSetupId = fields.Integer()


class MxcubeSessionSchema(LenientSchema):
    free_text = ("comments",)

    proposalId = Key(required=True)
    startDate = LocalTime(allow_none=True, metadata={"description": "default: today, 0:00"})
    endDate = LocalTime(
        allow_none=True, metadata={"description": "default: two days and 7:59:59 later"}
    )
    beamLineName = auto_field(required=True, allow_none=False)
    comments = auto_field()
    scheduled = auto_field()
    sessionId = fields.Integer(dump_only=True)
    proposal = fields.String(dump_only=True, metadata={"description": "e.g. mx123"})
    title = fields.String(dump_only=True, metadata={"description": "of the proposal"})
    nbShifts = fields.Integer(dump_only=True, allow_none=True)
    visitNumber = fields.Integer(dump_only=True, allow_none=True)
    BeamLineSetup = fields.Nested(LinkedSetupSchema, dump_only=True, allow_none=True)

    class Meta(LenientSchema.Meta):
        model = BLSession

    @post_load
    def _dates(self, data, **kwargs):
        today = datetime.now().replace(hour=0, minute=0, second=0, microsecond=0)
        start = data.get("startDate") or today
        return {**data, "startDate": start, "endDate": data.get("endDate") or start + ON_ARRIVAL}


class MxcubeSessionQuery(Schema):
    """Sessions of one proposal on one beamline; with a date those that overlap it."""

    proposal = fields.String(metadata={"description": "code and number, in any case: MX123"})
    beamLineName = fields.String()
    year = fields.Integer(validate=validate.Range(1000, 9998))
    month = fields.Integer(validate=validate.Range(1, 12))
    day = fields.Integer(validate=validate.Range(1, 31))

    @validates_schema
    def _date(self, data, **kwargs):
        for name, larger in (("month", "year"), ("day", "month")):
            if name in data and larger not in data:
                raise ValidationError(f"needs a {larger}", name)
        if "day" in data:
            try:
                datetime(data["year"], data["month"], data["day"])
            except ValueError as error:
                raise ValidationError(f"{error}", "day") from None


class SetupQuery(Schema):
    beamLineSetupId = Key(required=True)
