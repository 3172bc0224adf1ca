"""Detectors. Whoever is signed in may know them all."""

from sqlalchemy import func, select

from services.core.modules.records import Records
from services.core.schemas.detectors import DetectorSchema
from shared.access import everything
from shared.db import db
from shared.errors import Forbidden
from shared.identity import Identity
from shared.models import BeamLineSetup, Detector

_records = Records(DetectorSchema, everything)
find, get, add, check = _records.find, _records.get, _records.add, _records.check


def change(identity: Identity, key: int, data: dict) -> dict:
    """Change some columns of a detector; limited programs leave those of other beamlines alone."""
    check(identity, key)
    if identity.only is not None:
        used = select(BeamLineSetup.beamlineName).where(BeamLineSetup.detectorId == key)
        if set(db.session.scalars(used)) - identity.only:
            raise Forbidden("the detector is in use at another beamline")
    return _records.change(identity, key, data)


def known(**names: str | None) -> int | None:
    """The first detector with these names in any case; those that are empty do not matter.

    ``names`` are columns: ``detectorManufacturer``, ``detectorModel``, …
    """
    found = select(Detector.detectorId).order_by(Detector.detectorId).limit(1)
    for column, text in names.items():
        if text:
            found = found.where(func.lower(getattr(Detector, column)) == text.lower())
    return db.session.scalar(found)
