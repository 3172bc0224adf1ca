"""Detectors: every signed-in caller may read them."""

from typing import Any

from sqlalchemy import func, select

from services.core.schemas.beamline.detectors import DetectorSchema
from shared.db import db
from shared.errors import Forbidden
from shared.identity import Identity
from shared.models import BeamLineSetup, Detector
from shared.table_service import TableService


class Detectors(TableService):
    """The detectors of a site."""

    def get_key_by_names(self, **names: str | None) -> int | None:
        """The key of the first detector with these names in any case; empty ones are ignored.

        ``names`` are columns: ``detectorManufacturer``, ``detectorModel``, …
        """
        statement = select(Detector.detectorId).order_by(Detector.detectorId).limit(1)
        for column, text in names.items():
            if text:
                attribute = getattr(Detector, column)
                statement = statement.where(func.lower(attribute) == text.lower())
        return db.session.scalar(statement)


detectors = Detectors(DetectorSchema)


@detectors.check
def check_use(identity: Identity, data: dict, stored: Any) -> None:
    """Raise Forbidden if the caller's token is not for all beamlines that use the detector."""
    if stored is None or identity.beamline_limit is None:
        return
    beamlines = select(BeamLineSetup.beamlineName).where(
        BeamLineSetup.detectorId == stored.detectorId
    )
    if set(db.session.scalars(beamlines)) - identity.beamline_limit:
        raise Forbidden("the detector is in use at another beamline")
