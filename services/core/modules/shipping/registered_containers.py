"""Registered containers: users register new ones for their proposals, staff share them."""

from sqlalchemy import select

from services.core.modules.shipping.registered_dewars import STAFF, RegistryProposals
from services.core.schemas.shipping.registered_containers import (
    NewRegisteredContainerSchema,
    RegisteredContainerProposalSchema,
    RegisteredContainerSchema,
)
from shared import row_checks, visibility
from shared.db import db, save
from shared.errors import Forbidden
from shared.identity import Identity
from shared.models import ContainerRegistry, ContainerRegistryHasProposal
from shared.sql import spellings
from shared.table_service import TableService


class RegisteredContainers(TableService):
    """The physical pucks and plates of a facility and its users."""

    def insert(self, identity: Identity, data: dict) -> ContainerRegistry:
        """Register a container for a visible proposal."""
        data = dict(data)
        link = {"proposalId": data.pop("proposalId"), "personId": identity.personId}
        row_checks.check_parents(identity, ContainerRegistryHasProposal, link)
        row = super().insert(identity, data)
        link["containerRegistryId"] = row.containerRegistryId
        save(ContainerRegistryHasProposal(), link)
        return row


registered_containers = RegisteredContainers(
    RegisteredContainerSchema,
    document=NewRegisteredContainerSchema,
    along=("ContainerRegistry_has_Proposal",),
)
registered_container_proposals = RegistryProposals(
    *(registered_containers, "containerRegistryId", "proposalId"),
    RegisteredContainerProposalSchema,
)


@registered_containers.check
def check_barcode(identity: Identity, data: dict, stored: ContainerRegistry | None) -> None:
    """Raise Forbidden if a caller who is not staff changes the bar code of a container."""
    if stored is None or identity.can(*STAFF):
        return
    if data.get("barcode", stored.barcode) != stored.barcode:
        raise Forbidden(f"barcode: needs one of {', '.join(STAFF)}; others change comments")


def get_registered(identity: Identity, barcodes: set[str]) -> dict[str, int]:
    """The keys of the registered containers that a caller sees, by bar code in lower case."""
    if not barcodes:
        return {}
    rule = visibility.rule(identity, ContainerRegistry)
    statement = select(ContainerRegistry.barcode, ContainerRegistry.containerRegistryId).where(
        ContainerRegistry.barcode.in_([word for each in barcodes for word in spellings(each)]),
        rule.condition,
    )
    return {barcode.lower(): key for barcode, key in db.session.execute(statement, rule.values)}
