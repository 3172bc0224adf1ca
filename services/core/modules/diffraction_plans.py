"""Diffraction plans."""

from services.core.modules import proposals
from services.core.schemas.diffraction_plans import DiffractionPlanSchema
from shared import access, read
from shared.identity import Identity


def find(identity: Identity, query: dict) -> dict:
    """List visible diffraction plans; ``proposal`` is an id or a name."""
    if "proposal" in query:
        query = {**query, "proposal": proposals.key(identity, query["proposal"])}
    return read.page(DiffractionPlanSchema, access.plans(identity), query)


def get(identity: Identity, plan_id: int, fields=()) -> dict:
    """Return one visible diffraction plan."""
    return read.one(
        DiffractionPlanSchema, access.plans(identity), fields, diffractionPlanId=plan_id
    )
