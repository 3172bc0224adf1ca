"""X-ray centrings: visible with their group of data collections."""

from services.core.models import XrayCentring, XrayCentringResult
from services.core.modules.processing.documents import build_document
from services.core.schemas.processing.xray_centrings import CentringSchema
from shared import row_checks
from shared.db import save
from shared.identity import Identity
from shared.table_service import TableService


class XrayCentrings(TableService):
    """The X-ray centrings."""

    def create(self, identity: Identity, data: dict) -> dict:
        """Store a centring with its results; its group and the samples must be visible."""
        self.check_data(identity, {n: v for n, v in data.items() if n != "results"})
        for sample_id in {each.get("blSampleId") for each in data.get("results", ())}:
            row_checks.check_parents(identity, XrayCentringResult, {"blSampleId": sample_id})
        return self.written(identity, save(build_document(XrayCentring, data), {}))


xray_centrings = XrayCentrings(CentringSchema)
