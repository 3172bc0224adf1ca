"""The audit trail. Nothing here knows HTTP."""

from datetime import datetime

from services.auth.modules import expiry
from services.auth.schemas.activities import ActivitySchema
from shared import read
from shared.access import EVERYTHING
from shared.service_tables import Activity

AT_ONCE = 10_000  # lines


def list_(query: dict) -> dict:
    """One page of the audit trail."""
    return read.page(ActivitySchema, EVERYTHING, query)


def forget(before: datetime) -> int:
    """Delete some of the lines from before ``before``; return their number, 0 at the end."""
    return expiry.drop(Activity, Activity.time < before, AT_ONCE)
