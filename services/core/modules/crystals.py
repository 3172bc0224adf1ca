"""Crystals: forms of the proteins of a proposal."""

from services.core.modules import proposals
from services.core.schemas.crystals import CrystalSchema
from shared import access, read
from shared.identity import Identity


def find(identity: Identity, query: dict) -> dict:
    """List visible crystals; ``proposal`` is an id or a name."""
    if "proposal" in query:
        query = {**query, "proposal": proposals.key(identity, query["proposal"])}
    return read.page(CrystalSchema, access.crystals(identity), query)


def get(identity: Identity, crystal_id: int, fields=()) -> dict:
    """Return one visible crystal."""
    return read.one(CrystalSchema, access.crystals(identity), fields, crystalId=crystal_id)
