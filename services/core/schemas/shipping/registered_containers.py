"""The payloads of registered containers, and of the proposals that may use them."""

from marshmallow import Schema, fields
from marshmallow_sqlalchemy import auto_field
from sqlalchemy import bindparam, select

from services.core.schemas.people.persons import PersonNameSchema
from services.core.schemas.shipping.registered_dewars import RegistryProposalSchema
from shared.aggregates import Count
from shared.filters import by_parent, by_proposal
from shared.models import Container, ContainerRegistry, ContainerRegistryHasProposal
from shared.records import KEY
from shared.schemas import TableSchema


class RegisteredContainerMetadataSchema(Schema):
    """The number of containers of shipments that are this item."""

    containers = Count(Container.containerRegistryId)


class RegisteredContainerSchema(TableSchema):
    """A physical puck or plate, which proposals use again and again."""

    _metadata = fields.Nested(RegisteredContainerMetadataSchema, dump_only=True)

    class Meta(TableSchema.Meta):
        model = ContainerRegistry
        dump_only = ("containerRegistryId", "recordTimestamp")
        search = ("barcode", "comments")
        sort = ("-containerRegistryId",)
        filters = {
            "proposal": by_proposal(
                ContainerRegistry.containerRegistryId.in_(
                    select(ContainerRegistryHasProposal.containerRegistryId).where(
                        ContainerRegistryHasProposal.proposalId == bindparam("proposal")
                    )
                ),
                "id or name of a proposal that may use it",
                follows_rule=True,
            ),
        }


class NewRegisteredContainerSchema(RegisteredContainerSchema):
    """A new registered container, with the proposal that may use it first."""

    proposalId = fields.Integer(
        required=True,
        load_only=True,
        strict=True,
        validate=KEY,
        metadata={"description": "the proposal that may use it first"},
    )

    class Meta(RegisteredContainerSchema.Meta):
        pass


class RegisteredContainerProposalSchema(TableSchema):
    """A proposal that may use a registered container, and the person who linked them."""

    proposalId = auto_field(required=True, allow_none=False)
    Proposal = fields.Nested(RegistryProposalSchema, attribute="proposal", dump_only=True)
    Person = fields.Nested(PersonNameSchema, attribute="person", dump_only=True)

    class Meta(TableSchema.Meta):
        model = ContainerRegistryHasProposal
        dump_only = (
            *("containerRegistryHasProposalId", "containerRegistryId"),
            *("personId", "recordTimestamp"),
        )
        sort = ("proposalId",)
        filters = by_parent(ContainerRegistryHasProposal.containerRegistryId)
