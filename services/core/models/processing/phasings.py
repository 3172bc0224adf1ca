"""Structures from scaled data: molecular replacement and phasing."""

from datetime import datetime

from sqlalchemy import TIMESTAMP, Double, Enum, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shared.db import Base, MediumUnsigned, Unsigned
from shared.models import AutoProcScaling
from shared.models.types import Lines, TinyInteger, local_now
from shared.visibility import PUBLIC, by

METRICS = (
    "Rcullis",
    "Average Fragment Length",
    "Chain Count",
    "Residues Count",
    "CC",
    "PhasingPower",
    "FOM",
    '<d"/sig>',
    "Best CC",
    "CC(1/2)",
    "Weak CC",
    "CFOM",
    "Pseudo_free_CC",
    "CC of partial model",
)


class MXMRRun(Base):
    """A run of molecular replacement, or of a search for blobs."""

    __tablename__ = "MXMRRun"
    visible_by = by("autoProcScalingId")

    mxMRRunId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    autoProcScalingId: Mapped[int] = mapped_column(
        ForeignKey("AutoProcScaling.autoProcScalingId"), index=True, doc="the scaling it uses"
    )
    autoProcProgramId: Mapped[int | None] = mapped_column(
        ForeignKey("AutoProcProgram.autoProcProgramId"), index=True, doc="the program"
    )
    rValueStart: Mapped[float | None] = mapped_column(doc="R before")
    rValueEnd: Mapped[float | None] = mapped_column(doc="R after")
    rFreeValueStart: Mapped[float | None] = mapped_column(doc="free R before")
    rFreeValueEnd: Mapped[float | None] = mapped_column(doc="free R after")
    LLG: Mapped[float | None] = mapped_column(doc="gain in log likelihood")
    TFZ: Mapped[float | None] = mapped_column(doc="Z-score of the translation function")
    spaceGroup: Mapped[str | None] = mapped_column(String(45), doc="of the solution")

    scaling: Mapped[AutoProcScaling] = relationship()
    blobs: Mapped[list["MXMRRunBlob"]] = relationship(passive_deletes="all")


class MXMRRunBlob(Base):
    """Density that the model does not explain."""

    __tablename__ = "MXMRRunBlob"
    visible_by = by("mxMRRunId")

    mxMRRunBlobId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    mxMRRunId: Mapped[int] = mapped_column(
        ForeignKey("MXMRRun.mxMRRunId"), index=True, doc="the run"
    )
    x: Mapped[float | None] = mapped_column(doc="place along a cell edge, x, from -1 to 1")
    y: Mapped[float | None] = mapped_column(doc="place along a cell edge, y, from -1 to 1")
    z: Mapped[float | None] = mapped_column(doc="place along a cell edge, z, from -1 to 1")
    height: Mapped[float | None] = mapped_column(doc="of the peak, σ")
    occupancy: Mapped[float | None] = mapped_column(doc="of the site, from 0 to 1")
    nearestAtomName: Mapped[str | None] = mapped_column(String(4), doc="nearest atom")
    nearestAtomChainId: Mapped[str | None] = mapped_column(String(2), doc="its chain")
    nearestAtomResName: Mapped[str | None] = mapped_column(String(4), doc="its residue")
    nearestAtomResSeq: Mapped[int | None] = mapped_column(
        MediumUnsigned, doc="number of its residue"
    )
    nearestAtomDistance: Mapped[float | None] = mapped_column(doc="to it, Å")
    mapType: Mapped[str | None] = mapped_column(
        Enum("anomalous", "difference"), doc="map it was found in"
    )
    view1: Mapped[str | None] = mapped_column(String(255), doc="picture 1, its file")
    view2: Mapped[str | None] = mapped_column(String(255), doc="picture 2, its file")
    view3: Mapped[str | None] = mapped_column(String(255), doc="picture 3, its file")
    filePath: Mapped[str | None] = mapped_column(String(255), doc="folder of the pictures")


class SpaceGroup(Base):
    """A space group; sites fill this table."""

    __tablename__ = "SpaceGroup"
    visible_by = PUBLIC

    spaceGroupId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    spaceGroupNumber: Mapped[int | None] = mapped_column(
        Unsigned, doc="number in the International Tables"
    )


class PhasingAnalysis(Base):
    """A phasing: the row to which its steps and scalings belong."""

    __tablename__ = "PhasingAnalysis"

    phasingAnalysisId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    recordTimeStamp: Mapped[datetime | None] = mapped_column(
        doc="when the row was made; not automatic"
    )


class PhasingHasScaling(Base):
    """A scaling that a phasing uses."""

    __tablename__ = "Phasing_has_Scaling"
    visible_by = by("autoProcScalingId")

    phasingHasScalingId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    phasingAnalysisId: Mapped[int] = mapped_column(
        ForeignKey("PhasingAnalysis.phasingAnalysisId", ondelete="CASCADE"),
        index=True,
        doc="the phasing",
    )
    autoProcScalingId: Mapped[int] = mapped_column(
        ForeignKey("AutoProcScaling.autoProcScalingId", ondelete="CASCADE"),
        index=True,
        doc="the scaling",
    )
    datasetNumber: Mapped[int | None] = mapped_column(
        Integer, doc="number of the data set, 0 is the reference"
    )
    recordTimeStamp: Mapped[datetime | None] = mapped_column(
        server_default=local_now(), doc="when the row was made"
    )


class PhasingProgramRun(Base):
    """One run of a phasing program."""

    __tablename__ = "PhasingProgramRun"

    phasingProgramRunId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    phasingPrograms: Mapped[str | None] = mapped_column(String(255), doc="label")
    phasingCommandLine: Mapped[str | None] = mapped_column(Lines(255), doc="as it was started")
    phasingEnvironment: Mapped[str | None] = mapped_column(Lines(255), doc="where it runs")
    phasingStatus: Mapped[int | None] = mapped_column(
        TinyInteger, doc="none while it runs, 1 success, 0 failure"
    )
    phasingMessage: Mapped[str | None] = mapped_column(Lines(255), doc="last message")
    phasingStartTime: Mapped[datetime | None] = mapped_column(doc="begin")
    phasingEndTime: Mapped[datetime | None] = mapped_column(doc="end")
    recordTimeStamp: Mapped[datetime | None] = mapped_column(
        server_default=local_now(), doc="when the row was made"
    )


class PhasingProgramAttachment(Base):
    """A file that a phasing program wrote."""

    __tablename__ = "PhasingProgramAttachment"

    phasingProgramAttachmentId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    phasingProgramRunId: Mapped[int] = mapped_column(
        ForeignKey("PhasingProgramRun.phasingProgramRunId", ondelete="CASCADE"),
        index=True,
        doc="the run",
    )
    fileType: Mapped[str | None] = mapped_column(
        Enum("Map", "Logfile", "PDB", "CSV", "INS", "RES", "TXT"), doc="what is in it"
    )
    fileName: Mapped[str | None] = mapped_column(String(45), doc="the file, 45 characters")
    filePath: Mapped[str | None] = mapped_column(String(255), doc="its folder")
    recordTimeStamp: Mapped[datetime | None] = mapped_column(
        doc="when the row was made; not automatic"
    )


class PhasingStep(Base):
    """One step of a phasing; its numbers are text."""

    __tablename__ = "PhasingStep"
    visible_by = by("autoProcScalingId")

    phasingStepId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    phasingAnalysisId: Mapped[int | None] = mapped_column(
        Unsigned, index=True, doc="the phasing, no foreign key"
    )
    previousPhasingStepId: Mapped[int | None] = mapped_column(
        Unsigned, doc="step before, no foreign key"
    )
    programRunId: Mapped[int | None] = mapped_column(
        ForeignKey("PhasingProgramRun.phasingProgramRunId"), index=True, doc="the run"
    )
    autoProcScalingId: Mapped[int | None] = mapped_column(
        ForeignKey("AutoProcScaling.autoProcScalingId"), index=True, doc="the scaling it uses"
    )
    spaceGroupId: Mapped[int | None] = mapped_column(
        ForeignKey("SpaceGroup.spaceGroupId"), index=True, doc="space group, as a row"
    )
    phasingStepType: Mapped[str | None] = mapped_column(
        Enum("PREPARE", "SUBSTRUCTUREDETERMINATION", "PHASING", "MODELBUILDING"),
        doc="which step it is",
    )
    method: Mapped[str | None] = mapped_column(String(45), doc="e.g. SAD")
    solventContent: Mapped[str | None] = mapped_column(String(45), doc="share of solvent")
    enantiomorph: Mapped[str | None] = mapped_column(String(45), doc="hand of the solution")
    lowRes: Mapped[str | None] = mapped_column(String(45), doc="Å")
    highRes: Mapped[str | None] = mapped_column(String(45), doc="Å")
    recordTimeStamp: Mapped[datetime] = mapped_column(
        TIMESTAMP, server_default=local_now(), doc="when the row was made"
    )

    statistics: Mapped[list["PhasingStatistics"]] = relationship(passive_deletes="all")


class PhasingStatistics(Base):
    """One figure of a phasing, of one bin or of all."""

    __tablename__ = "PhasingStatistics"
    visible_by = by("phasingStepId")

    phasingStatisticsId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    phasingHasScalingId1: Mapped[int] = mapped_column(
        ForeignKey("Phasing_has_Scaling.phasingHasScalingId", ondelete="CASCADE"),
        index=True,
        doc="the data set",
    )
    phasingHasScalingId2: Mapped[int | None] = mapped_column(
        ForeignKey("Phasing_has_Scaling.phasingHasScalingId", ondelete="CASCADE"),
        index=True,
        doc="data set it is compared with",
    )
    phasingStepId: Mapped[int | None] = mapped_column(
        ForeignKey("PhasingStep.phasingStepId"), index=True, doc="the step"
    )
    metric: Mapped[str | None] = mapped_column(Enum(*METRICS), doc="which figure")
    statisticsValue: Mapped[float | None] = mapped_column(Double, doc="its value")
    numberOfBins: Mapped[int | None] = mapped_column(Integer, doc="bins")
    binNumber: Mapped[int | None] = mapped_column(Integer, doc="the bin, 999 for all")
    lowRes: Mapped[float | None] = mapped_column(Double, doc="of the bin, Å")
    highRes: Mapped[float | None] = mapped_column(Double, doc="of the bin, Å")
    nReflections: Mapped[int | None] = mapped_column(Integer, doc="reflections")
    recordTimeStamp: Mapped[datetime | None] = mapped_column(
        server_default=local_now(), doc="when the row was made"
    )
