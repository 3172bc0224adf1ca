"""The queue of containers for unattended data collection."""

from datetime import datetime

from sqlalchemy import TIMESTAMP, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shared.db import Base, Unsigned
from shared.models import (
    BLSample,
    BLSubSample,
    Container,
    DiffractionPlan,
    Person,
    local_now,
)
from shared.visibility import by


class ContainerQueue(Base):
    """A container that waits for unattended data collection, until it is completed."""

    __tablename__ = "ContainerQueue"
    visible_by = by("containerId", shows=("personId",))

    containerQueueId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    containerId: Mapped[int] = mapped_column(
        ForeignKey("Container.containerId", ondelete="CASCADE"), index=True, doc="the container"
    )
    personId: Mapped[int | None] = mapped_column(
        ForeignKey("Person.personId"), index=True, doc="who queued it"
    )
    createdTimeStamp: Mapped[datetime] = mapped_column(
        TIMESTAMP, server_default=local_now(), doc="when it was queued"
    )
    completedTimeStamp: Mapped[datetime | None] = mapped_column(
        TIMESTAMP, index=True, doc="when it left the queue; null while it waits"
    )

    container: Mapped[Container] = relationship()
    person: Mapped[Person | None] = relationship()
    items: Mapped[list["ContainerQueueSample"]] = relationship(passive_deletes="all")


class ContainerQueueSample(Base):
    """A sample, or a part of one, of a queued container, with its plan."""

    __tablename__ = "ContainerQueueSample"
    visible_by = by("blSampleId", "containerQueueId")

    containerQueueSampleId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    containerQueueId: Mapped[int | None] = mapped_column(
        ForeignKey("ContainerQueue.containerQueueId", ondelete="CASCADE"),
        index=True,
        doc="the queued container",
    )
    blSampleId: Mapped[int | None] = mapped_column(
        ForeignKey("BLSample.blSampleId"), index=True, doc="the sample"
    )
    blSubSampleId: Mapped[int | None] = mapped_column(
        ForeignKey("BLSubSample.blSubSampleId", ondelete="CASCADE"),
        index=True,
        doc="the part of the sample",
    )
    dataCollectionPlanId: Mapped[int | None] = mapped_column(
        ForeignKey("DiffractionPlan.diffractionPlanId"), index=True, doc="how to measure it"
    )
    status: Mapped[str | None] = mapped_column(
        String(20), doc="e.g. skipped or reinspect; success shows in the data collections"
    )
    startTime: Mapped[datetime | None] = mapped_column(doc="when its turn began")
    endTime: Mapped[datetime | None] = mapped_column(doc="when its turn ended")

    sample: Mapped[BLSample | None] = relationship()
    part: Mapped[BLSubSample | None] = relationship()
    plan: Mapped[DiffractionPlan | None] = relationship()
