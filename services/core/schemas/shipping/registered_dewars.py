"""The payloads of registered dewars, and of the proposals that may use them."""

from marshmallow import Schema, fields, validate
from marshmallow_sqlalchemy import auto_field
from sqlalchemy import bindparam, or_, select

from services.core.schemas.people.persons import PersonNameSchema
from shared.aggregates import Count
from shared.filters import by_parent, by_proposal
from shared.models import Dewar, DewarRegistry, DewarRegistryHasProposal, Proposal
from shared.schemas import TableSchema

CODE = r"^[A-Za-z0-9-]{1,20}$(?!\n)"


class RegistryProposalSchema(TableSchema):
    """The proposal of a registered dewar or container."""

    class Meta(TableSchema.Meta):
        model = Proposal
        fields = ("proposalId", "proposalCode", "proposalNumber", "title")


class RegisteredDewarMetadataSchema(Schema):
    """The number of dewars of shipments that are this item."""

    dewars = Count(Dewar.dewarRegistryId)


class RegisteredDewarSchema(TableSchema):
    """A physical dewar, which proposals use again and again."""

    facilityCode = auto_field(
        required=True,
        validate=[validate.Regexp(CODE, error="Must be of letters, digits and hyphens.")],
        metadata={"description": "label on the item; stored in capitals", "example": "DLS-MX-1"},
    )
    Proposal = fields.Nested(RegistryProposalSchema, attribute="proposal", dump_only=True)
    _metadata = fields.Nested(RegisteredDewarMetadataSchema, dump_only=True)

    class Meta(TableSchema.Meta):
        model = DewarRegistry
        dump_only = ("dewarRegistryId", "bltimestamp")
        search = ("facilityCode", "manufacturerSerialNumber")
        sort = ("-dewarRegistryId",)
        filters = {
            "proposal": by_proposal(
                or_(
                    DewarRegistry.proposalId == bindparam("proposal"),
                    DewarRegistry.dewarRegistryId.in_(
                        select(DewarRegistryHasProposal.dewarRegistryId).where(
                            DewarRegistryHasProposal.proposalId == bindparam("proposal")
                        )
                    ),
                ),
                "id or name of a proposal that owns or may use it",
                follows_rule=True,
            ),
        }


class RegisteredDewarProposalSchema(TableSchema):
    """A proposal that may use a registered dewar, and the person who linked them."""

    proposalId = auto_field(required=True, allow_none=False)
    Proposal = fields.Nested(RegistryProposalSchema, attribute="proposal", dump_only=True)
    Person = fields.Nested(PersonNameSchema, attribute="person", dump_only=True)

    class Meta(TableSchema.Meta):
        model = DewarRegistryHasProposal
        dump_only = (
            *("dewarRegistryHasProposalId", "dewarRegistryId"),
            *("personId", "recordTimestamp"),
        )
        sort = ("proposalId",)
        filters = by_parent(DewarRegistryHasProposal.dewarRegistryId)
