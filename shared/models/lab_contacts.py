"""Contacts of a proposal for shipping."""

from datetime import datetime

from sqlalchemy import TIMESTAMP, ForeignKey, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shared.db import Base, Unsigned
from shared.models.people import Person
from shared.models.types import local_now


class LabContact(Base):
    """A contact that sends the samples of a proposal and gets them back."""

    __tablename__ = "LabContact"
    __table_args__ = (
        UniqueConstraint("cardName", "proposalId"),
        UniqueConstraint("personId", "proposalId"),
    )

    labContactId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    personId: Mapped[int] = mapped_column(
        ForeignKey("Person.personId", ondelete="CASCADE"), doc="whom to ask"
    )
    proposalId: Mapped[int] = mapped_column(
        ForeignKey("Proposal.proposalId", ondelete="CASCADE"), index=True, doc="the proposal"
    )
    cardName: Mapped[str] = mapped_column(String(40), doc="label shown in shipping forms")
    defaultCourrierCompany: Mapped[str | None] = mapped_column(
        String(45), doc="courier; the spelling is the column's"
    )
    courierAccount: Mapped[str | None] = mapped_column(String(45), doc="account at the courier")
    billingReference: Mapped[str | None] = mapped_column(String(45), doc="reference on the bill")
    dewarAvgCustomsValue: Mapped[int] = mapped_column(
        Unsigned, server_default=text("0"), doc="value of a dewar declared to customs, euros"
    )
    dewarAvgTransportValue: Mapped[int] = mapped_column(
        Unsigned, server_default=text("0"), doc="value of a dewar declared to the courier, euros"
    )
    recordTimeStamp: Mapped[datetime] = mapped_column(
        TIMESTAMP, server_default=local_now(), doc="when the row was made"
    )

    person: Mapped[Person] = relationship()
