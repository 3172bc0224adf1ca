"""Subsamples: points, lines and regions of samples, written with their points."""

from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update

from services.core.schemas.samples.subsamples import PointSchema, SubsampleSchema
from shared import row_checks
from shared.db import db, save
from shared.errors import NotYet
from shared.identity import Identity
from shared.models import BLSample, BLSampleImage, BLSubSample, Position
from shared.table_service import TableService

POINTS = ("position", "position2")  # the relationships to the points, see SubsampleSchema


class Subsamples(TableService):
    """The subsamples of samples."""

    def insert(self, identity: Identity, data: dict) -> BLSubSample:
        """Create a subsample of a visible sample, with its points."""
        row = super().insert(identity, _without_points(data))
        _put_points(row, data)
        return row

    def edit(self, identity: Identity, row: BLSubSample, data: dict) -> BLSubSample:
        """Change a locked subsample; of a point too, the coordinates that ``data`` names."""
        row = super().edit(identity, row, _without_points(data))
        _put_points(row, data)
        return row

    def replace(self, identity: Identity, key: int, data: dict) -> dict:
        """Change all columns of a visible subsample, and its points."""
        points = {name: data.get(name) for name in POINTS}
        whole = {
            n: p if p is None else row_checks.replaced(PointSchema, p) for n, p in points.items()
        }
        return super().replace(identity, key, {**data, **whole})

    def delete(self, identity: Identity, key: int) -> dict:
        """Delete a visible subsample; its sample prefers no subsample any more."""
        row = self.lock(identity, key)
        preferred = update(BLSample).where(
            BLSample.blSampleId == row.blSampleId, BLSample.blSubSampleId == key
        )
        db.session.execute(preferred.values(blSubSampleId=None))
        return super().delete(identity, key)


subsamples = Subsamples(SubsampleSchema, keep=("Position", "Position2"))


@subsamples.check
def check_image(identity: Identity, data: dict, stored: BLSubSample | None) -> None:
    """Check that the picture of a subsample is one of its sample."""
    columns = ("blSampleId", "blSampleImageId")
    if stored is not None and not {*columns} & data.keys():
        return
    sample_id, image_id = (data.get(name, getattr(stored, name, None)) for name in columns)
    statement = select(BLSampleImage.blSampleImageId).where(
        BLSampleImage.blSampleImageId == image_id, BLSampleImage.blSampleId == sample_id
    )
    if image_id is not None and not db.session.scalar(statement):
        reasons = {"blSampleImageId": ["no such BLSampleImage"]}
        raise NotYet("a referenced row is not there yet", reasons)


def _without_points(data: dict) -> dict:
    return {name: value for name, value in data.items() if name not in POINTS}


def _put_points(row: BLSubSample, data: dict) -> None:
    """Set the points of a subsample that ``data`` names.

    A point keeps its row, unless another subsample uses that row too.
    """
    for name in POINTS:
        if name not in data:
            continue
        stored: Any = getattr(row, name)
        if stored is None or data[name] is None or _is_shared(row, stored.positionId):
            now = datetime.now().replace(microsecond=0)
            point = None if data[name] is None else Position(**data[name], recordTimeStamp=now)
            save(row, {name: point})
        else:
            save(stored, data[name])


def _is_shared(row: BLSubSample, position_id: int) -> bool:
    """Whether another subsample, or the other point of this one, has the position."""
    if row.positionId == row.position2Id:
        return True
    used = or_(BLSubSample.positionId == position_id, BLSubSample.position2Id == position_id)
    others = select(BLSubSample.blSubSampleId).where(
        used, BLSubSample.blSubSampleId != row.blSubSampleId
    )
    return db.session.execute(others.limit(1)).first() is not None
