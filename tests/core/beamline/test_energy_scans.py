"""Energy scans, visible to those who see their session."""

from services.core.models import EnergyScan
from tests.core.recorded_rows import NEW, OfSessions


class TestEnergyScans(OfSessions):
    url = "/ispyb/api/v1/energy_scans"
    model = EnergyScan
    key = "energyScanId"
    new = {**NEW, "element": "Se", "edgeEnergy": "K", "startEnergy": 12.5, "peakFPrime": -8.25}
    longest = 45
