"""The results of three pipelines on a data collection."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from demo import files
from demo.rows import add_to, pick
from demo.samples import CELL, Sample
from demo.statistics import shells
from demo.sweeps import Sweep
from services.core.models import (
    AutoProc,
    AutoProcIntegration,
    AutoProcScaling,
    AutoProcScalingHasInt,
    AutoProcScalingStatistics,
)
from shared.models import (
    AutoProcProgram,
    AutoProcProgramAttachment,
    AutoProcProgramMessage,
    ProcessingJob,
    ProcessingJobImageSweep,
    ProcessingJobParameter,
    ProcessingPipeline,
)

if TYPE_CHECKING:
    from demo.experiments import Work

CRASHED = 0.03  # runs that fail on good data
FAULTS = ("Killed: out of memory on the node", "Disk quota exceeded")
Wishes = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Pipeline:
    """A pipeline: its label, its duration and the resolution that it reaches."""

    label: str
    official: str
    command: str
    minutes: tuple[int, int]
    gain: float  # of its resolution over the detector's edge
    job: bool  # is run for a job


PIPELINES = (
    Pipeline("fast_dp", "Fast DP", "fast_dp --atom=X", (2, 4), 1.04, False),
    Pipeline("xia2 dials", "xia2/DIALS", "xia2 pipeline=dials", (9, 25), 1.0, True),
    Pipeline("autoPROC", "autoPROC", "process -M HighResCutOnCChalf", (15, 40), 0.97, True),
)


@dataclass
class Run:
    """A run of a pipeline; ``end`` is None while it runs."""

    work: Work
    sample: Sample
    sweep: Sweep
    pipeline: Pipeline
    key: int
    start: datetime
    end: datetime | None
    fault: str | None = None

    @property
    def good(self) -> bool:
        """Whether it has a result."""
        return self.end is not None and self.fault is None


def process(work: Work, sample: Sample, sweep: Sweep) -> None:
    """Add the runs of every pipeline on ``sweep``; some of them a person asked for."""
    for pipeline in PIPELINES:
        _run(work, sample, sweep, pipeline)
    if sample.quality == "fair" and work.rng.random() < 0.4:
        group = sample.stock.material.group.replace(" ", "")
        _run(work, sample, sweep, PIPELINES[1], (("spacegroup", group), ("d_min", "2.5")))


def _run(
    work: Work, sample: Sample, sweep: Sweep, pipeline: Pipeline, wishes: Wishes = ()
) -> None:
    rng, key = work.rng, work.world.key(AutoProcProgram)
    start = sweep.end + timedelta(seconds=rng.randint(20, 90), hours=2 if wishes else 0)
    end = start + timedelta(seconds=60 * rng.randint(*pipeline.minutes) + rng.randint(0, 59))
    run = Run(work, sample, sweep, pipeline, key, start, end)
    if work.fresh and pipeline.job and not wishes:
        run.end = None
    elif rng.random() < CRASHED:
        run.fault = pick(rng, FAULTS)
    elif sample.quality == "none":
        run.fault = "No solution was found in indexing"
    _program(run, _job(run, wishes) if pipeline.job else None)
    if run.end:
        _leave(run, run.end)
    integration, cell = _integration(run)
    if run.good:
        _scaling(run, integration, cell)


def _job(run: Run, wishes: Wishes) -> int:
    world, rows, sweep = run.work.world, run.work.rows, run.sweep
    job, label = world.key(ProcessingJob), run.pipeline.label
    add_to(
        rows,
        ProcessingJob,
        processingJobId=job,
        dataCollectionId=sweep.key,
        recipe=f"autoprocessing-{label.replace(' ', '-').lower()}",
        displayName=label,
        comments="Again, in the group we know" if wishes else None,
        automatic=not wishes,
        recordTimestamp=sweep.end,
    )
    add_to(
        rows,
        ProcessingJobImageSweep,
        processingJobImageSweepId=world.key(ProcessingJobImageSweep),
        processingJobId=job,
        dataCollectionId=sweep.key,
        startImage=1,
        endImage=sweep.images,
    )
    for name, value in wishes:
        add_to(
            rows,
            ProcessingJobParameter,
            processingJobParameterId=world.key(ProcessingJobParameter),
            processingJobId=job,
            parameterKey=name,
            parameterValue=value,
        )
    return job


def _program(run: Run, job: int | None) -> None:
    pipeline, visit = run.pipeline, run.work.visit
    add_to(
        run.work.rows,
        AutoProcProgram,
        autoProcProgramId=run.key,
        processingJobId=job,
        processingPipelineId=run.work.world.lookups[ProcessingPipeline][pipeline.official],
        processingPrograms=pipeline.label,
        processingCommandLine=f"{pipeline.command} /data/{visit.beamline.name}/{visit.name}",
        processingEnvironment=f"node{run.work.rng.randint(1, 40):02}",
        processingStatus=int(run.good) if run.end else None,
        processingMessage=run.fault or ("processing successful" if run.end else "integrating"),
        processingStartTime=run.start,
        processingEndTime=run.end,
        recordTimeStamp=run.start,
    )


def _leave(run: Run, end: datetime) -> None:
    """Files and messages of a run that is over."""
    world, rows, label = run.work.world, run.work.rows, run.pipeline.label
    quality = run.sample.quality if run.good else "none"
    for kind, name, rank in files.outcome(label, quality):
        add_to(
            rows,
            AutoProcProgramAttachment,
            autoProcProgramAttachmentId=world.key(AutoProcProgramAttachment),
            autoProcProgramId=run.key,
            fileType=kind,
            fileName=name,
            filePath=files.results(world.folder, label, quality),
            importanceRank=rank,
            deleted=False,
            recordTimeStamp=end,
        )
    iced = quality == "fair" and label != "fast_dp"
    if run.fault or iced:
        add_to(
            rows,
            AutoProcProgramMessage,
            autoProcProgramMessageId=world.key(AutoProcProgramMessage),
            autoProcProgramId=run.key,
            severity="ERROR" if run.fault else "WARNING",
            message=run.fault or "Possible ice rings",
            description=None if run.fault else "3.90-3.67 and 2.25 A",
            recordTimeStamp=end,
        )


def _integration(run: Run) -> tuple[int, list[float]]:
    """Its key and the cell; without a result it only links the run to its data collection."""
    key, of, sweep = run.work.world.key(AutoProcIntegration), run.sample.stock, run.sweep
    scale = run.work.rng.gauss(1, 0.002)
    edges, angles = of.material.cell[:3], of.material.cell[3:]
    cell = [round(edge * scale, 2) for edge in edges] + [float(angle) for angle in angles]
    columns = {
        "startImageNumber": 1,
        "endImageNumber": sweep.images,
        "refinedDetectorDistance": round(sweep.distance + 0.12, 2),
        "refinedXBeam": sweep.beam[0],
        "refinedYBeam": sweep.beam[1],
        **{f"cell_{name}": value for name, value in zip(CELL, cell)},
    }
    add_to(
        run.work.rows,
        AutoProcIntegration,
        autoProcIntegrationId=key,
        dataCollectionId=sweep.key,
        autoProcProgramId=run.key,
        anomalous=of.anomalous,
        recordTimeStamp=run.end or run.start,
        **(columns if run.good else {}),
    )
    return key, cell


def _scaling(run: Run, integration: int, cell: list[float]) -> None:
    world, rows, rng, when = run.work.world, run.work.rows, run.work.rng, run.end
    result, scaling = world.key(AutoProc), world.key(AutoProcScaling)
    add_to(
        rows,
        AutoProc,
        autoProcId=result,
        autoProcProgramId=run.key,
        spaceGroup=run.sample.stock.material.group,
        recordTimeStamp=when,
        **{f"refinedCell_{name}": value for name, value in zip(CELL, cell)},
    )
    add_to(
        rows, AutoProcScaling, autoProcScalingId=scaling, autoProcId=result, recordTimeStamp=when
    )
    add_to(
        rows,
        AutoProcScalingHasInt,
        autoProcScaling_has_IntId=world.key(AutoProcScalingHasInt),
        autoProcScalingId=scaling,
        autoProcIntegrationId=integration,
        recordTimeStamp=when,
    )
    high = round(run.sample.resolution * run.pipeline.gain * rng.uniform(0.98, 1.05), 2)
    low = round(min(60.0, max(cell[:3]) * rng.uniform(0.7, 0.95)), 2)
    for shell in shells(rng, run.sample, run.sweep, cell, low, high):
        add_to(
            rows,
            AutoProcScalingStatistics,
            autoProcScalingStatisticsId=world.key(AutoProcScalingStatistics),
            autoProcScalingId=scaling,
            anomalous=run.sample.stock.anomalous,
            recordTimeStamp=when,
            **shell,
        )
