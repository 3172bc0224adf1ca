"""The payloads of MXCuBE's proposals and sessions: text is never null, times are local."""

from datetime import datetime, timedelta

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema
from marshmallow_sqlalchemy import auto_field

from shared.lenient import Key, LenientSchema, LocalTime
from shared.models import BLSession
from shared.schemas import text_of

ON_ARRIVAL = timedelta(days=2, hours=7, minutes=59, seconds=59)  # of a session without an end


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
        try:
            end = data.get("endDate") or start + ON_ARRIVAL
        except OverflowError:
            raise ValidationError("is too late", "startDate") from None
        return {**data, "startDate": start, "endDate": end}


class MxcubeSessionQuery(Schema):
    """The query of sessions by proposal and beamline, and by a date that they overlap."""

    proposal = fields.String(metadata={"description": "code and number, in any case: MX123"})
    beamLineName = text_of(BLSession.beamLineName)
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
