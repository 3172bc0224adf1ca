"""Proposals, their sessions and who is on them: the tables that decide who sees what."""

from datetime import datetime

from sqlalchemy import TIMESTAMP, Enum, ForeignKey, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shared.db import Base, Unsigned
from shared.models.people import Person
from shared.models.setups import BeamLineSetup
from shared.models.types import External, Lines, local_now

PROPOSAL_ROLES = (
    "Co-Investigator",
    "Principal Investigator",
    "Alternate Contact",
    "ERA Admin",
    "Associate",
)
SESSION_ROLES = (
    "Local Contact",
    "Local Contact 2",
    "Staff",
    "Team Leader",
    *PROPOSAL_ROLES[:3],
    "Data Access",
    "Team Member",
    *PROPOSAL_ROLES[3:],
)
PROPOSAL_STATES = ("Open", "Closed", "Cancelled")
RISK_RATINGS = ("Low", "Medium", "High", "Not Permitted")


class Proposal(Base):
    """Time asked for and granted; known as code and number, e.g. mx2007."""

    __tablename__ = "Proposal"
    __table_args__ = (UniqueConstraint("proposalCode", "proposalNumber"),)

    proposalId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    personId: Mapped[int] = mapped_column(
        ForeignKey("Person.personId", ondelete="CASCADE"),
        index=True,
        server_default=text("0"),
        doc="the leader",
    )
    title: Mapped[str | None] = mapped_column(String(200), doc="what it is about")
    proposalCode: Mapped[str | None] = mapped_column(
        String(45), doc="letters of the discipline, e.g. mx; case does not count"
    )
    proposalNumber: Mapped[str | None] = mapped_column(String(45), doc="digits, e.g. 2007")
    proposalType: Mapped[str | None] = mapped_column(String(2), doc="kind, e.g. MX or BX")
    state: Mapped[str | None] = mapped_column(
        Enum(*PROPOSAL_STATES), server_default="Open", doc="life cycle"
    )
    startDate: Mapped[datetime | None] = mapped_column(doc="start of the allocation period")
    endDate: Mapped[datetime | None] = mapped_column(doc="end of the allocation period")
    externalId: Mapped[bytes | None] = mapped_column(
        External, doc="UUID or number in the user office"
    )
    bltimeStamp: Mapped[datetime] = mapped_column(
        TIMESTAMP, server_default=local_now(), doc="when the row was made"
    )

    leader: Mapped[Person] = relationship()
    members: Mapped[list["ProposalHasPerson"]] = relationship(
        back_populates="proposal", passive_deletes="all"
    )
    sessions: Mapped[list["BLSession"]] = relationship(
        back_populates="proposal", passive_deletes="all"
    )


class ProposalHasPerson(Base):
    """A person on a proposal; the database does not forbid the pair twice."""

    __tablename__ = "ProposalHasPerson"

    proposalHasPersonId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    proposalId: Mapped[int] = mapped_column(
        ForeignKey("Proposal.proposalId"), index=True, doc="the proposal"
    )
    personId: Mapped[int] = mapped_column(
        ForeignKey("Person.personId"), index=True, doc="who is on it"
    )
    role: Mapped[str | None] = mapped_column(Enum(*PROPOSAL_ROLES), doc="part in the proposal")

    proposal: Mapped[Proposal] = relationship(back_populates="members")
    person: Mapped[Person] = relationship()


class BeamCalendar(Base):
    """A run of the machine."""

    __tablename__ = "BeamCalendar"

    beamCalendarId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    run: Mapped[str] = mapped_column(String(7), doc="name, e.g. 2026-02")
    beamStatus: Mapped[str] = mapped_column(String(24), doc="what the beam is for, e.g. user")
    startDate: Mapped[datetime] = mapped_column(doc="first moment of the run")
    endDate: Mapped[datetime] = mapped_column(doc="last moment of the run")


class BLSession(Base):
    """A visit of a beamline or microscope; known as e.g. mx2007-7."""

    __tablename__ = "BLSession"
    __table_args__ = (UniqueConstraint("proposalId", "visit_number"),)

    sessionId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    proposalId: Mapped[int] = mapped_column(
        ForeignKey("Proposal.proposalId", ondelete="CASCADE"),
        server_default=text("0"),
        doc="the proposal it belongs to",
    )
    visit_number: Mapped[int | None] = mapped_column(
        Unsigned, server_default=text("0"), doc="number within the proposal"
    )
    beamLineName: Mapped[str | None] = mapped_column(
        String(45), index=True, doc="beamline or microscope, e.g. i03"
    )
    startDate: Mapped[datetime | None] = mapped_column(index=True, doc="planned start")
    endDate: Mapped[datetime | None] = mapped_column(index=True, doc="planned end")
    scheduled: Mapped[bool | None] = mapped_column(doc="in the schedule, or made ad hoc")
    nbShifts: Mapped[int | None] = mapped_column(Unsigned, doc="shifts, usually of 8 h")
    comments: Mapped[str | None] = mapped_column(Lines(2000), doc="free text")
    beamLineOperator: Mapped[str | None] = mapped_column(
        String(255), doc="names of the local contacts"
    )
    usedFlag: Mapped[bool | None] = mapped_column(doc="has collections, spectra or scans")
    lastUpdate: Mapped[datetime] = mapped_column(
        TIMESTAMP, server_default=local_now(), doc="last activity, or the planned end"
    )
    archived: Mapped[bool | None] = mapped_column(
        server_default=text("0"), doc="raw data are no longer on disk"
    )
    purgedProcessedData: Mapped[bool | None] = mapped_column(
        server_default=text("0"), doc="the folder of processed data is gone"
    )
    riskRating: Mapped[str | None] = mapped_column(
        Enum(*RISK_RATINGS), doc="assessment of the experiment's risk"
    )
    beamLineSetupId: Mapped[int | None] = mapped_column(
        ForeignKey("BeamLineSetup.beamLineSetupId", ondelete="CASCADE"),
        index=True,
        doc="setup in use; to delete it deletes the session",
    )
    beamCalendarId: Mapped[int | None] = mapped_column(
        ForeignKey("BeamCalendar.beamCalendarId", ondelete="SET NULL"),
        index=True,
        doc="run it falls into",
    )
    externalId: Mapped[bytes | None] = mapped_column(
        External, doc="UUID or number in the user office"
    )
    icatId: Mapped[int | None] = mapped_column(Unsigned, doc="investigation in ICAT")
    bltimeStamp: Mapped[datetime] = mapped_column(
        TIMESTAMP, server_default=local_now(), doc="when the row was made"
    )

    proposal: Mapped[Proposal] = relationship(back_populates="sessions")
    setup: Mapped[BeamLineSetup | None] = relationship()
    calendar: Mapped[BeamCalendar | None] = relationship()
    members: Mapped[list["SessionHasPerson"]] = relationship(
        back_populates="session", passive_deletes="all"
    )
    types: Mapped[list["SessionType"]] = relationship(
        back_populates="session", passive_deletes="all"
    )


class SessionHasPerson(Base):
    """A person on a session, in one role."""

    __tablename__ = "Session_has_Person"

    sessionId: Mapped[int] = mapped_column(
        ForeignKey("BLSession.sessionId", ondelete="CASCADE"),
        primary_key=True,
        server_default=text("0"),
        doc="the session",
    )
    personId: Mapped[int] = mapped_column(
        ForeignKey("Person.personId", ondelete="CASCADE"),
        primary_key=True,
        index=True,
        server_default=text("0"),
        doc="who is on it",
    )
    role: Mapped[str | None] = mapped_column(Enum(*SESSION_ROLES), doc="part in the session")
    remote: Mapped[bool | None] = mapped_column(
        server_default=text("0"), doc="takes part from elsewhere"
    )

    session: Mapped[BLSession] = relationship(back_populates="members")
    person: Mapped[Person] = relationship()


class SessionType(Base):
    """A label of a session, e.g. Remote; it may have several."""

    __tablename__ = "SessionType"

    sessionTypeId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    sessionId: Mapped[int] = mapped_column(
        ForeignKey("BLSession.sessionId", ondelete="CASCADE"), index=True, doc="the session"
    )
    typeName: Mapped[str] = mapped_column(String(31), doc="the label")

    session: Mapped[BLSession] = relationship(back_populates="types")
