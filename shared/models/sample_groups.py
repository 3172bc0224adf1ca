"""Groups of samples, and pictures of samples."""

from datetime import datetime

from sqlalchemy import Enum, ForeignKey, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shared.db import Base, Unsigned
from shared.models.people import Person
from shared.models.proposals import Proposal
from shared.models.samples import BLSample
from shared.models.types import Lines, MediumInteger


class BLSampleGroup(Base):
    """A group of samples, e.g. those of one project or of one laboratory."""

    __tablename__ = "BLSampleGroup"

    blSampleGroupId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    name: Mapped[str | None] = mapped_column(String(100), doc="label")
    proposalId: Mapped[int | None] = mapped_column(
        ForeignKey("Proposal.proposalId", ondelete="SET NULL"), index=True, doc="the proposal"
    )
    ownerId: Mapped[int | None] = mapped_column(
        ForeignKey("Person.personId"), index=True, doc="who made the group"
    )

    proposal: Mapped[Proposal | None] = relationship()
    owner: Mapped[Person | None] = relationship()
    members: Mapped[list["BLSampleGroupHasBLSample"]] = relationship(passive_deletes="all")


class BLSampleGroupHasBLSample(Base):
    """A sample in a group."""

    __tablename__ = "BLSampleGroup_has_BLSample"

    blSampleGroupId: Mapped[int] = mapped_column(
        ForeignKey("BLSampleGroup.blSampleGroupId"), primary_key=True, doc="the group"
    )
    blSampleId: Mapped[int] = mapped_column(
        ForeignKey("BLSample.blSampleId"), primary_key=True, index=True, doc="the sample"
    )
    groupOrder: Mapped[int | None] = mapped_column(MediumInteger, doc="place in the group")
    type: Mapped[str | None] = mapped_column(
        Enum("background", "container", "sample", "calibrant", "capillary"),
        doc="part that the sample has in the group",
    )

    sample: Mapped[BLSample] = relationship()


class BLSampleImageScore(Base):
    """A word for the quality of a picture, e.g. Clear or Crystals."""

    __tablename__ = "BLSampleImageScore"

    blSampleImageScoreId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    name: Mapped[str | None] = mapped_column(String(45), doc="the word")
    score: Mapped[float | None] = mapped_column(doc="the same as a number")
    colour: Mapped[str | None] = mapped_column(
        String(15), doc="in which it is shown, e.g. #ff0000"
    )


class BLSampleImage(Base):
    """A picture of a sample."""

    __tablename__ = "BLSampleImage"

    blSampleImageId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    blSampleId: Mapped[int] = mapped_column(
        ForeignKey("BLSample.blSampleId"), index=True, doc="the sample"
    )
    offsetX: Mapped[int] = mapped_column(
        server_default=text("0"), doc="place on the canvas, X, pixels"
    )
    offsetY: Mapped[int] = mapped_column(
        server_default=text("0"), doc="place on the canvas, Y, pixels"
    )
    micronsPerPixelX: Mapped[float | None] = mapped_column(doc="scale, X, µm per pixel")
    micronsPerPixelY: Mapped[float | None] = mapped_column(doc="scale, Y, µm per pixel")
    imageFullPath: Mapped[str | None] = mapped_column(
        String(255), unique=True, doc="file of the picture"
    )
    blSampleImageScoreId: Mapped[int | None] = mapped_column(
        ForeignKey("BLSampleImageScore.blSampleImageScoreId"), index=True, doc="its quality"
    )
    comments: Mapped[str | None] = mapped_column(Lines(255), doc="free text")
    blTimeStamp: Mapped[datetime | None] = mapped_column(doc="when it was taken")
    containerInspectionId: Mapped[int | None] = mapped_column(
        ForeignKey("ContainerInspection.containerInspectionId"),
        index=True,
        doc="inspection of the plate in which it was taken",
    )
    modifiedTimeStamp: Mapped[datetime | None] = mapped_column(doc="when its file changed")

    sample: Mapped[BLSample] = relationship()
    score: Mapped[BLSampleImageScore | None] = relationship()
