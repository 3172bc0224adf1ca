"""What a proposal looks like on the wire."""

from marshmallow import Schema, fields
from marshmallow_sqlalchemy import auto_field

from shared import access
from shared.aggregates import Count, Distinct
from shared.models import BLSession, Person, Proposal, ProposalHasPerson
from shared.schemas import TableSchema


class PersonNameSchema(TableSchema):
    """A person as others see it: no contact data."""

    class Meta(TableSchema.Meta):
        model = Person
        fields = ("personId", "givenName", "familyName", "login")


class ProposalMemberSchema(TableSchema):
    Person = fields.Nested(PersonNameSchema, attribute="person")

    class Meta(TableSchema.Meta):
        model = ProposalHasPerson
        fields = ("role", "Person")


class ProposalMetadataSchema(Schema):
    sessions = Count(BLSession.proposalId, visible=access.sessions)
    beamLines = Distinct(BLSession.proposalId, BLSession.beamLineName, visible=access.sessions)
    persons = Count(ProposalHasPerson.proposalId)


class ProposalSchema(TableSchema):
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
