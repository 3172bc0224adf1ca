"""Samples, and what they are made of."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    TIMESTAMP,
    ColumnElement,
    Double,
    Enum,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    func,
    select,
    text,
)
from sqlalchemy.orm import Mapped, aliased, foreign, mapped_column, relationship, remote

from shared.db import Base, SmallUnsigned, TinyUnsigned, Unsigned
from shared.models.plans import DiffractionPlan
from shared.models.positions import Position
from shared.models.proposals import Proposal
from shared.models.shipping import Container
from shared.models.types import External, Lines, MediumInteger, database_user, local_now


class ComponentType(Base):
    """A kind of substance; its proteins are deleted with it."""

    __tablename__ = "ComponentType"

    componentTypeId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    name: Mapped[str] = mapped_column(String(31), unique=True, doc="e.g. Protein")


class ConcentrationType(Base):
    """A unit of concentration; to delete one deletes its proteins."""

    __tablename__ = "ConcentrationType"

    concentrationTypeId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    name: Mapped[str] = mapped_column(String(31), doc="of the unit")
    symbol: Mapped[str] = mapped_column(String(8), doc="of the unit, e.g. mg/ml")
    proposalType: Mapped[str | None] = mapped_column(
        String(10), doc="technique that uses it, none for all"
    )
    active: Mapped[bool | None] = mapped_column(
        server_default=text("1"), doc="offered to new samples"
    )


class Protein(Base):
    """A substance of a proposal; for some clients a component."""

    __tablename__ = "Protein"
    __table_args__ = (Index("ProteinAcronym_Index", "proposalId", "acronym"),)

    proteinId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    proposalId: Mapped[int] = mapped_column(
        ForeignKey("Proposal.proposalId", ondelete="CASCADE"),
        server_default=text("0"),
        doc="the proposal",
    )
    acronym: Mapped[str | None] = mapped_column(
        String(45), index=True, doc="short label, used everywhere"
    )
    name: Mapped[str | None] = mapped_column(String(255), doc="long name")
    sequence: Mapped[str | None] = mapped_column(Text, doc="amino acids, bases or a formula")
    description: Mapped[str | None] = mapped_column(Text, doc="free text")
    molecularMass: Mapped[float | None] = mapped_column(Double, doc="Da")
    proteinType: Mapped[str | None] = mapped_column(String(45), doc="kind, free text")
    safetyLevel: Mapped[str | None] = mapped_column(
        Enum("GREEN", "YELLOW", "RED"), doc="hazard, as a colour"
    )
    hazardGroup: Mapped[int] = mapped_column(
        TinyUnsigned, server_default=text("1"), doc="risk group"
    )
    containmentLevel: Mapped[int] = mapped_column(
        TinyUnsigned, server_default=text("1"), doc="level of biosafety"
    )
    componentTypeId: Mapped[int | None] = mapped_column(
        ForeignKey("ComponentType.componentTypeId", ondelete="CASCADE"),
        index=True,
        doc="what it is",
    )
    concentrationTypeId: Mapped[int | None] = mapped_column(
        ForeignKey("ConcentrationType.concentrationTypeId", ondelete="CASCADE"),
        index=True,
        doc="unit of its concentration",
    )
    personId: Mapped[int | None] = mapped_column(
        Unsigned, index=True, doc="who made it; no foreign key"
    )
    isCreatedBySampleSheet: Mapped[bool | None] = mapped_column(
        server_default=text("0"), doc="made by an import"
    )
    density: Mapped[float | None] = mapped_column(doc="g/cm3")
    isotropy: Mapped[str | None] = mapped_column(
        Enum("isotropic", "anisotropic"), doc="of its structure"
    )
    externalId: Mapped[bytes | None] = mapped_column(
        External, doc="UUID or number in the user office"
    )
    bltimeStamp: Mapped[datetime] = mapped_column(
        TIMESTAMP, server_default=local_now(), doc="when the row was made"
    )

    proposal: Mapped[Proposal] = relationship()
    type: Mapped[ComponentType | None] = relationship()
    unit: Mapped[ConcentrationType | None] = relationship()
    crystals: Mapped[list["Crystal"]] = relationship(
        back_populates="protein", passive_deletes="all"
    )


class Crystal(Base):
    """A form of a protein; many clients make one per sample."""

    __tablename__ = "Crystal"

    crystalId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    proteinId: Mapped[int] = mapped_column(
        ForeignKey("Protein.proteinId", ondelete="CASCADE"),
        index=True,
        server_default=text("0"),
        doc="the protein",
    )
    diffractionPlanId: Mapped[int | None] = mapped_column(
        ForeignKey("DiffractionPlan.diffractionPlanId", ondelete="CASCADE"),
        index=True,
        doc="plan of samples without one; to delete it deletes the crystal",
    )
    name: Mapped[str | None] = mapped_column(String(255), doc="label")
    spaceGroup: Mapped[str | None] = mapped_column(String(20), doc="expected space group")
    cell_a: Mapped[float | None] = mapped_column(Double, doc="expected cell, a, Å")
    cell_b: Mapped[float | None] = mapped_column(Double, doc="expected cell, b, Å")
    cell_c: Mapped[float | None] = mapped_column(Double, doc="expected cell, c, Å")
    cell_alpha: Mapped[float | None] = mapped_column(Double, doc="expected cell, alpha, degrees")
    cell_beta: Mapped[float | None] = mapped_column(Double, doc="expected cell, beta, degrees")
    cell_gamma: Mapped[float | None] = mapped_column(Double, doc="expected cell, gamma, degrees")
    size_X: Mapped[float | None] = mapped_column(Double, doc="size, X, mm")
    size_Y: Mapped[float | None] = mapped_column(Double, doc="size, Y, mm")
    size_Z: Mapped[float | None] = mapped_column(Double, doc="size, Z, mm")
    morphology: Mapped[str | None] = mapped_column(String(255), doc="shape")
    color: Mapped[str | None] = mapped_column(String(45), doc="colour")
    comments: Mapped[str | None] = mapped_column(Lines(255), doc="free text")
    pdbFileName: Mapped[str | None] = mapped_column(String(255), doc="search model, its file")
    pdbFilePath: Mapped[str | None] = mapped_column(String(1024), doc="search model, its folder")
    abundance: Mapped[float | None] = mapped_column(doc="share of this form")
    theoreticalDensity: Mapped[float | None] = mapped_column(doc="g/cm3")
    crystalUUID: Mapped[str | None] = mapped_column(String(45), doc="id a client gave it")
    recordTimeStamp: Mapped[datetime] = mapped_column(
        TIMESTAMP, server_default=local_now(), doc="when the row was made"
    )

    protein: Mapped[Protein] = relationship(back_populates="crystals")
    plan: Mapped[DiffractionPlan | None] = relationship()
    samples: Mapped[list["BLSample"]] = relationship(
        back_populates="crystal", passive_deletes="all"
    )


class BLSample(Base):
    """A sample; it may have neither crystal nor container."""

    __tablename__ = "BLSample"
    __table_args__ = (
        UniqueConstraint("containerId", "location", "subLocation"),
        Index("BLSample_crystalId_containerId", "crystalId", "containerId"),
    )

    blSampleId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    name: Mapped[str | None] = mapped_column(
        String(45), index=True, doc="letters, digits and :+_- only, or clients refuse it"
    )
    code: Mapped[str | None] = mapped_column(String(45), doc="barcode of the pin")
    containerId: Mapped[int | None] = mapped_column(
        ForeignKey("Container.containerId", ondelete="CASCADE"),
        index=True,
        doc="where it is; to delete that deletes the sample",
    )
    location: Mapped[str | None] = mapped_column(
        String(45), info={"numeric": True}, doc="place in the container, as text"
    )
    subLocation: Mapped[int | None] = mapped_column(
        SmallUnsigned, doc="place on a pin with several, 1 is next to the base"
    )
    crystalId: Mapped[int | None] = mapped_column(
        ForeignKey("Crystal.crystalId", ondelete="CASCADE"), doc="what it is"
    )
    diffractionPlanId: Mapped[int | None] = mapped_column(
        ForeignKey("DiffractionPlan.diffractionPlanId", ondelete="CASCADE"),
        index=True,
        doc="how to measure it; to delete that deletes the sample",
    )
    blSampleStatus: Mapped[str | None] = mapped_column(
        String(20), index=True, doc="state at the beamline, e.g. LOADED"
    )
    isInSampleChanger: Mapped[bool | None] = mapped_column(doc="is in the sample changer")
    comments: Mapped[str | None] = mapped_column(Lines(1024), doc="free text")
    staffComments: Mapped[str | None] = mapped_column(Lines(255), doc="free text of the staff")
    lastKnownCenteringPosition: Mapped[str | None] = mapped_column(
        String(255), doc="motor positions, as text"
    )
    lastImageURL: Mapped[str | None] = mapped_column(String(255), doc="last picture")
    positionId: Mapped[int | None] = mapped_column(
        "POSITIONID", Unsigned, doc="its position, no foreign key"
    )
    blSubSampleId: Mapped[int | None] = mapped_column(
        Unsigned, index=True, doc="preferred part, no foreign key here"
    )
    SMILES: Mapped[str | None] = mapped_column(String(400), doc="structure of the ligand")
    volume: Mapped[float | None] = mapped_column(doc="of a liquid, µl")
    packingFraction: Mapped[float | None] = mapped_column(doc="of a powder")
    dimension1: Mapped[float | None] = mapped_column(Double, doc="size of a solid, 1, mm")
    dimension2: Mapped[float | None] = mapped_column(Double, doc="size of a solid, 2, mm")
    dimension3: Mapped[float | None] = mapped_column(Double, doc="size of a solid, 3, mm")
    shape: Mapped[str | None] = mapped_column(String(15), doc="of a solid")
    holderLength: Mapped[float | None] = mapped_column(Double, doc="of the pin, mm")
    loopLength: Mapped[float | None] = mapped_column(Double, doc="of the loop, mm")
    loopType: Mapped[str | None] = mapped_column(String(45), doc="kind of loop")
    wireWidth: Mapped[float | None] = mapped_column(Double, doc="of the loop's wire, mm")
    completionStage: Mapped[str | None] = mapped_column(String(45), doc="how far it is")
    structureStage: Mapped[str | None] = mapped_column(String(45), doc="how far its structure is")
    publicationStage: Mapped[str | None] = mapped_column(
        String(45), doc="how far its publication is"
    )
    publicationComments: Mapped[str | None] = mapped_column(Lines(255), doc="free text")
    preparationTemeprature: Mapped[int | None] = mapped_column(
        MediumInteger, doc="K; the spelling is the column's"
    )
    preparationHumidity: Mapped[float | None] = mapped_column(doc="%")
    blottingTime: Mapped[int | None] = mapped_column(Unsigned, doc="s")
    blottingForce: Mapped[float | None] = mapped_column(doc="N")
    blottingDrainTime: Mapped[int | None] = mapped_column(Unsigned, doc="s")
    support: Mapped[str | None] = mapped_column(String(50), doc="material it is on")
    source: Mapped[str | None] = mapped_column(
        String(50),
        server_default=database_user(),
        doc="who made the row, a client or a database user",
    )
    recordTimeStamp: Mapped[datetime] = mapped_column(
        TIMESTAMP, server_default=local_now(), doc="when the row was made"
    )

    container: Mapped[Container | None] = relationship()
    crystal: Mapped[Crystal | None] = relationship(back_populates="samples")
    plan: Mapped[DiffractionPlan | None] = relationship()
    memberships: Mapped[Any] = relationship(
        "BLSampleGroupHasBLSample", uselist=True, viewonly=True
    )
    effective_plan: Mapped[DiffractionPlan | None] = relationship(
        primaryjoin=lambda: _plan_of_sample(), viewonly=True
    )
    parts: Mapped[list["BLSubSample"]] = relationship(
        back_populates="sample", passive_deletes="all"
    )


def _plan_of_sample() -> ColumnElement[bool]:
    """The plan of a sample, else that of its crystal."""
    crystal = aliased(Crystal)
    of_crystal = select(crystal.diffractionPlanId).where(
        crystal.crystalId == foreign(BLSample.crystalId)
    )
    plan = func.coalesce(
        foreign(BLSample.diffractionPlanId), of_crystal.correlate(BLSample).scalar_subquery()
    )
    return remote(DiffractionPlan.diffractionPlanId) == plan


class BLSubSample(Base):
    """A point, line or region of a sample."""

    __tablename__ = "BLSubSample"
    __table_args__ = (Index("BLSubSample_blSampleId_source", "blSampleId", "source"),)

    blSubSampleId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    blSampleId: Mapped[int] = mapped_column(
        ForeignKey("BLSample.blSampleId", ondelete="CASCADE"), doc="the sample"
    )
    type: Mapped[str | None] = mapped_column(String(10), doc="roi, poi or loi")
    positionId: Mapped[int | None] = mapped_column(
        ForeignKey("Position.positionId", ondelete="CASCADE"),
        index=True,
        doc="the point, or one corner",
    )
    position2Id: Mapped[int | None] = mapped_column(
        ForeignKey("Position.positionId", ondelete="CASCADE"), index=True, doc="the other corner"
    )
    motorPositionId: Mapped[int | None] = mapped_column(
        ForeignKey("MotorPosition.motorPositionId", ondelete="CASCADE"),
        index=True,
        doc="positions of the motors",
    )
    diffractionPlanId: Mapped[int | None] = mapped_column(
        ForeignKey("DiffractionPlan.diffractionPlanId", ondelete="CASCADE"),
        index=True,
        doc="how to measure it; to delete that deletes the part",
    )
    blSampleImageId: Mapped[int | None] = mapped_column(
        ForeignKey("BLSampleImage.blSampleImageId"), index=True, doc="picture it was marked on"
    )
    imgFileName: Mapped[str | None] = mapped_column(String(255), doc="picture, its file")
    imgFilePath: Mapped[str | None] = mapped_column(String(1024), doc="picture, its folder")
    comments: Mapped[str | None] = mapped_column(Lines(1024), doc="free text")
    source: Mapped[str | None] = mapped_column(
        Enum("manual", "auto"), server_default="manual", doc="marked by a person or by a program"
    )
    blSubSampleUUID: Mapped[str | None] = mapped_column(String(45), doc="id a client gave it")
    recordTimeStamp: Mapped[datetime] = mapped_column(
        TIMESTAMP, server_default=local_now(), doc="when the row was made"
    )

    sample: Mapped[BLSample] = relationship(back_populates="parts")
    position: Mapped[Position | None] = relationship(foreign_keys=[positionId])
    position2: Mapped[Position | None] = relationship(foreign_keys=[position2Id])
    plan: Mapped[DiffractionPlan | None] = relationship()
    image: Mapped[Any] = relationship("BLSampleImage", uselist=False)
