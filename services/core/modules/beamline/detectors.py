"""Detectors: every signed-in caller may read them."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, select

from services.core.schemas.beamline.detectors import DetectorSchema
from shared import read, row_checks, visibility
from shared.access import Rule
from shared.db import db
from shared.errors import Forbidden
from shared.identity import Identity
from shared.models import BeamLineSetup, Detector
from shared.statements import cache_statements
from shared.table_service import TableService


class Detectors(TableService):
    """The detectors of a site."""

    def get_by_names(
        self, identity: Identity, names: Mapping[str, str | None], fields: Collection[str] = ()
    ) -> dict:
        """The first detector with these names in any case; empty ones are ignored.

        ``names`` are columns: ``detectorManufacturer``, ``detectorModel``, …
        """
        texts = {f"lower_{column}": text.lower() for column, text in names.items() if text}
        shape = visibility.rule(identity, Detector).shape  # the table hides no row
        rule = Rule(_is_first(tuple(column for column in names if names[column])), texts, shape)
        row = read.one(self.schema, rule, fields)
        row_checks.note_visible(identity, Detector, row[self.key_name])
        return row


@cache_statements(16)
def _is_first(columns: tuple[str, ...]) -> ColumnElement[bool]:
    """Whether a detector is the first one with the names ``lower_`` and column."""
    same = (func.lower(getattr(Detector, name)) == bindparam(f"lower_{name}") for name in columns)
    first = select(func.min(Detector.detectorId)).where(*same)
    return Detector.detectorId == first.scalar_subquery()


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
