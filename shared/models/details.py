"""The details of a data collection: grids, image quality, files, comments."""

from datetime import date, datetime

from sqlalchemy import TIMESTAMP, Double, Enum, ForeignKey, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shared.db import Base, MediumUnsigned, Unsigned
from shared.models.acquisitions import DataCollection, DataCollectionGroup
from shared.models.people import Person
from shared.models.types import Lines, local_now


class GridInfo(Base):
    """The grid of a scan; newer rows belong to a collection, older to a group."""

    __tablename__ = "GridInfo"

    gridInfoId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    dataCollectionId: Mapped[int | None] = mapped_column(
        ForeignKey("DataCollection.dataCollectionId", ondelete="CASCADE"),
        index=True,
        doc="the data collection",
    )
    dataCollectionGroupId: Mapped[int | None] = mapped_column(
        ForeignKey("DataCollectionGroup.dataCollectionGroupId"), index=True, doc="the group"
    )
    dx_mm: Mapped[float | None] = mapped_column(Double, doc="step, x, mm")
    dy_mm: Mapped[float | None] = mapped_column(Double, doc="step, y, mm")
    steps_x: Mapped[float | None] = mapped_column(Double, doc="number of steps, x")
    steps_y: Mapped[float | None] = mapped_column(Double, doc="number of steps, y")
    orientation: Mapped[str | None] = mapped_column(
        Enum("vertical", "horizontal"),
        server_default="horizontal",
        doc="direction of the first line",
    )
    snaked: Mapped[bool | None] = mapped_column(
        server_default=text("0"), doc="each second line runs backwards"
    )
    snapshot_offsetXPixel: Mapped[float | None] = mapped_column(
        doc="origin on the picture, X, pixels"
    )
    snapshot_offsetYPixel: Mapped[float | None] = mapped_column(
        doc="origin on the picture, Y, pixels"
    )
    micronsPerPixelX: Mapped[float | None] = mapped_column(doc="scale of the picture, X, µm")
    micronsPerPixelY: Mapped[float | None] = mapped_column(doc="scale of the picture, Y, µm")
    patchesX: Mapped[int | None] = mapped_column(
        Integer, server_default=text("1"), doc="patches the grid is made of, X"
    )
    patchesY: Mapped[int | None] = mapped_column(
        Integer, server_default=text("1"), doc="patches the grid is made of, Y"
    )
    xOffset: Mapped[float | None] = mapped_column(Double, doc="older rows: origin, mm")
    yOffset: Mapped[float | None] = mapped_column(Double, doc="older rows: origin, mm")
    meshAngle: Mapped[float | None] = mapped_column(Double, doc="older rows: angle, degrees")
    workflowMeshId: Mapped[int | None] = mapped_column(
        Unsigned, index=True, doc="mesh of the workflow that made it"
    )
    recordTimeStamp: Mapped[datetime] = mapped_column(
        TIMESTAMP, server_default=local_now(), doc="when the row was made"
    )

    collection: Mapped[DataCollection | None] = relationship(back_populates="grids")
    group: Mapped[DataCollectionGroup | None] = relationship()


class ImageQualityIndicators(Base):
    """The quality of one image; no foreign key protects its data collection."""

    __tablename__ = "ImageQualityIndicators"

    dataCollectionId: Mapped[int] = mapped_column(
        Unsigned,
        primary_key=True,
        autoincrement=False,
        doc="key, the data collection, no foreign key",
    )
    imageNumber: Mapped[int] = mapped_column(
        MediumUnsigned,
        primary_key=True,
        autoincrement=False,
        doc="key, number of the image from 1",
    )
    autoProcProgramId: Mapped[int | None] = mapped_column(
        Unsigned, doc="program that found it, no foreign key"
    )
    imageId: Mapped[int | None] = mapped_column(Integer, doc="the image, of older rows")
    spotTotal: Mapped[int | None] = mapped_column(Integer, doc="spots")
    inResTotal: Mapped[int | None] = mapped_column(Integer, doc="spots in the range of resolution")
    goodBraggCandidates: Mapped[int | None] = mapped_column(
        Integer, doc="spots that may be Bragg's"
    )
    iceRings: Mapped[int | None] = mapped_column(Integer, doc="rings of ice")
    method1Res: Mapped[float | None] = mapped_column(doc="resolution by method 1, Å")
    method2Res: Mapped[float | None] = mapped_column(doc="resolution by method 2, Å")
    totalIntegratedSignal: Mapped[float | None] = mapped_column(Double, doc="sum of the spots")
    dozor_score: Mapped[float | None] = mapped_column(Double, doc="score of DOZOR")
    maxUnitCell: Mapped[float | None] = mapped_column(doc="longest edge of a cell, Å")
    pctSaturationTop50Peaks: Mapped[float | None] = mapped_column(
        doc="share of the range that the 50 strongest spots use, %"
    )
    inResolutionOvrlSpots: Mapped[int | None] = mapped_column(Integer, doc="overloaded spots")
    binPopCutOffMethod2Res: Mapped[float | None] = mapped_column(doc="cut-off of method 2")
    driftFactor: Mapped[float | None] = mapped_column(doc="microscopes: drift of the movie")
    recordTimeStamp: Mapped[datetime | None] = mapped_column(
        doc="when the row was made; not automatic"
    )


class DataCollectionFileAttachment(Base):
    """A file that belongs to a data collection."""

    __tablename__ = "DataCollectionFileAttachment"

    dataCollectionFileAttachmentId: Mapped[int] = mapped_column(
        Unsigned, primary_key=True, doc="key"
    )
    dataCollectionId: Mapped[int] = mapped_column(
        ForeignKey("DataCollection.dataCollectionId", ondelete="CASCADE"),
        index=True,
        doc="the data collection",
    )
    fileFullPath: Mapped[str] = mapped_column(String(255), doc="the file")
    fileType: Mapped[str | None] = mapped_column(
        Enum("snapshot", "log", "xy", "recip", "pia", "warning", "params"), doc="what is in it"
    )
    createTime: Mapped[datetime] = mapped_column(
        TIMESTAMP, server_default=local_now(), doc="when the row was made"
    )

    collection: Mapped[DataCollection] = relationship(back_populates="attachments")


class DataCollectionComment(Base):
    """A comment of a person on a data collection."""

    __tablename__ = "DataCollectionComment"

    dataCollectionCommentId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    dataCollectionId: Mapped[int] = mapped_column(
        ForeignKey("DataCollection.dataCollectionId", ondelete="CASCADE"),
        index=True,
        doc="the data collection",
    )
    personId: Mapped[int] = mapped_column(
        ForeignKey("Person.personId", ondelete="CASCADE"), index=True, doc="who says it"
    )
    comments: Mapped[str | None] = mapped_column(Lines(4000), doc="what is said")
    createTime: Mapped[datetime] = mapped_column(
        server_default=local_now(), doc="when it was said"
    )
    modTime: Mapped[date | None] = mapped_column(doc="day of its last change")

    person: Mapped[Person] = relationship()
