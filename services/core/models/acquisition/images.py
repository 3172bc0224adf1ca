"""Images of data collections."""

from datetime import datetime

from sqlalchemy import TIMESTAMP, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Base, Unsigned
from shared.models.types import Lines, local_now
from shared.visibility import by


class Image(Base):
    """One image of a data collection; fast detectors have no rows here."""

    __tablename__ = "Image"
    __table_args__ = (Index("Image_Index3", "fileLocation", "fileName"),)
    visible_by = by("dataCollectionId")

    imageId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    dataCollectionId: Mapped[int] = mapped_column(
        ForeignKey("DataCollection.dataCollectionId", ondelete="CASCADE"),
        index=True,
        server_default=text("0"),
        doc="the data collection",
    )
    imageNumber: Mapped[int | None] = mapped_column(
        Unsigned, index=True, doc="number of the image"
    )
    fileName: Mapped[str | None] = mapped_column(String(255), doc="the file")
    fileLocation: Mapped[str | None] = mapped_column(String(255), doc="its folder")
    jpegFileFullPath: Mapped[str | None] = mapped_column(String(255), doc="file, picture of it")
    jpegThumbnailFileFullPath: Mapped[str | None] = mapped_column(
        String(255), doc="file, small picture of it"
    )
    measuredIntensity: Mapped[float | None] = mapped_column(doc="of the beam")
    cumulativeIntensity: Mapped[float | None] = mapped_column(
        doc="of the beam since the first image"
    )
    synchrotronCurrent: Mapped[float | None] = mapped_column(doc="mA")
    temperature: Mapped[float | None] = mapped_column(doc="of the sample, K")
    machineMessage: Mapped[str | None] = mapped_column(
        Lines(1024), doc="message of the machine's operators"
    )
    comments: Mapped[str | None] = mapped_column(Lines(1024), doc="free text")
    motorPositionId: Mapped[int | None] = mapped_column(
        ForeignKey("MotorPosition.motorPositionId", ondelete="CASCADE"),
        index=True,
        doc="positions of the motors",
    )
    recordTimeStamp: Mapped[datetime] = mapped_column(
        TIMESTAMP, server_default=local_now(), doc="when the row was made"
    )
