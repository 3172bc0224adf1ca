"""The way of dewars and containers: a row for each change of status or place."""

from datetime import datetime

from sqlalchemy import TIMESTAMP, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shared.db import Base, Unsigned
from shared.models import BLSession, local_now
from shared.visibility import by


class ShippingHasSession(Base):
    """A session that a shipment is for."""

    __tablename__ = "ShippingHasSession"
    visible_by = by("shippingId")

    shippingId: Mapped[int] = mapped_column(
        ForeignKey("Shipping.shippingId", ondelete="CASCADE"), primary_key=True, doc="the shipment"
    )
    sessionId: Mapped[int] = mapped_column(
        ForeignKey("BLSession.sessionId", ondelete="CASCADE"),
        primary_key=True,
        index=True,
        doc="the session",
    )

    session: Mapped[BLSession] = relationship()


class DewarTransportHistory(Base):
    """A status and a place that a dewar had."""

    __tablename__ = "DewarTransportHistory"
    visible_by = by("dewarId")

    dewarTransportHistoryId: Mapped[int] = mapped_column(
        "DewarTransportHistoryId", Unsigned, primary_key=True, doc="key"
    )
    dewarId: Mapped[int | None] = mapped_column(
        ForeignKey("Dewar.dewarId", ondelete="CASCADE"), index=True, doc="the dewar"
    )
    dewarStatus: Mapped[str] = mapped_column(String(45), doc="status, as a word")
    storageLocation: Mapped[str] = mapped_column(String(45), doc="place, may be empty")
    arrivalDate: Mapped[datetime] = mapped_column(
        doc="when it came to that, in a scan the present if absent"
    )


class ContainerHistory(Base):
    """A status and a place that a container had."""

    __tablename__ = "ContainerHistory"
    visible_by = by("containerId")

    containerHistoryId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    containerId: Mapped[int | None] = mapped_column(
        ForeignKey("Container.containerId", ondelete="CASCADE"), index=True, doc="the container"
    )
    status: Mapped[str | None] = mapped_column(String(45), index=True, doc="status, as a word")
    location: Mapped[str | None] = mapped_column(String(45), doc="place in the sample changer")
    beamlineName: Mapped[str | None] = mapped_column(String(20), index=True, doc="beamline")
    currentDewarId: Mapped[int | None] = mapped_column(
        ForeignKey("Dewar.dewarId"), index=True, doc="dewar it was in"
    )
    blTimeStamp: Mapped[datetime] = mapped_column(
        TIMESTAMP, server_default=local_now(), doc="when it came to that"
    )
