"""Energy scans: seen by those who see the session."""

from services.core.schemas.beamline.energy_scans import EnergyScanSchema
from shared.table_service import TableService

energy_scans = TableService(EnergyScanSchema, span=("startTime", "endTime"))
