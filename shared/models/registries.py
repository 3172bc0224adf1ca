"""The physical items that hold samples, whoever uses them: kinds, registered dewars and pucks."""

from datetime import datetime

from sqlalchemy import Enum, ForeignKey, Integer, String, UniqueConstraint, text
from sqlalchemy.dialects.mysql import SMALLINT
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shared.db import Base, Unsigned
from shared.models.lab_contacts import LabContact
from shared.models.people import Person
from shared.models.proposals import Proposal
from shared.models.types import Lines, local_now


class ContainerType(Base):
    """A kind of container, with the places that it has."""

    __tablename__ = "ContainerType"

    containerTypeId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    name: Mapped[str | None] = mapped_column(String(100), doc="e.g. Puck")
    proposalType: Mapped[str | None] = mapped_column(String(10), doc="technique that uses it")
    active: Mapped[bool | None] = mapped_column(
        server_default=text("1"), doc="offered to new containers"
    )
    capacity: Mapped[int | None] = mapped_column(Integer, doc="places")
    wellPerRow: Mapped[int | None] = mapped_column(SMALLINT, doc="of a plate: wells in a row")
    dropPerWellX: Mapped[int | None] = mapped_column(SMALLINT, doc="of a plate: drops across")
    dropPerWellY: Mapped[int | None] = mapped_column(SMALLINT, doc="of a plate: drops down")
    wellDrop: Mapped[int | None] = mapped_column(
        SMALLINT, doc="of a plate: cell of a well that is its reservoir, from 0; -1 for none"
    )


class Imager(Base):
    """A machine that keeps plates and takes pictures of them."""

    __tablename__ = "Imager"

    imagerId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    name: Mapped[str] = mapped_column(String(45), doc="label")
    temperature: Mapped[float | None] = mapped_column(doc="inside, °C")
    serial: Mapped[str | None] = mapped_column(String(45), doc="serial number")
    capacity: Mapped[int | None] = mapped_column(SMALLINT, doc="plates that it holds")


class DewarRegistry(Base):
    """A physical dewar, which proposals use again and again; to delete it deletes its dewars."""

    __tablename__ = "DewarRegistry"

    dewarRegistryId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    facilityCode: Mapped[str] = mapped_column(
        String(20), unique=True, doc="label on the item, e.g. DLS-MX-0001"
    )
    type: Mapped[str] = mapped_column(
        Enum("Dewar", "Toolbox", "Thermal Shipper"), server_default="Dewar", doc="kind"
    )
    proposalId: Mapped[int | None] = mapped_column(
        ForeignKey("Proposal.proposalId"), index=True, doc="proposal of the owner"
    )
    labContactId: Mapped[int | None] = mapped_column(
        ForeignKey("LabContact.labContactId", ondelete="SET NULL"),
        index=True,
        doc="contact of the owner",
    )
    purchaseDate: Mapped[datetime | None] = mapped_column(doc="when it was bought")
    manufacturerSerialNumber: Mapped[str | None] = mapped_column(
        String(15), doc="serial number of the manufacturer"
    )
    bltimestamp: Mapped[datetime] = mapped_column(
        server_default=local_now(), doc="when it was registered"
    )

    proposal: Mapped[Proposal | None] = relationship()
    contact: Mapped[LabContact | None] = relationship()
    proposals: Mapped[list["DewarRegistryHasProposal"]] = relationship(passive_deletes="all")


class DewarRegistryHasProposal(Base):
    """A proposal that may use a registered dewar."""

    __tablename__ = "DewarRegistry_has_Proposal"
    __table_args__ = (UniqueConstraint("dewarRegistryId", "proposalId"),)

    dewarRegistryHasProposalId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    dewarRegistryId: Mapped[int | None] = mapped_column(
        ForeignKey("DewarRegistry.dewarRegistryId"), doc="the dewar"
    )
    proposalId: Mapped[int | None] = mapped_column(
        ForeignKey("Proposal.proposalId"), index=True, doc="the proposal"
    )
    personId: Mapped[int | None] = mapped_column(
        ForeignKey("Person.personId"), index=True, doc="who linked them"
    )
    recordTimestamp: Mapped[datetime | None] = mapped_column(
        server_default=local_now(), doc="when the row was made"
    )
    labContactId: Mapped[int | None] = mapped_column(
        ForeignKey("LabContact.labContactId", ondelete="SET NULL"),
        index=True,
        doc="contact of the proposal for it",
    )

    proposal: Mapped[Proposal | None] = relationship()
    person: Mapped[Person | None] = relationship()


class ContainerRegistry(Base):
    """A physical puck or plate, which proposals use again and again."""

    __tablename__ = "ContainerRegistry"

    containerRegistryId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    barcode: Mapped[str] = mapped_column(String(20), unique=True, doc="its bar code")
    comments: Mapped[str | None] = mapped_column(Lines(255), doc="free text")
    recordTimestamp: Mapped[datetime | None] = mapped_column(
        server_default=local_now(), doc="when it was registered"
    )

    proposals: Mapped[list["ContainerRegistryHasProposal"]] = relationship(passive_deletes="all")


class ContainerRegistryHasProposal(Base):
    """A proposal that may use a registered puck or plate."""

    __tablename__ = "ContainerRegistry_has_Proposal"
    __table_args__ = (UniqueConstraint("containerRegistryId", "proposalId"),)

    containerRegistryHasProposalId: Mapped[int] = mapped_column(
        Unsigned, primary_key=True, doc="key"
    )
    containerRegistryId: Mapped[int | None] = mapped_column(
        ForeignKey("ContainerRegistry.containerRegistryId"), doc="the puck or plate"
    )
    proposalId: Mapped[int | None] = mapped_column(
        ForeignKey("Proposal.proposalId"), index=True, doc="the proposal"
    )
    personId: Mapped[int | None] = mapped_column(
        ForeignKey("Person.personId"), index=True, doc="who linked them"
    )
    recordTimestamp: Mapped[datetime | None] = mapped_column(
        server_default=local_now(), doc="when the row was made"
    )

    proposal: Mapped[Proposal | None] = relationship()
    person: Mapped[Person | None] = relationship()
