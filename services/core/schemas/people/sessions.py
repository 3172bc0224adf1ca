"""The payloads of sessions, and the queries of their lists."""

from marshmallow import Schema, fields, validate
from marshmallow_sqlalchemy import auto_field
from sqlalchemy import bindparam, func, or_, select

from services.core.schemas.people.members import SessionMemberSchema
from services.core.schemas.people.persons import PersonNameSchema
from shared.aggregates import Count, Distinct
from shared.computed import ComputedText
from shared.filters import Filter
from shared.lists import FieldsQuery, ListQuery, TableQuery
from shared.models import (
    BeamLineSetup,
    BLSample,
    BLSession,
    Container,
    DataCollection,
    DataCollectionGroup,
    Proposal,
    SessionHasPerson,
    SessionType,
)
from shared.moments import Moment
from shared.names import beamlines_of_group, build_session_name
from shared.schemas import TableSchema, text_of

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
    """The name of a session, and its data collections, members and labels."""

    name = ComputedText(
        build_session_name,
        *("proposal.proposalCode", "proposal.proposalNumber", "visit_number"),
        allow_none=True,
        metadata={"description": "e.g. mx2007-1, as paths and filters take it"},
    )
    data_collections = Count(DataCollectionGroup.sessionId, through=DataCollection.group)
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


class CurrentSessionMetadataSchema(SessionMetadataSchema):
    """The same, and the samples in the containers for the session."""

    samples = Count(Container.sessionId, through=BLSample.container)


class CurrentSessionSchema(SessionSchema):
    """A session of these days, with the numbers of its samples and data collections."""

    _metadata = fields.Nested(CurrentSessionMetadataSchema, dump_only=True)

    class Meta(SessionSchema.Meta):
        pass


class CurrentSessionQuery(FieldsQuery, TableQuery):
    """The query of the sessions of these days on a beamline."""

    former = {"beamline": "beamLineName"}

    beamLineName = text_of(BLSession.beamLineName, 1, required=True)


class SessionDateQuery(ListQuery):
    """The query of the sessions that overlap a period."""

    former = {"start_date": "start", "end_date": "end", "beamline": "beamLineName"}

    start = Moment(required=True, metadata={"description": "2026-11-05, or with a time"})
    end = Moment(required=True, last=True, metadata={"description": "included"})
    beamLineName = text_of(BLSession.beamLineName)
    proposal = fields.String(metadata={"description": "proposal id or name"})
