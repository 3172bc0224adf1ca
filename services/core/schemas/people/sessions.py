"""The payloads of sessions, and the queries of their lists."""

from datetime import date, datetime, time, timedelta

from marshmallow import Schema, ValidationError, fields, validate
from marshmallow_sqlalchemy import auto_field
from sqlalchemy import bindparam, func, or_, select

from services.core.schemas.people.members import SessionMemberSchema
from services.core.schemas.people.persons import PersonNameSchema
from shared.aggregates import Count, Distinct
from shared.filters import Filter, by_proposal
from shared.lists import ListQuery
from shared.models import (
    BeamLineSetup,
    BLSession,
    DataCollection,
    DataCollectionGroup,
    Proposal,
    SessionHasPerson,
    SessionType,
)
from shared.names import beamlines_of_group
from shared.schemas import LocalDateTime, TableSchema, text_of

YES = validate.Equal(True)


IN_YEAR = {"description": "of `year`, else of this year"}
IN_MONTH = {"description": "of `month`, which it needs"}
TIMES = {  # the module replaces the first six, which are of clients, by the last three
    "year": Filter(None, fields.Integer(validate=validate.Range(1900, 2200))),
    "month": Filter(None, fields.Integer(validate=validate.Range(1, 12), metadata=IN_YEAR)),
    "day": Filter(None, fields.Integer(validate=validate.Range(1, 31), metadata=IN_MONTH)),
    "today": Filter(None, fields.Boolean(validate=YES)),
    "upcoming": Filter(None, fields.Boolean(validate=YES, metadata={"description": "not over"})),
    "previous": Filter(None, fields.Boolean(validate=YES, metadata={"description": "over"})),
    "starts_before": Filter(BLSession.startDate < bindparam("starts_before")),
    "ends_after": Filter(
        or_(
            BLSession.endDate > bindparam("ends_after"),
            BLSession.startDate >= bindparam("ends_after"),
        )
    ),
    "ended_before": Filter(
        func.coalesce(BLSession.endDate, BLSession.startDate) <= bindparam("ended_before")
    ),
}


class SessionProposalSchema(TableSchema):
    """The proposal of a session."""

    Person = fields.Nested(PersonNameSchema, attribute="leader")

    class Meta(TableSchema.Meta):
        model = Proposal
        fields = ("proposalId", "proposalCode", "proposalNumber", "title", "state", "Person")


class SessionSetupSchema(TableSchema):
    """The setup of the beamline, without the columns that only beamline staff use."""

    class Meta(TableSchema.Meta):
        model = BeamLineSetup
        fields = (
            "beamLineSetupId",
            "beamlineName",
            "setupDate",
            "synchrotronName",
            "synchrotronMode",
            "undulatorType1",
            "undulatorType2",
            "undulatorType3",
            "focusingOptic",
            "focalSpotSizeAtSample",
            "monochromatorType",
            "beamDivergenceHorizontal",
            "beamDivergenceVertical",
            "polarisation",
            "minExposureTimePerImage",
            "maxExpTimePerDataCollection",
            "goniostatMaxOscillationSpeed",
            "goniostatMinOscillationWidth",
            "minTransmission",
            "CS",
        )


class SessionMetadataSchema(Schema):
    """The data collections, members and labels of a session."""

    datacollections = Count(DataCollectionGroup.sessionId, through=DataCollection.group)
    persons = Count(SessionHasPerson.sessionId)
    sessionTypes = Distinct(SessionType.sessionId, SessionType.typeName)


class SessionSchema(TableSchema):
    """A session."""

    proposalId = auto_field(required=True)
    visit_number = auto_field(allow_none=False)
    Proposal = fields.Nested(SessionProposalSchema, attribute="proposal", dump_only=True)
    BeamLineSetup = fields.Nested(SessionSetupSchema, attribute="setup", dump_only=True)
    _metadata = fields.Nested(SessionMetadataSchema, dump_only=True)

    class Meta(TableSchema.Meta):
        model = BLSession
        dump_only = ("sessionId", "bltimeStamp", "lastUpdate")
        search = ("beamLineName", "comments")
        sort = ("-startDate",)
        filters = {
            "proposal": by_proposal(BLSession.proposalId == bindparam("proposal")),
            "beamLineGroup": Filter(
                BLSession.beamLineName.in_(bindparam("beamLineGroup", expanding=True)),
                fields.String(
                    validate=validate.Length(1),
                    metadata={"description": "a group of the site's beamlines"},
                ),
                beamlines_of_group,
            ),
            "sessionType": Filter(
                BLSession.sessionId.in_(
                    select(SessionType.sessionId).where(
                        SessionType.typeName == bindparam("sessionType")
                    )
                ),
                text_of(SessionType.typeName, metadata={"description": "a label, e.g. Remote"}),
            ),
            **TIMES,
        }


class SessionInfoSchema(SessionSchema):
    """A session with its members."""

    Session_has_Person = fields.Nested(
        SessionMemberSchema, many=True, attribute="members", dump_only=True
    )

    class Meta(SessionSchema.Meta):
        pass


DATE_OR_TIME = r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?$"


class Moment(LocalDateTime):
    """A date, or a moment; with ``last`` the end of that day or second."""

    def __init__(self, *, last: bool = False, metadata: dict | None = None, **kwargs):
        written = {"format": "date-time-local", "pattern": DATE_OR_TIME}
        super().__init__(metadata={**(metadata or {}), **written}, **kwargs)
        self.last = last

    def _deserialize(self, value, attr, data, **kwargs):
        try:
            moment = datetime.combine(date.fromisoformat(value), time())
            unit = timedelta(days=1)
        except (TypeError, ValueError):
            moment = super()._deserialize(value, attr, data, **kwargs)
            unit = timedelta(seconds=1)
        try:
            return moment + unit * self.last
        except OverflowError as error:
            raise ValidationError("Not a valid date.") from error


class SessionDateQuery(ListQuery):
    """The query of the sessions that overlap a period."""

    start_date = Moment(required=True, metadata={"description": "2026-11-05, or with a time"})
    end_date = Moment(required=True, last=True, metadata={"description": "included"})
    beamline = text_of(BLSession.beamLineName)
