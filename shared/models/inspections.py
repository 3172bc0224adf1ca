"""Inspections of plates: when pictures of their drops are taken, and how."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.dialects.mysql import SMALLINT
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shared.db import Base, Unsigned
from shared.models.registries import Imager
from shared.models.shipping import Container


class InspectionType(Base):
    """A kind of light in which pictures of plates are taken."""

    __tablename__ = "InspectionType"

    inspectionTypeId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    name: Mapped[str | None] = mapped_column(String(45), doc="e.g. Visible or UV")


class ContainerInspection(Base):
    """An inspection of a plate: pictures of its drops are taken."""

    __tablename__ = "ContainerInspection"

    containerInspectionId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    containerId: Mapped[int] = mapped_column(
        ForeignKey("Container.containerId", ondelete="CASCADE"), doc="the plate"
    )
    inspectionTypeId: Mapped[int] = mapped_column(
        ForeignKey("InspectionType.inspectionTypeId"), index=True, doc="kind"
    )
    imagerId: Mapped[int | None] = mapped_column(
        ForeignKey("Imager.imagerId"), index=True, doc="machine that takes the pictures"
    )
    temperature: Mapped[float | None] = mapped_column(doc="of the plate, °C")
    blTimeStamp: Mapped[datetime | None] = mapped_column(doc="when it took place")
    state: Mapped[str | None] = mapped_column(String(20), doc="e.g. Queued or Completed")
    priority: Mapped[int | None] = mapped_column(SMALLINT, doc="higher is earlier")
    manual: Mapped[bool | None] = mapped_column(doc="asked for by a person, not by a schedule")
    scheduledTimeStamp: Mapped[datetime | None] = mapped_column(doc="when it is due")
    completedTimeStamp: Mapped[datetime | None] = mapped_column(doc="when it was completed")

    container: Mapped[Container] = relationship()
    type: Mapped[InspectionType] = relationship()
    imager: Mapped[Imager | None] = relationship()
