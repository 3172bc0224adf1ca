"""Energy scans, visible to those who see their session."""

from services.core.schemas.beamline.energy_scans import EnergyScanSchema
from shared.table_service import TableService

energy_scans = TableService(EnergyScanSchema, span=("startTime", "endTime"))
