"""Maps of fluorescence: seen by those who see the data collection of the grid."""

from base64 import b64encode

from sqlalchemy import select

from services.core.models import XRFFluorescenceMapping, XRFFluorescenceMappingROI
from services.core.modules.records import Records
from services.core.schemas.xrf_maps import XrfMapSchema
from shared import access, rows
from shared.access import Rule
from shared.db import db, save
from shared.identity import Identity


def _visible(identity: Identity) -> Rule:
    return access.grids(identity, XRFFluorescenceMapping.gridInfoId)


_records = Records(XrfMapSchema, _visible)
find, get = _records.find, _records.get


def data(identity: Identity, key: int) -> dict:
    """The bytes of a visible map, in base64."""
    shown = get(identity, key, ("xrfFluorescenceMappingId", "dataFormat"))
    found = select(XRFFluorescenceMapping.data)
    found = found.where(XRFFluorescenceMapping.xrfFluorescenceMappingId == key)
    return {**shown, "data": b64encode(db.session.scalar(found) or b"").decode()}


def add(identity: Identity, data: dict) -> dict:
    """Create a map on a visible grid, with what it shows."""
    data = dict(data)
    region = data.pop("region")
    rows.check_parents(identity, XRFFluorescenceMapping, data)
    rows.check_parents(identity, XRFFluorescenceMappingROI, region)
    key = save(XRFFluorescenceMappingROI(), region).xrfFluorescenceMappingROIId
    made = save(XRFFluorescenceMapping(), {**data, "xrfFluorescenceMappingROIId": key})
    return _records.shown(identity, made.xrfFluorescenceMappingId)
