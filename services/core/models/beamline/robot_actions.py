"""Actions of sample-mounting robots."""

from datetime import datetime

from sqlalchemy import TIMESTAMP, Enum, ForeignKey, SmallInteger, String, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shared.db import Base, Unsigned
from shared.models import BLSession
from shared.models.types import ZERO, LateTime, Lines, now_on_update
from shared.visibility import by


class RobotAction(Base):
    """An action of a sample changer."""

    __tablename__ = "RobotAction"
    visible_by = by("sessionId")

    robotActionId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    sessionId: Mapped[int] = mapped_column(
        "blsessionId", ForeignKey("BLSession.sessionId"), index=True, doc="the session"
    )
    blSampleId: Mapped[int | None] = mapped_column(
        "blsampleId", ForeignKey("BLSample.blSampleId"), index=True, doc="the sample"
    )
    actionType: Mapped[str | None] = mapped_column(
        Enum("LOAD", "UNLOAD", "DISPOSE", "STORE", "WASH", "ANNEAL", "MOSAIC", "LASER"),
        doc="what it did",
    )
    startTimestamp: Mapped[datetime] = mapped_column(
        TIMESTAMP,
        server_default=now_on_update(),
        onupdate=literal_column("startTimestamp"),
        doc="begin; kept by every update that does not set it",
    )
    endTimestamp: Mapped[datetime | None] = mapped_column(
        LateTime, nullable=False, server_default=text(ZERO), doc="end, none until it is known"
    )
    status: Mapped[str | None] = mapped_column(
        Enum("SUCCESS", "ERROR", "CRITICAL", "WARNING", "EPICSFAIL", "COMMANDNOTSENT"),
        doc="how it ended",
    )
    message: Mapped[str | None] = mapped_column(Lines(255), doc="of the robot")
    containerLocation: Mapped[int | None] = mapped_column(
        SmallInteger, doc="place of the sample in its container"
    )
    dewarLocation: Mapped[int | None] = mapped_column(SmallInteger, doc="place of the container")
    sampleBarcode: Mapped[str | None] = mapped_column(String(45), doc="barcode it read")
    xtalSnapshotBefore: Mapped[str | None] = mapped_column(String(255), doc="file, picture before")
    xtalSnapshotAfter: Mapped[str | None] = mapped_column(String(255), doc="file, picture after")

    session: Mapped[BLSession] = relationship()
