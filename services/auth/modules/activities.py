"""The audit trail. Nothing here knows HTTP."""

from services.auth.schemas.activities import ActivitySchema
from shared import read
from shared.access import EVERYTHING


def find(query: dict) -> dict:
    """List who signed in and who changed what."""
    return read.page(ActivitySchema, EVERYTHING, query)
