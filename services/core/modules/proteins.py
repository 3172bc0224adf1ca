"""Proteins, or whatever substance the samples of a proposal are of."""

from services.core.modules import proposals
from services.core.schemas.proteins import ProteinSchema
from shared import access, read
from shared.identity import Identity


def find(identity: Identity, query: dict) -> dict:
    """List visible proteins; ``proposal`` is an id or a name."""
    if "proposal" in query:
        query = {**query, "proposal": proposals.key(identity, query["proposal"])}
    return read.page(ProteinSchema, access.proteins(identity), query)


def get(identity: Identity, protein_id: int, fields=()) -> dict:
    """Return one visible protein."""
    return read.one(ProteinSchema, access.proteins(identity), fields, proteinId=protein_id)
