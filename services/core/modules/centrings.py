"""X-ray centrings: seen by those who see their group of data collections."""

from services.core.models import XrayCentring, XrayCentringResult
from services.core.modules.records import Records
from services.core.modules.trees import grown
from services.core.schemas.centrings import CentringSchema
from shared import access, rows
from shared.access import Rule
from shared.db import save
from shared.identity import Identity


def _visible(identity: Identity) -> Rule:
    return access.groups(identity, XrayCentring.dataCollectionGroupId)


_records = Records(CentringSchema, _visible)
find, get = _records.find, _records.get


def add(identity: Identity, data: dict) -> dict:
    """Store a centring with its results; its group and the samples must be visible."""
    rows.check_parents(identity, XrayCentring, {n: v for n, v in data.items() if n != "results"})
    for sample in {each.get("blSampleId") for each in data.get("results", ())}:
        rows.check_parents(identity, XrayCentringResult, {"blSampleId": sample})
    return _records.shown(identity, save(grown(XrayCentring, data), {}).xrayCentringId)
