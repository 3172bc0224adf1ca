"""Maps of fluorescence: visible with the data collection of their grid."""

from base64 import b64encode

from sqlalchemy import select

from services.core.models import XRFFluorescenceMapping, XRFFluorescenceMappingROI
from services.core.schemas.processing.xrf_maps import XrfMapSchema
from shared import row_checks
from shared.db import db, save
from shared.identity import Identity
from shared.table_service import TableService


class XrfMaps(TableService):
    """The maps of fluorescence."""

    def get_data(self, identity: Identity, key: int) -> dict:
        """The bytes of a visible map, in base64."""
        row = self.get(identity, key, ("xrfFluorescenceMappingId", "dataFormat"))
        statement = select(XRFFluorescenceMapping.data)
        statement = statement.where(XRFFluorescenceMapping.xrfFluorescenceMappingId == key)
        return {**row, "data": b64encode(db.session.scalar(statement) or b"").decode()}

    def create(self, identity: Identity, data: dict) -> dict:
        """Create a map on a visible grid, with the region of energies that it shows."""
        data = dict(data)
        region = data.pop("region")
        self.check_data(identity, data)
        row_checks.check_parents(identity, XRFFluorescenceMappingROI, region)
        key = save(XRFFluorescenceMappingROI(), region).xrfFluorescenceMappingROIId
        row = save(XRFFluorescenceMapping(), {**data, "xrfFluorescenceMappingROIId": key})
        return self.written(identity, row)


xrf_maps = XrfMaps(XrfMapSchema)
