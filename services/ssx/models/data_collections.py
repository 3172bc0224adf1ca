"""The columns that serial crystallography adds to a data collection."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.ssx.models.events import EventChain
from shared.db import Base
from shared.models import UTF8, DataCollection
from shared.visibility import by


class SSXDataCollection(Base):
    """The serial part of a data collection, under the same key."""

    __tablename__ = "SSXDataCollection"
    __table_args__ = UTF8
    visible_by = by("dataCollectionId")

    dataCollectionId: Mapped[int] = mapped_column(
        ForeignKey("DataCollection.dataCollectionId", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        doc="key, that of the data collection",
    )
    repetitionRate: Mapped[float | None] = mapped_column(doc="of X-rays or laser, Hz")
    energyBandwidth: Mapped[float | None] = mapped_column(doc="of the beam, %")
    monoStripe: Mapped[str | None] = mapped_column(String(255), doc="stripe of the monochromator")
    jetSpeed: Mapped[float | None] = mapped_column(doc="jet: speed, m/s")
    jetSize: Mapped[float | None] = mapped_column(doc="jet: diameter, µm")
    chipPattern: Mapped[str | None] = mapped_column(String(255), doc="chip: order of its places")
    chipModel: Mapped[str | None] = mapped_column(String(255), doc="chip: its kind")
    reactionDuration: Mapped[float | None] = mapped_column(
        doc="start of the reaction to exposure, where all images share it, s"
    )
    laserEnergy: Mapped[float | None] = mapped_column(doc="of a pump pulse, µJ")
    experimentName: Mapped[str | None] = mapped_column(String(255), doc="label")

    collection: Mapped[DataCollection] = relationship()
    chains: Mapped[list[EventChain]] = relationship(
        primaryjoin="foreign(EventChain.dataCollectionId) == SSXDataCollection.dataCollectionId",
        order_by="EventChain.eventChainId",
        viewonly=True,
    )
