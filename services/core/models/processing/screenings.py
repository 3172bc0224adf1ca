"""Characterisations of samples, and the strategies that they advise."""

from datetime import datetime

from sqlalchemy import TIMESTAMP, Double, ForeignKey, Integer, String, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shared.db import Base, Unsigned
from shared.models import AutoProcProgram, DataCollection, DataCollectionGroup
from shared.models.types import Lines, now_on_update
from shared.visibility import by


class Screening(Base):
    """A characterisation; a DELETE takes all dependent rows with it."""

    __tablename__ = "Screening"
    visible_by = by("dataCollectionId", "dataCollectionGroupId")

    screeningId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    dataCollectionId: Mapped[int | None] = mapped_column(
        ForeignKey("DataCollection.dataCollectionId", ondelete="CASCADE"),
        index=True,
        doc="the data collection",
    )
    dataCollectionGroupId: Mapped[int | None] = mapped_column(
        ForeignKey("DataCollectionGroup.dataCollectionGroupId"), index=True, doc="the group"
    )
    autoProcProgramId: Mapped[int | None] = mapped_column(
        ForeignKey("AutoProcProgram.autoProcProgramId", ondelete="SET NULL"),
        index=True,
        doc="program that did it",
    )
    diffractionPlanId: Mapped[int | None] = mapped_column(
        Unsigned, index=True, doc="plan it follows, no foreign key"
    )
    programVersion: Mapped[str | None] = mapped_column(String(45), doc="program and version")
    comments: Mapped[str | None] = mapped_column(Lines(255), doc="free text")
    shortComments: Mapped[str | None] = mapped_column(Lines(20), doc="free text, 20 characters")
    bltimeStamp: Mapped[datetime] = mapped_column(
        TIMESTAMP,
        server_default=now_on_update(),
        onupdate=literal_column("bltimeStamp"),
        doc="when the row was made",
    )

    collection: Mapped[DataCollection | None] = relationship()
    group: Mapped[DataCollectionGroup | None] = relationship()
    program: Mapped[AutoProcProgram | None] = relationship()
    inputs: Mapped[list["ScreeningInput"]] = relationship(
        back_populates="screening", passive_deletes="all"
    )
    outputs: Mapped[list["ScreeningOutput"]] = relationship(
        back_populates="screening", passive_deletes="all"
    )


class ScreeningInput(Base):
    """The input of a characterisation."""

    __tablename__ = "ScreeningInput"
    visible_by = by("screeningId")

    screeningInputId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    screeningId: Mapped[int] = mapped_column(
        ForeignKey("Screening.screeningId", ondelete="CASCADE"),
        index=True,
        server_default=text("0"),
        doc="the characterisation",
    )
    beamX: Mapped[float | None] = mapped_column(doc="beam centre, X, mm")
    beamY: Mapped[float | None] = mapped_column(doc="beam centre, Y, mm")
    rmsErrorLimits: Mapped[float | None] = mapped_column(doc="greatest error of spots")
    minimumFractionIndexed: Mapped[float | None] = mapped_column(
        doc="least share of indexed spots"
    )
    maximumFractionRejected: Mapped[float | None] = mapped_column(
        doc="greatest share of rejected spots"
    )
    minimumSignalToNoise: Mapped[float | None] = mapped_column(doc="least signal to noise")
    diffractionPlanId: Mapped[int | None] = mapped_column(
        Unsigned, doc="plan it follows, no foreign key"
    )

    screening: Mapped[Screening] = relationship(back_populates="inputs")


class ScreeningOutput(Base):
    """The output of a characterisation."""

    __tablename__ = "ScreeningOutput"
    visible_by = by("screeningId")

    screeningOutputId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    screeningId: Mapped[int] = mapped_column(
        ForeignKey("Screening.screeningId", ondelete="CASCADE"),
        index=True,
        server_default=text("0"),
        doc="the characterisation",
    )
    program: Mapped[str | None] = mapped_column(String(45), doc="program")
    statusDescription: Mapped[str | None] = mapped_column(Lines(1024), doc="how it went")
    indexingSuccess: Mapped[bool] = mapped_column(
        server_default=text("0"), doc="it could be indexed"
    )
    strategySuccess: Mapped[bool] = mapped_column(
        server_default=text("0"), doc="there is a strategy"
    )
    alignmentSuccess: Mapped[bool] = mapped_column(
        server_default=text("0"), doc="the crystal could be aligned"
    )
    mosaicityEstimated: Mapped[bool] = mapped_column(
        server_default=text("0"), doc="the mosaicity is an estimate"
    )
    mosaicity: Mapped[float | None] = mapped_column(doc="degrees")
    iOverSigma: Mapped[float | None] = mapped_column(doc="signal to noise")
    resolutionObtained: Mapped[float | None] = mapped_column(doc="Å")
    rankingResolution: Mapped[float | None] = mapped_column(Double, doc="to compare samples, Å")
    spotDeviationR: Mapped[float | None] = mapped_column(doc="deviation of the spots, radial")
    spotDeviationTheta: Mapped[float | None] = mapped_column(doc="deviation of the spots, degrees")
    beamShiftX: Mapped[float | None] = mapped_column(doc="shift of the beam centre, X, mm")
    beamShiftY: Mapped[float | None] = mapped_column(doc="shift of the beam centre, Y, mm")
    numSpotsFound: Mapped[int | None] = mapped_column(Unsigned, doc="spots")
    numSpotsUsed: Mapped[int | None] = mapped_column(Unsigned, doc="spots that fit")
    numSpotsRejected: Mapped[int | None] = mapped_column(Unsigned, doc="spots that do not")
    rejectedReflections: Mapped[int | None] = mapped_column(
        Unsigned, doc="reflections that do not fit"
    )
    diffractionRings: Mapped[bool | None] = mapped_column(doc="there are rings")
    rFriedel: Mapped[float | None] = mapped_column(Double, doc="R of Friedel pairs")
    doseTotal: Mapped[float | None] = mapped_column(Double, doc="of the whole strategy")
    totalExposureTime: Mapped[float | None] = mapped_column(Double, doc="of the whole strategy, s")
    totalRotationRange: Mapped[float | None] = mapped_column(
        Double, doc="of the whole strategy, degrees"
    )
    totalNumberOfImages: Mapped[int | None] = mapped_column(Integer, doc="of the whole strategy")

    screening: Mapped[Screening] = relationship(back_populates="outputs")
    lattices: Mapped[list["ScreeningOutputLattice"]] = relationship(
        back_populates="output", passive_deletes="all"
    )
    strategies: Mapped[list["ScreeningStrategy"]] = relationship(
        back_populates="output", passive_deletes="all"
    )


class ScreeningOutputLattice(Base):
    """A lattice in the output of a characterisation."""

    __tablename__ = "ScreeningOutputLattice"
    visible_by = by("screeningOutputId")

    screeningOutputLatticeId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    screeningOutputId: Mapped[int] = mapped_column(
        ForeignKey("ScreeningOutput.screeningOutputId", ondelete="CASCADE"),
        index=True,
        server_default=text("0"),
        doc="the output",
    )
    spaceGroup: Mapped[str | None] = mapped_column(String(45), doc="space group")
    pointGroup: Mapped[str | None] = mapped_column(String(45), doc="point group")
    bravaisLattice: Mapped[str | None] = mapped_column(String(45), doc="Bravais lattice")
    unitCell_a: Mapped[float | None] = mapped_column(doc="cell, a, Å")
    unitCell_b: Mapped[float | None] = mapped_column(doc="cell, b, Å")
    unitCell_c: Mapped[float | None] = mapped_column(doc="cell, c, Å")
    unitCell_alpha: Mapped[float | None] = mapped_column(doc="cell, alpha, degrees")
    unitCell_beta: Mapped[float | None] = mapped_column(doc="cell, beta, degrees")
    unitCell_gamma: Mapped[float | None] = mapped_column(doc="cell, gamma, degrees")
    rawOrientationMatrix_a_x: Mapped[float | None] = mapped_column(doc="orientation, a along x")
    rawOrientationMatrix_a_y: Mapped[float | None] = mapped_column(doc="orientation, a along y")
    rawOrientationMatrix_a_z: Mapped[float | None] = mapped_column(doc="orientation, a along z")
    rawOrientationMatrix_b_x: Mapped[float | None] = mapped_column(doc="orientation, b along x")
    rawOrientationMatrix_b_y: Mapped[float | None] = mapped_column(doc="orientation, b along y")
    rawOrientationMatrix_b_z: Mapped[float | None] = mapped_column(doc="orientation, b along z")
    rawOrientationMatrix_c_x: Mapped[float | None] = mapped_column(doc="orientation, c along x")
    rawOrientationMatrix_c_y: Mapped[float | None] = mapped_column(doc="orientation, c along y")
    rawOrientationMatrix_c_z: Mapped[float | None] = mapped_column(doc="orientation, c along z")
    labelitIndexing: Mapped[bool | None] = mapped_column(
        server_default=text("0"), doc="found by Labelit"
    )
    bltimeStamp: Mapped[datetime] = mapped_column(
        TIMESTAMP,
        server_default=now_on_update(),
        onupdate=literal_column("bltimeStamp"),
        doc="when the row was made",
    )

    output: Mapped[ScreeningOutput] = relationship(back_populates="lattices")


class ScreeningStrategy(Base):
    """A strategy of data collection that a characterisation advises."""

    __tablename__ = "ScreeningStrategy"
    visible_by = by("screeningOutputId")

    screeningStrategyId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    screeningOutputId: Mapped[int] = mapped_column(
        ForeignKey("ScreeningOutput.screeningOutputId", ondelete="CASCADE"),
        index=True,
        server_default=text("0"),
        doc="the output",
    )
    program: Mapped[str | None] = mapped_column(String(45), doc="program")
    phiStart: Mapped[float | None] = mapped_column(doc="begin of the rotation, degrees")
    phiEnd: Mapped[float | None] = mapped_column(doc="end of the rotation, degrees")
    rotation: Mapped[float | None] = mapped_column(doc="per image, degrees")
    exposureTime: Mapped[float | None] = mapped_column(doc="per image, s")
    resolution: Mapped[float | None] = mapped_column(doc="Å")
    rankingResolution: Mapped[float | None] = mapped_column(doc="to compare samples, Å")
    completeness: Mapped[float | None] = mapped_column(doc="%")
    multiplicity: Mapped[float | None] = mapped_column(doc="multiplicity")
    transmission: Mapped[float | None] = mapped_column(doc="of the attenuators, %")
    anomalous: Mapped[bool] = mapped_column(server_default=text("0"), doc="for anomalous signal")

    output: Mapped[ScreeningOutput] = relationship(back_populates="strategies")
    wedges: Mapped[list["ScreeningStrategyWedge"]] = relationship(
        back_populates="strategy", passive_deletes="all"
    )


class ScreeningStrategyWedge(Base):
    """A part of a strategy, in one orientation."""

    __tablename__ = "ScreeningStrategyWedge"
    visible_by = by("screeningStrategyId")

    screeningStrategyWedgeId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    screeningStrategyId: Mapped[int | None] = mapped_column(
        ForeignKey("ScreeningStrategy.screeningStrategyId", ondelete="CASCADE"),
        index=True,
        doc="the strategy",
    )
    wedgeNumber: Mapped[int | None] = mapped_column(Unsigned, doc="number within the strategy")
    resolution: Mapped[float | None] = mapped_column(doc="Å")
    completeness: Mapped[float | None] = mapped_column(doc="%")
    multiplicity: Mapped[float | None] = mapped_column(doc="multiplicity")
    doseTotal: Mapped[float | None] = mapped_column(doc="dose")
    numberOfImages: Mapped[int | None] = mapped_column(Unsigned, doc="images")
    phi: Mapped[float | None] = mapped_column(doc="degrees")
    kappa: Mapped[float | None] = mapped_column(doc="degrees")
    chi: Mapped[float | None] = mapped_column(doc="degrees")
    wavelength: Mapped[float | None] = mapped_column(Double, doc="Å")
    comments: Mapped[str | None] = mapped_column(Lines(255), doc="free text")

    strategy: Mapped[ScreeningStrategy | None] = relationship(back_populates="wedges")
    subwedges: Mapped[list["ScreeningStrategySubWedge"]] = relationship(
        back_populates="wedge", passive_deletes="all"
    )


class ScreeningStrategySubWedge(Base):
    """One sweep of a wedge."""

    __tablename__ = "ScreeningStrategySubWedge"
    visible_by = by("screeningStrategyWedgeId")

    screeningStrategySubWedgeId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    screeningStrategyWedgeId: Mapped[int | None] = mapped_column(
        ForeignKey("ScreeningStrategyWedge.screeningStrategyWedgeId", ondelete="CASCADE"),
        index=True,
        doc="the wedge",
    )
    subWedgeNumber: Mapped[int | None] = mapped_column(Unsigned, doc="number within the wedge")
    rotationAxis: Mapped[str | None] = mapped_column(String(45), doc="axis that turns")
    axisStart: Mapped[float | None] = mapped_column(doc="begin of the rotation, degrees")
    axisEnd: Mapped[float | None] = mapped_column(doc="end of the rotation, degrees")
    exposureTime: Mapped[float | None] = mapped_column(doc="per image, s")
    transmission: Mapped[float | None] = mapped_column(doc="of the attenuators, %")
    oscillationRange: Mapped[float | None] = mapped_column(doc="rotation per image, degrees")
    completeness: Mapped[float | None] = mapped_column(doc="%")
    multiplicity: Mapped[float | None] = mapped_column(doc="multiplicity")
    resolution: Mapped[float | None] = mapped_column("RESOLUTION", doc="Å")
    doseTotal: Mapped[float | None] = mapped_column(doc="dose")
    numberOfImages: Mapped[int | None] = mapped_column(Unsigned, doc="images")
    comments: Mapped[str | None] = mapped_column(Lines(255), doc="free text")

    wedge: Mapped[ScreeningStrategyWedge | None] = relationship(back_populates="subwedges")
