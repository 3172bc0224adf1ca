"""Energy scans: seen by those who see the session."""

from services.core.models import EnergyScan
from services.core.modules.records import Records
from services.core.schemas.energy_scans import EnergyScanSchema
from shared import access
from shared.access import Rule
from shared.identity import Identity


def _visible(identity: Identity) -> Rule:
    return access.sessions(identity, EnergyScan.sessionId)


_records = Records(EnergyScanSchema, _visible)
find, get, add, change = _records.find, _records.get, _records.add, _records.change
