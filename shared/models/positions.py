"""Where a sample or a goniometer is."""

from datetime import datetime

from sqlalchemy import TIMESTAMP, Double, ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Base, Unsigned
from shared.models.types import local_now


class Position(Base):
    """A point of a sample or of a picture; what refers to it tells which."""

    __tablename__ = "Position"

    positionId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    relativePositionId: Mapped[int | None] = mapped_column(
        ForeignKey("Position.positionId", ondelete="CASCADE"),
        index=True,
        doc="position that this one is relative to",
    )
    posX: Mapped[float | None] = mapped_column(Double, doc="X, in pixels or mm by its use")
    posY: Mapped[float | None] = mapped_column(Double, doc="Y, in pixels or mm by its use")
    posZ: Mapped[float | None] = mapped_column(Double, doc="Z, in pixels or mm by its use")
    scale: Mapped[float | None] = mapped_column(
        Double, doc="factor between its unit and that of the picture"
    )
    recordTimeStamp: Mapped[datetime | None] = mapped_column(
        doc="when the row was made; not automatic"
    )


class MotorPosition(Base):
    """Where the motors of a goniometer are."""

    __tablename__ = "MotorPosition"

    motorPositionId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    phiX: Mapped[float | None] = mapped_column(Double, doc="translation under the rotation, X, mm")
    phiY: Mapped[float | None] = mapped_column(Double, doc="translation under the rotation, Y, mm")
    phiZ: Mapped[float | None] = mapped_column(Double, doc="translation under the rotation, Z, mm")
    sampX: Mapped[float | None] = mapped_column(Double, doc="translation of the sample, X, mm")
    sampY: Mapped[float | None] = mapped_column(Double, doc="translation of the sample, Y, mm")
    omega: Mapped[float | None] = mapped_column(Double, doc="degrees")
    kappa: Mapped[float | None] = mapped_column(Double, doc="degrees")
    phi: Mapped[float | None] = mapped_column(Double, doc="degrees")
    chi: Mapped[float | None] = mapped_column(Double, doc="degrees")
    gridIndexY: Mapped[int | None] = mapped_column(Integer, doc="place in a grid scan, Y")
    gridIndexZ: Mapped[int | None] = mapped_column(Integer, doc="place in a grid scan, Z")
    recordTimeStamp: Mapped[datetime] = mapped_column(
        TIMESTAMP, server_default=local_now(), doc="when the row was made"
    )
