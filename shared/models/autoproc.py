"""Results of processing: integrations, and what is scaled of them."""

from datetime import datetime

from sqlalchemy import Enum, ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shared.db import Base, Unsigned
from shared.models.acquisitions import DataCollection
from shared.models.processing import AutoProcProgram
from shared.models.types import Lines


class AutoProc(Base):
    """A result of a program: symmetry and cell."""

    __tablename__ = "AutoProc"
    __table_args__ = (
        Index(
            "AutoProc_refined_unit_cell",
            "refinedCell_a",
            "refinedCell_b",
            "refinedCell_c",
            "refinedCell_alpha",
            "refinedCell_beta",
            "refinedCell_gamma",
        ),
    )

    autoProcId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    autoProcProgramId: Mapped[int | None] = mapped_column(
        ForeignKey("AutoProcProgram.autoProcProgramId"),
        index=True,
        doc="the program; old rows may name one that is gone",
    )
    spaceGroup: Mapped[str | None] = mapped_column(String(45), doc="space group")
    refinedCell_a: Mapped[float | None] = mapped_column(doc="cell, a, Å")
    refinedCell_b: Mapped[float | None] = mapped_column(doc="cell, b, Å")
    refinedCell_c: Mapped[float | None] = mapped_column(doc="cell, c, Å")
    refinedCell_alpha: Mapped[float | None] = mapped_column(doc="cell, alpha, degrees")
    refinedCell_beta: Mapped[float | None] = mapped_column(doc="cell, beta, degrees")
    refinedCell_gamma: Mapped[float | None] = mapped_column(doc="cell, gamma, degrees")
    recordTimeStamp: Mapped[datetime | None] = mapped_column(
        doc="when the row was made; not automatic"
    )

    program: Mapped[AutoProcProgram | None] = relationship()
    scalings: Mapped[list["AutoProcScaling"]] = relationship(
        back_populates="autoproc", passive_deletes="all"
    )


class AutoProcScaling(Base):
    """A scaling of one or several integrations."""

    __tablename__ = "AutoProcScaling"
    __table_args__ = (Index("AutoProcScalingIdx1", "autoProcScalingId", "autoProcId"),)

    autoProcScalingId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    autoProcId: Mapped[int | None] = mapped_column(
        ForeignKey("AutoProc.autoProcId", ondelete="CASCADE"), index=True, doc="the result"
    )
    recordTimeStamp: Mapped[datetime | None] = mapped_column(
        doc="when the row was made; not automatic"
    )

    autoproc: Mapped[AutoProc | None] = relationship(back_populates="scalings")
    statistics: Mapped[list["AutoProcScalingStatistics"]] = relationship(
        back_populates="scaling", passive_deletes="all"
    )
    links: Mapped[list["AutoProcScalingHasInt"]] = relationship(
        back_populates="scaling", passive_deletes="all"
    )
    integrations: Mapped[list["AutoProcIntegration"]] = relationship(
        secondary="AutoProcScaling_has_Int", viewonly=True
    )


class AutoProcScalingStatistics(Base):
    """The quality of a resolution shell of a scaling, which has three shells."""

    __tablename__ = "AutoProcScalingStatistics"
    __table_args__ = (
        Index(
            "AutoProcScalingStatistics_scalingId_statisticsType",
            "autoProcScalingId",
            "scalingStatisticsType",
        ),
    )

    autoProcScalingStatisticsId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    autoProcScalingId: Mapped[int | None] = mapped_column(
        ForeignKey("AutoProcScaling.autoProcScalingId", ondelete="CASCADE"), doc="the scaling"
    )
    scalingStatisticsType: Mapped[str] = mapped_column(
        Enum("overall", "innerShell", "outerShell"),
        index=True,
        server_default="overall",
        doc="the shell",
    )
    resolutionLimitLow: Mapped[float | None] = mapped_column(doc="Å")
    resolutionLimitHigh: Mapped[float | None] = mapped_column(doc="Å")
    rMerge: Mapped[float | None] = mapped_column(doc="R of all measurements")
    rMeasWithinIPlusIMinus: Mapped[float | None] = mapped_column(
        doc="multiplicity-corrected R, Friedel mates apart"
    )
    rMeasAllIPlusIMinus: Mapped[float | None] = mapped_column(
        doc="multiplicity-corrected R, Friedel mates together"
    )
    rPimWithinIPlusIMinus: Mapped[float | None] = mapped_column(
        doc="precision R, Friedel mates apart"
    )
    rPimAllIPlusIMinus: Mapped[float | None] = mapped_column(
        doc="precision R, Friedel mates together"
    )
    fractionalPartialBias: Mapped[float | None] = mapped_column(doc="bias of partial reflections")
    nTotalObservations: Mapped[int | None] = mapped_column(Integer, doc="measurements")
    nTotalUniqueObservations: Mapped[int | None] = mapped_column(Integer, doc="reflections")
    meanIOverSigI: Mapped[float | None] = mapped_column(doc="signal to noise")
    resIOverSigI2: Mapped[float | None] = mapped_column(
        doc="resolution where signal to noise is 2, Å"
    )
    completeness: Mapped[float | None] = mapped_column(doc="%")
    multiplicity: Mapped[float | None] = mapped_column(doc="multiplicity")
    anomalousCompleteness: Mapped[float | None] = mapped_column(doc="%, of anomalous pairs")
    anomalousMultiplicity: Mapped[float | None] = mapped_column(
        doc="multiplicity of anomalous pairs"
    )
    ccHalf: Mapped[float | None] = mapped_column(doc="correlation of half sets")
    ccAnomalous: Mapped[float | None] = mapped_column(doc="correlation of anomalous differences")
    anomalous: Mapped[bool | None] = mapped_column(
        server_default=text("0"), doc="Friedel mates were kept apart"
    )
    comments: Mapped[str | None] = mapped_column(Lines(255), doc="free text")
    recordTimeStamp: Mapped[datetime | None] = mapped_column(
        doc="when the row was made; not automatic"
    )

    scaling: Mapped[AutoProcScaling | None] = relationship(back_populates="statistics")


class AutoProcIntegration(Base):
    """The integration of one data collection by a program."""

    __tablename__ = "AutoProcIntegration"

    autoProcIntegrationId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    dataCollectionId: Mapped[int] = mapped_column(
        ForeignKey("DataCollection.dataCollectionId", ondelete="CASCADE"),
        index=True,
        doc="the data collection",
    )
    autoProcProgramId: Mapped[int | None] = mapped_column(
        ForeignKey("AutoProcProgram.autoProcProgramId", ondelete="CASCADE"),
        index=True,
        doc="the program",
    )
    startImageNumber: Mapped[int | None] = mapped_column(
        Unsigned, doc="number of the first image used"
    )
    endImageNumber: Mapped[int | None] = mapped_column(
        Unsigned, doc="number of the last image used"
    )
    cell_a: Mapped[float | None] = mapped_column(doc="cell, a, Å")
    cell_b: Mapped[float | None] = mapped_column(doc="cell, b, Å")
    cell_c: Mapped[float | None] = mapped_column(doc="cell, c, Å")
    cell_alpha: Mapped[float | None] = mapped_column(doc="cell, alpha, degrees")
    cell_beta: Mapped[float | None] = mapped_column(doc="cell, beta, degrees")
    cell_gamma: Mapped[float | None] = mapped_column(doc="cell, gamma, degrees")
    refinedDetectorDistance: Mapped[float | None] = mapped_column(doc="mm")
    refinedXBeam: Mapped[float | None] = mapped_column(doc="beam centre, horizontal, mm")
    refinedYBeam: Mapped[float | None] = mapped_column(doc="beam centre, vertical, mm")
    rotationAxisX: Mapped[float | None] = mapped_column(doc="direction of the axis, X")
    rotationAxisY: Mapped[float | None] = mapped_column(doc="direction of the axis, Y")
    rotationAxisZ: Mapped[float | None] = mapped_column(doc="direction of the axis, Z")
    beamVectorX: Mapped[float | None] = mapped_column(doc="direction of the beam, X")
    beamVectorY: Mapped[float | None] = mapped_column(doc="direction of the beam, Y")
    beamVectorZ: Mapped[float | None] = mapped_column(doc="direction of the beam, Z")
    anomalous: Mapped[bool | None] = mapped_column(
        server_default=text("0"), doc="Friedel mates were kept apart"
    )
    recordTimeStamp: Mapped[datetime | None] = mapped_column(
        doc="when the row was made; not automatic"
    )

    collection: Mapped[DataCollection] = relationship()
    program: Mapped[AutoProcProgram | None] = relationship()
    links: Mapped[list["AutoProcScalingHasInt"]] = relationship(
        back_populates="integration", passive_deletes="all"
    )
    scalings: Mapped[list[AutoProcScaling]] = relationship(
        secondary="AutoProcScaling_has_Int", viewonly=True
    )


class AutoProcScalingHasInt(Base):
    """An integration in a scaling; the database does not forbid it twice."""

    __tablename__ = "AutoProcScaling_has_Int"
    __table_args__ = (
        Index("AutoProcScalingHasInt_FKIndex3", "autoProcScalingId", "autoProcIntegrationId"),
    )

    autoProcScaling_has_IntId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    autoProcScalingId: Mapped[int | None] = mapped_column(
        ForeignKey("AutoProcScaling.autoProcScalingId", ondelete="CASCADE"), doc="the scaling"
    )
    autoProcIntegrationId: Mapped[int] = mapped_column(
        ForeignKey("AutoProcIntegration.autoProcIntegrationId", ondelete="CASCADE"),
        index=True,
        doc="the integration",
    )
    recordTimeStamp: Mapped[datetime | None] = mapped_column(
        doc="when the row was made; not automatic"
    )

    scaling: Mapped[AutoProcScaling | None] = relationship(back_populates="links")
    integration: Mapped[AutoProcIntegration] = relationship(back_populates="links")
