"""Pipelines, jobs for them, and the programs they run."""

from datetime import datetime
from typing import TYPE_CHECKING, Optional

from sqlalchemy import TIMESTAMP, Enum, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shared.db import Base, MediumUnsigned, TinyUnsigned, Unsigned
from shared.models.types import Lines, TinyInteger, local_now

if TYPE_CHECKING:
    from shared.models.acquisitions import DataCollection


class ProcessingPipelineCategory(Base):
    """When a pipeline runs: screening, processing or afterwards."""

    __tablename__ = "ProcessingPipelineCategory"

    processingPipelineCategoryId: Mapped[int] = mapped_column(
        Unsigned, primary_key=True, doc="key"
    )
    name: Mapped[str] = mapped_column(String(20), doc="of the category")


class ProcessingPipeline(Base):
    """A pipeline that sites offer; containers prefer number 6 by default."""

    __tablename__ = "ProcessingPipeline"

    processingPipelineId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    processingPipelineCategoryId: Mapped[int | None] = mapped_column(
        ForeignKey("ProcessingPipelineCategory.processingPipelineCategoryId"),
        index=True,
        doc="the category",
    )
    name: Mapped[str] = mapped_column(String(20), doc="e.g. xia2/DIALS")
    discipline: Mapped[str] = mapped_column(String(10), doc="technique, e.g. MX")
    pipelineStatus: Mapped[str | None] = mapped_column(
        Enum("automatic", "optional", "deprecated"), doc="how it is started, or that it is no more"
    )
    reprocessing: Mapped[bool | None] = mapped_column(
        server_default=text("1"), doc="may be asked for again"
    )

    category: Mapped[ProcessingPipelineCategory | None] = relationship()


class ProcessingJob(Base):
    """A wish to process data; its programs and sweeps keep it in existence."""

    __tablename__ = "ProcessingJob"

    processingJobId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    dataCollectionId: Mapped[int | None] = mapped_column(
        ForeignKey("DataCollection.dataCollectionId"), index=True, doc="main data collection"
    )
    recipe: Mapped[str | None] = mapped_column(String(50), doc="what is to run")
    displayName: Mapped[str | None] = mapped_column(String(80), doc="label")
    comments: Mapped[str | None] = mapped_column(Lines(255), doc="free text")
    automatic: Mapped[bool | None] = mapped_column(doc="started by a program, not a person")
    recordTimestamp: Mapped[datetime] = mapped_column(
        TIMESTAMP, server_default=local_now(), doc="when it was submitted"
    )

    collection: Mapped[Optional["DataCollection"]] = relationship()
    parameters: Mapped[list["ProcessingJobParameter"]] = relationship(
        back_populates="job", passive_deletes="all"
    )
    sweeps: Mapped[list["ProcessingJobImageSweep"]] = relationship(
        back_populates="job", passive_deletes="all"
    )
    programs: Mapped[list["AutoProcProgram"]] = relationship(
        back_populates="job", passive_deletes="all"
    )


class ProcessingJobParameter(Base):
    """A parameter of a job; a key may be there several times."""

    __tablename__ = "ProcessingJobParameter"
    __table_args__ = (
        Index("ProcessingJobParameter_idx_paramKey_procJobId", "parameterKey", "processingJobId"),
    )

    processingJobParameterId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    processingJobId: Mapped[int | None] = mapped_column(
        ForeignKey("ProcessingJob.processingJobId"), index=True, doc="the job"
    )
    parameterKey: Mapped[str | None] = mapped_column(String(80), doc="name of the parameter")
    parameterValue: Mapped[str | None] = mapped_column(Lines(1024), doc="its value")

    job: Mapped[ProcessingJob | None] = relationship(back_populates="parameters")


class ProcessingJobImageSweep(Base):
    """Images that a job processes; they may be of several sessions."""

    __tablename__ = "ProcessingJobImageSweep"

    processingJobImageSweepId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    processingJobId: Mapped[int | None] = mapped_column(
        ForeignKey("ProcessingJob.processingJobId"), index=True, doc="the job"
    )
    dataCollectionId: Mapped[int | None] = mapped_column(
        ForeignKey("DataCollection.dataCollectionId"), index=True, doc="the data collection"
    )
    startImage: Mapped[int | None] = mapped_column(MediumUnsigned, doc="number of the first image")
    endImage: Mapped[int | None] = mapped_column(MediumUnsigned, doc="number of the last image")

    job: Mapped[ProcessingJob | None] = relationship(back_populates="sweeps")
    collection: Mapped[Optional["DataCollection"]] = relationship()


class AutoProcProgram(Base):
    """One run of a program, of any technique."""

    __tablename__ = "AutoProcProgram"

    autoProcProgramId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    processingJobId: Mapped[int | None] = mapped_column(
        ForeignKey("ProcessingJob.processingJobId"),
        index=True,
        doc="the job; older rows have none",
    )
    processingPipelineId: Mapped[int | None] = mapped_column(
        Unsigned, doc="the pipeline, no foreign key"
    )
    parentAutoProcProgramId: Mapped[int | None] = mapped_column(
        ForeignKey("AutoProcProgram.autoProcProgramId"),
        index=True,
        doc="run whose results it uses",
    )
    processingPrograms: Mapped[str | None] = mapped_column(
        String(255), doc="label, e.g. xia2 dials"
    )
    processingCommandLine: Mapped[str | None] = mapped_column(Lines(255), doc="as it was started")
    processingEnvironment: Mapped[str | None] = mapped_column(Lines(255), doc="where it runs")
    processingStatus: Mapped[int | None] = mapped_column(
        TinyInteger, doc="none while it waits or runs, 1 success, 0 failure"
    )
    processingMessage: Mapped[str | None] = mapped_column(Lines(255), doc="last message")
    processingStartTime: Mapped[datetime | None] = mapped_column(doc="none while it waits")
    processingEndTime: Mapped[datetime | None] = mapped_column(doc="end, or last sign of life")
    recordTimeStamp: Mapped[datetime | None] = mapped_column(
        doc="when the row was made; not automatic"
    )

    job: Mapped[ProcessingJob | None] = relationship(back_populates="programs")
    pipeline: Mapped[ProcessingPipeline | None] = relationship(
        primaryjoin=(
            "foreign(AutoProcProgram.processingPipelineId)"
            " == ProcessingPipeline.processingPipelineId"
        )
    )
    parent: Mapped[Optional["AutoProcProgram"]] = relationship(remote_side=[autoProcProgramId])
    attachments: Mapped[list["AutoProcProgramAttachment"]] = relationship(
        back_populates="program", passive_deletes="all"
    )
    messages: Mapped[list["AutoProcProgramMessage"]] = relationship(
        back_populates="program", passive_deletes="all"
    )


class AutoProcProgramAttachment(Base):
    """A file that a program wrote."""

    __tablename__ = "AutoProcProgramAttachment"

    autoProcProgramAttachmentId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    autoProcProgramId: Mapped[int] = mapped_column(
        ForeignKey("AutoProcProgram.autoProcProgramId", ondelete="CASCADE"),
        index=True,
        doc="the program",
    )
    fileType: Mapped[str | None] = mapped_column(
        Enum("Log", "Result", "Graph", "Debug", "Input"), doc="what is in it"
    )
    fileName: Mapped[str | None] = mapped_column(String(255), doc="the file")
    filePath: Mapped[str | None] = mapped_column(String(255), doc="its folder")
    importanceRank: Mapped[int | None] = mapped_column(
        TinyUnsigned, doc="the higher, the more important, within program and type"
    )
    deleted: Mapped[bool | None] = mapped_column(server_default=text("0"), doc="the file is gone")
    recordTimeStamp: Mapped[datetime | None] = mapped_column(
        doc="when the row was made; not automatic"
    )

    program: Mapped[AutoProcProgram] = relationship(back_populates="attachments")


class AutoProcProgramMessage(Base):
    """A message of a program."""

    __tablename__ = "AutoProcProgramMessage"

    autoProcProgramMessageId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    autoProcProgramId: Mapped[int | None] = mapped_column(
        ForeignKey("AutoProcProgram.autoProcProgramId"), index=True, doc="the program"
    )
    severity: Mapped[str] = mapped_column(
        Enum("ERROR", "WARNING", "INFO"), doc="how serious it is"
    )
    message: Mapped[str | None] = mapped_column(Lines(200), doc="in short")
    description: Mapped[str | None] = mapped_column(Text, doc="in full")
    recordTimeStamp: Mapped[datetime] = mapped_column(
        TIMESTAMP, server_default=local_now(), doc="when it was said"
    )

    program: Mapped[AutoProcProgram | None] = relationship(back_populates="messages")
