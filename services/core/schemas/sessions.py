"""What a session looks like on the wire."""

from marshmallow import Schema, fields

from services.core.schemas.proposals import PersonNameSchema
from shared.aggregates import Count, Distinct
from shared.lists import query_of
from shared.models import (
    BLSession,
    DataCollection,
    DataCollectionGroup,
    Proposal,
    SessionHasPerson,
    SessionType,
)
from shared.schemas import TableSchema


class SessionProposalSchema(TableSchema):
    Person = fields.Nested(PersonNameSchema, attribute="leader")

    class Meta(TableSchema.Meta):
        model = Proposal
        fields = ("proposalId", "proposalCode", "proposalNumber", "title", "state", "Person")


class SessionMetadataSchema(Schema):
    datacollections = Count(DataCollectionGroup.sessionId, through=DataCollection.group)
    persons = Count(SessionHasPerson.sessionId)
    sessionTypes = Distinct(SessionType.sessionId, SessionType.typeName)


class SessionSchema(TableSchema):
    Proposal = fields.Nested(SessionProposalSchema, attribute="proposal", dump_only=True)
    _metadata = fields.Nested(SessionMetadataSchema, dump_only=True)

    class Meta(TableSchema.Meta):
        model = BLSession
        dump_only = ("sessionId", "bltimeStamp", "lastUpdate")
        search = ("beamLineName", "comments")
        sort = ("-startDate",)


class SessionQuery(query_of(SessionSchema)):
    proposal = fields.String(metadata={"description": "proposal id or name"})
