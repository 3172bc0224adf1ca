"""Centring of samples with X-rays."""

from sqlalchemy import Enum, ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shared.db import Base, Unsigned
from shared.models import BLSample, DataCollectionGroup
from shared.models.types import UTF8
from shared.visibility import by


class XrayCentring(Base):
    """A centring from the grid scans of a group."""

    __tablename__ = "XrayCentring"
    __table_args__ = UTF8
    visible_by = by("dataCollectionGroupId")

    xrayCentringId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    dataCollectionGroupId: Mapped[int] = mapped_column(
        ForeignKey("DataCollectionGroup.dataCollectionGroupId", ondelete="CASCADE"),
        index=True,
        doc="the group",
    )
    status: Mapped[str | None] = mapped_column(
        Enum("success", "failed", "pending"), doc="how it went"
    )
    xrayCentringType: Mapped[str | None] = mapped_column(
        Enum("2d", "3d"), doc="dimensions of the scan"
    )

    group: Mapped[DataCollectionGroup] = relationship()
    results: Mapped[list["XrayCentringResult"]] = relationship(
        back_populates="centring", passive_deletes="all"
    )


class XrayCentringResult(Base):
    """One crystal of a centring; all lengths are in voxels.

    Its status and its grid, which ISPyB means to remove, are those of the centring and its group.
    """

    __tablename__ = "XrayCentringResult"
    __table_args__ = UTF8
    visible_by = by("xrayCentringId")

    xrayCentringResultId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    xrayCentringId: Mapped[int] = mapped_column(
        ForeignKey("XrayCentring.xrayCentringId", ondelete="CASCADE"),
        index=True,
        doc="the centring",
    )
    blSampleId: Mapped[int | None] = mapped_column(
        ForeignKey("BLSample.blSampleId", ondelete="SET NULL"),
        index=True,
        doc="the sample found there",
    )
    centreOfMassX: Mapped[float | None] = mapped_column(doc="centre, X")
    centreOfMassY: Mapped[float | None] = mapped_column(doc="centre, Y")
    centreOfMassZ: Mapped[float | None] = mapped_column(doc="centre, Z")
    maxVoxelX: Mapped[int | None] = mapped_column(Integer, doc="strongest voxel, X")
    maxVoxelY: Mapped[int | None] = mapped_column(Integer, doc="strongest voxel, Y")
    maxVoxelZ: Mapped[int | None] = mapped_column(Integer, doc="strongest voxel, Z")
    boundingBoxMinX: Mapped[float | None] = mapped_column(doc="begin of the box, X")
    boundingBoxMinY: Mapped[float | None] = mapped_column(doc="begin of the box, Y")
    boundingBoxMinZ: Mapped[float | None] = mapped_column(doc="begin of the box, Z")
    boundingBoxMaxX: Mapped[float | None] = mapped_column(doc="end of the box, X")
    boundingBoxMaxY: Mapped[float | None] = mapped_column(doc="end of the box, Y")
    boundingBoxMaxZ: Mapped[float | None] = mapped_column(doc="end of the box, Z")
    numberOfVoxels: Mapped[int | None] = mapped_column(Integer, doc="voxels in the box")
    totalCount: Mapped[float | None] = mapped_column(doc="sum of their values")

    centring: Mapped[XrayCentring] = relationship(back_populates="results")
    sample: Mapped[BLSample | None] = relationship()
