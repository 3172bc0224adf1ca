"""The audit trail. Nothing here knows HTTP."""

from datetime import datetime

from services.auth.modules import expiry
from services.auth.schemas.activities import ActivitySchema
from shared import read
from shared.access import EVERYTHING
from shared.service_tables import Activity

AT_ONCE = 10_000  # lines


def find(query: dict) -> dict:
    """List who signed in and who changed what."""
    return read.page(ActivitySchema, EVERYTHING, query)


def forget(before: datetime) -> int:
    """Delete some of the lines that are older; return their number, 0 if none is left."""
    return expiry.drop(Activity, Activity.time < before, AT_ONCE)
