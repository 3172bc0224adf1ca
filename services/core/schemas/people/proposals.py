"""The payloads of proposals."""

from marshmallow import Schema, fields
from marshmallow_sqlalchemy import auto_field

from services.core.schemas.people.members import ProposalMemberSchema
from services.core.schemas.people.persons import PersonNameSchema
from shared.aggregates import Count, Distinct
from shared.models import BLSession, Proposal, ProposalHasPerson
from shared.schemas import TableSchema


class ProposalMetadataSchema(Schema):
    """The sessions, beamlines and members of a proposal that the caller sees."""

    sessions = Count(BLSession.proposalId)
    beamLines = Distinct(BLSession.proposalId, BLSession.beamLineName)
    persons = Count(ProposalHasPerson.proposalId)


class ProposalSchema(TableSchema):
    """A proposal."""

    personId = auto_field(required=True)
    proposalCode = auto_field(required=True, allow_none=False)
    proposalNumber = auto_field(required=True, allow_none=False)
    Person = fields.Nested(PersonNameSchema, attribute="leader", dump_only=True)
    _metadata = fields.Nested(ProposalMetadataSchema, dump_only=True)

    class Meta(TableSchema.Meta):
        model = Proposal
        dump_only = ("proposalId", "bltimeStamp")
        search = ("title", "proposalCode", "proposalNumber")
        sort = ("-proposalId",)


class ProposalSessionSchema(TableSchema):
    """A session in the list of its proposal."""

    class Meta(TableSchema.Meta):
        model = BLSession
        fields = ("sessionId", "visit_number", "beamLineName", "startDate", "endDate", "scheduled")
        sort = ("-startDate",)


ProposalInfoSchema = Schema.from_dict(  # with its members, and the sessions the caller sees
    {
        **ProposalSchema().fields,
        "ProposalHasPerson": fields.List(fields.Nested(ProposalMemberSchema)),
        "BLSession": fields.List(fields.Nested(ProposalSessionSchema)),
    },
    name="ProposalInfoSchema",
)
