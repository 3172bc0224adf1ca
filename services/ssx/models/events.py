"""Events of a serial data collection: exposures, laser pulses, reactions."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.ssx.models.components import Component
from shared.db import Base, Unsigned
from shared.models import UTF8, DataCollection
from shared.visibility import PUBLIC, by


class EventType(Base):
    """A kind of event, e.g. LaserExcitation; sites do not add to them."""

    __tablename__ = "EventType"
    __table_args__ = UTF8
    visible_by = PUBLIC

    eventTypeId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    name: Mapped[str] = mapped_column(String(30), unique=True, doc="e.g. XrayExposure")


class EventChain(Base):
    """Events of a data collection that belong together."""

    __tablename__ = "EventChain"
    __table_args__ = UTF8
    visible_by = by("dataCollectionId")

    eventChainId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    dataCollectionId: Mapped[int] = mapped_column(
        ForeignKey("DataCollection.dataCollectionId", ondelete="CASCADE"),
        index=True,
        doc="the data collection",
    )
    name: Mapped[str | None] = mapped_column(String(255), doc="label")

    collection: Mapped[DataCollection] = relationship()
    events: Mapped[list["Event"]] = relationship(
        passive_deletes="all", order_by="Event.eventId", back_populates="chain"
    )


class Event(Base):
    """One event of a chain, once or repeated."""

    __tablename__ = "Event"
    __table_args__ = UTF8
    visible_by = by("eventChainId")

    eventId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    eventChainId: Mapped[int] = mapped_column(
        ForeignKey("EventChain.eventChainId", ondelete="CASCADE"), index=True, doc="the chain"
    )
    eventTypeId: Mapped[int] = mapped_column(
        ForeignKey("EventType.eventTypeId"), index=True, doc="the kind"
    )
    componentId: Mapped[int | None] = mapped_column(
        ForeignKey("Component.componentId"), index=True, doc="reagent that is added, if any"
    )
    name: Mapped[str | None] = mapped_column(String(255), doc="label")
    offset: Mapped[float] = mapped_column(doc="begin after the start of the collection, s")
    duration: Mapped[float | None] = mapped_column(doc="length, s")
    period: Mapped[float | None] = mapped_column(doc="time from one repeat to the next, s")
    repetition: Mapped[float | None] = mapped_column(doc="number of repeats")

    chain: Mapped[EventChain] = relationship(back_populates="events")
    type: Mapped[EventType] = relationship()
    component: Mapped[Component | None] = relationship()
