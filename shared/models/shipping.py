"""Shipments, dewars and containers of samples."""

from datetime import date, datetime, time
from typing import Optional

from sqlalchemy import Enum, ForeignKey, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shared.db import Base, Unsigned
from shared.models.lab_contacts import LabContact
from shared.models.people import Person
from shared.models.processing import ProcessingPipeline
from shared.models.proposals import BLSession, Proposal
from shared.models.registries import ContainerRegistry, ContainerType, DewarRegistry
from shared.models.types import Lines, LongText, database_user


class Shipping(Base):
    """A shipment of a proposal."""

    __tablename__ = "Shipping"

    shippingId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    proposalId: Mapped[int] = mapped_column(
        ForeignKey("Proposal.proposalId", ondelete="CASCADE"),
        index=True,
        server_default=text("0"),
        doc="the proposal",
    )
    shippingName: Mapped[str | None] = mapped_column(String(45), index=True, doc="label")
    shippingStatus: Mapped[str | None] = mapped_column(
        String(45), index=True, doc="where it is, e.g. at facility; free text"
    )
    shippingType: Mapped[str | None] = mapped_column(String(45), doc="e.g. DewarTracking")
    comments: Mapped[str | None] = mapped_column(Lines(1000), doc="free text")
    creationDate: Mapped[datetime | None] = mapped_column(
        index=True, doc="when it was made; not automatic"
    )
    bltimeStamp: Mapped[datetime | None] = mapped_column(doc="when it was changed; not automatic")
    sendingLabContactId: Mapped[int | None] = mapped_column(
        ForeignKey("LabContact.labContactId", ondelete="SET NULL"),
        index=True,
        doc="contact that sends it",
    )
    returnLabContactId: Mapped[int | None] = mapped_column(
        ForeignKey("LabContact.labContactId", ondelete="SET NULL"),
        index=True,
        doc="contact that gets it back",
    )
    deliveryAgent_agentName: Mapped[str | None] = mapped_column(String(45), doc="courier")
    deliveryAgent_agentCode: Mapped[str | None] = mapped_column(
        String(45), doc="account at the courier"
    )
    deliveryAgent_flightCode: Mapped[str | None] = mapped_column(String(45), doc="airway bill")
    deliveryAgent_shippingDate: Mapped[date | None] = mapped_column(doc="day of dispatch")
    deliveryAgent_deliveryDate: Mapped[date | None] = mapped_column(doc="day of arrival")
    deliveryAgent_pickupConfirmation: Mapped[str | None] = mapped_column(
        String(10), doc="number of the confirmed pick-up"
    )
    deliveryAgent_productcode: Mapped[str | None] = mapped_column(
        String(10), doc="service of the courier"
    )
    returnCourier: Mapped[str | None] = mapped_column(String(45), doc="courier of the way back")
    dateOfShippingToUser: Mapped[datetime | None] = mapped_column(doc="when it went back")
    readyByTime: Mapped[time | None] = mapped_column(doc="ready for pick-up from")
    closeTime: Mapped[time | None] = mapped_column(doc="no pick-up after")
    physicalLocation: Mapped[str | None] = mapped_column(String(50), doc="where it is picked up")
    safetyLevel: Mapped[str | None] = mapped_column(
        "SAFETYLEVEL", String(8), doc="GREEN, YELLOW or RED"
    )
    isStorageShipping: Mapped[bool | None] = mapped_column(
        server_default=text("0"), doc="for the store, not for a session"
    )
    extra: Mapped[str | None] = mapped_column(
        LongText,
        info={"charset": "utf8mb4"},
        doc="what a site adds, as JSON; the server checks it",
    )
    source: Mapped[str | None] = mapped_column(
        String(50),
        server_default=database_user(),
        doc="who made the row, a client or a database user",
    )
    externalShippingIdToSynchrotron: Mapped[int | None] = mapped_column(
        Unsigned, doc="id in the shipping service"
    )

    proposal: Mapped[Proposal] = relationship()
    sending_contact: Mapped[LabContact | None] = relationship(foreign_keys=[sendingLabContactId])
    return_contact: Mapped[LabContact | None] = relationship(foreign_keys=[returnLabContactId])
    dewars: Mapped[list["Dewar"]] = relationship(back_populates="shipping", passive_deletes="all")


class Dewar(Base):
    """A piece of a shipment: a dewar, toolbox or parcel."""

    __tablename__ = "Dewar"

    dewarId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    shippingId: Mapped[int] = mapped_column(
        ForeignKey("Shipping.shippingId", ondelete="CASCADE"), index=True, doc="the shipment"
    )
    code: Mapped[str | None] = mapped_column(String(45), index=True, doc="label")
    barCode: Mapped[str | None] = mapped_column(
        String(45), unique=True, doc="barcode of the facility"
    )
    facilityCode: Mapped[str | None] = mapped_column(
        String(20), doc="label of the physical item, e.g. DLS-MX-0001"
    )
    type: Mapped[str] = mapped_column(
        Enum("Dewar", "Toolbox", "Parcel"), server_default="Dewar", doc="what travels"
    )
    dewarStatus: Mapped[str | None] = mapped_column(String(45), index=True, doc="last known state")
    storageLocation: Mapped[str | None] = mapped_column(String(45), doc="last known place")
    firstExperimentId: Mapped[int | None] = mapped_column(
        ForeignKey("BLSession.sessionId", ondelete="SET NULL"),
        index=True,
        doc="first session that uses it",
    )
    comments: Mapped[str | None] = mapped_column(Lines(1024), doc="free text")
    trackingNumberToSynchrotron: Mapped[str | None] = mapped_column(
        String(30), doc="at the courier, way there"
    )
    trackingNumberFromSynchrotron: Mapped[str | None] = mapped_column(
        String(30), doc="at the courier, way back"
    )
    deliveryAgent_barcode: Mapped[str | None] = mapped_column(
        String(30), doc="the courier's code of the piece"
    )
    customsValue: Mapped[int | None] = mapped_column(Unsigned, doc="declared to customs, euros")
    transportValue: Mapped[int | None] = mapped_column(
        Unsigned, doc="declared to the courier, euros"
    )
    weight: Mapped[float | None] = mapped_column(doc="kg")
    dewarRegistryId: Mapped[int | None] = mapped_column(
        ForeignKey("DewarRegistry.dewarRegistryId", ondelete="CASCADE"),
        index=True,
        doc="physical item; to delete it deletes the dewar",
    )
    isStorageDewar: Mapped[bool | None] = mapped_column(
        server_default=text("0"), doc="long-term store"
    )
    extra: Mapped[str | None] = mapped_column(
        LongText,
        info={"charset": "utf8mb4"},
        doc="what a site adds, as JSON; the server checks it",
    )
    source: Mapped[str | None] = mapped_column(
        String(50),
        server_default=database_user(),
        doc="who made the row, a client or a database user",
    )
    externalShippingIdFromSynchrotron: Mapped[int | None] = mapped_column(
        Unsigned, doc="id in the shipping service"
    )
    bltimeStamp: Mapped[datetime | None] = mapped_column(doc="when it was changed; not automatic")

    shipping: Mapped[Shipping] = relationship(back_populates="dewars")
    session: Mapped[BLSession | None] = relationship()
    registered: Mapped[DewarRegistry | None] = relationship()
    containers: Mapped[list["Container"]] = relationship(
        back_populates="dewar", foreign_keys="Container.dewarId", passive_deletes="all"
    )


class Container(Base):
    """A puck, plate or grid box; it may be in another one, or nowhere."""

    __tablename__ = "Container"

    containerId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    dewarId: Mapped[int | None] = mapped_column(
        ForeignKey("Dewar.dewarId", ondelete="CASCADE"), index=True, doc="dewar it travels in"
    )
    currentDewarId: Mapped[int | None] = mapped_column(
        ForeignKey("Dewar.dewarId"), index=True, doc="dewar it is in at present"
    )
    parentContainerId: Mapped[int | None] = mapped_column(
        ForeignKey("Container.containerId"), index=True, doc="container it is in"
    )
    parentContainerLocation: Mapped[int | None] = mapped_column(
        Unsigned, doc="place in that container"
    )
    code: Mapped[str | None] = mapped_column(String(45), doc="label")
    barcode: Mapped[str | None] = mapped_column(String(45), unique=True, doc="registered barcode")
    containerType: Mapped[str | None] = mapped_column(String(20), doc="kind, as a word, e.g. Puck")
    containerTypeId: Mapped[int | None] = mapped_column(
        ForeignKey("ContainerType.containerTypeId"), index=True, doc="kind, as a row"
    )
    capacity: Mapped[int | None] = mapped_column(Unsigned, doc="places")
    containerStatus: Mapped[str | None] = mapped_column(
        String(45), index=True, doc="e.g. at facility or processing"
    )
    beamlineLocation: Mapped[str | None] = mapped_column(
        String(20), index=True, doc="beamline it is at"
    )
    sampleChangerLocation: Mapped[str | None] = mapped_column(
        String(20), info={"numeric": True}, doc="place in the sample changer, as text"
    )
    scLocationUpdated: Mapped[datetime | None] = mapped_column(doc="when that place changed")
    sessionId: Mapped[int | None] = mapped_column(
        ForeignKey("BLSession.sessionId", ondelete="SET NULL"), index=True, doc="session it is for"
    )
    ownerId: Mapped[int | None] = mapped_column(
        ForeignKey("Person.personId"), index=True, doc="person responsible"
    )
    containerRegistryId: Mapped[int | None] = mapped_column(
        ForeignKey("ContainerRegistry.containerRegistryId"), index=True, doc="physical item"
    )
    experimentType: Mapped[str | None] = mapped_column(
        String(20), doc="kind of experiment, as a word"
    )
    experimentTypeId: Mapped[int | None] = mapped_column(
        ForeignKey("ExperimentType.experimentTypeId"),
        index=True,
        doc="kind of experiment, as a row",
    )
    priorityPipelineId: Mapped[int | None] = mapped_column(
        ForeignKey("ProcessingPipeline.processingPipelineId"),
        index=True,
        server_default=text("6"),
        doc="pipeline whose results are shown first",
    )
    requestedReturn: Mapped[bool | None] = mapped_column(
        server_default=text("0"), doc="to be sent back, not disposed of"
    )
    storageTemperature: Mapped[float | None] = mapped_column(doc="none is ambient")
    screenId: Mapped[int | None] = mapped_column(
        Unsigned, index=True, doc="crystallisation screen"
    )
    imagerId: Mapped[int | None] = mapped_column(
        ForeignKey("Imager.imagerId"), index=True, doc="imager it is in"
    )
    requestedImagerId: Mapped[int | None] = mapped_column(
        ForeignKey("Imager.imagerId"), index=True, doc="imager it should be in"
    )
    scheduleId: Mapped[int | None] = mapped_column(
        Unsigned, index=True, doc="when pictures are taken"
    )
    comments: Mapped[str | None] = mapped_column(Lines(255), doc="free text")
    source: Mapped[str | None] = mapped_column(
        String(50),
        server_default=database_user(),
        doc="who made the row, a client or a database user",
    )
    bltimeStamp: Mapped[datetime | None] = mapped_column(doc="when it was changed; not automatic")

    dewar: Mapped[Dewar | None] = relationship(back_populates="containers", foreign_keys=[dewarId])
    current: Mapped[Dewar | None] = relationship(foreign_keys=[currentDewarId])
    parent: Mapped[Optional["Container"]] = relationship(remote_side=[containerId])
    session: Mapped[BLSession | None] = relationship()
    owner: Mapped[Person | None] = relationship()
    pipeline: Mapped[ProcessingPipeline | None] = relationship()
    type: Mapped[ContainerType | None] = relationship()
    registered: Mapped[ContainerRegistry | None] = relationship()
