"""The registered dewars and pucks of proposals, and the contacts for them."""

from dataclasses import dataclass
from datetime import timedelta

from demo.proposals import Visit
from demo.rows import Rows, World, add_to, noon
from shared.models import (
    ContainerRegistry,
    ContainerRegistryHasProposal,
    DewarRegistry,
    DewarRegistryHasProposal,
)

PUCKS = 4  # of a proposal


@dataclass(frozen=True)
class Stores:
    """The contact of a proposal, and its registered dewar and pucks."""

    contact: int
    person: int
    dewar: int
    code: str
    pucks: list[tuple[int, str]]


def equip(world: World, rows: Rows, visit: Visit) -> Stores:
    """Add the registered dewar and pucks of the proposal of ``visit``."""
    proposal, dewar = visit.proposalId, world.key(DewarRegistry)
    contact, person = world.contacts[proposal]
    bought = noon(visit.start.date() - timedelta(days=400))
    code = f"SLS-MX-{dewar:04}"
    add_to(
        rows,
        DewarRegistry,
        dewarRegistryId=dewar,
        facilityCode=code,
        proposalId=proposal,
        labContactId=contact,
        purchaseDate=bought,
        manufacturerSerialNumber=f"CX100-{dewar:05}",
        bltimestamp=bought,
    )
    add_to(
        rows,
        DewarRegistryHasProposal,
        dewarRegistryHasProposalId=world.key(DewarRegistryHasProposal),
        dewarRegistryId=dewar,
        proposalId=proposal,
        personId=person,
        labContactId=contact,
        recordTimestamp=bought,
    )
    pucks = [
        (key, f"SLS-{key:05}") for key in (world.key(ContainerRegistry) for _ in range(PUCKS))
    ]
    for puck, barcode in pucks:
        add_to(
            rows,
            ContainerRegistry,
            containerRegistryId=puck,
            barcode=barcode,
            recordTimestamp=bought,
        )
        add_to(
            rows,
            ContainerRegistryHasProposal,
            containerRegistryHasProposalId=world.key(ContainerRegistryHasProposal),
            containerRegistryId=puck,
            proposalId=proposal,
            personId=person,
            recordTimestamp=bought,
        )
    return Stores(contact, person, dewar, code, pucks)
