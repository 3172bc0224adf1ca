"""Phasing by programs: what is written of it, and how it is found again.

The tables of phasing do not name a program. Their run is a copy of it: its label and its start
tell, on a scaling of the program itself or of its parent.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import bindparam, or_, select, update

from services.core.models import (
    AutoProc,
    AutoProcScaling,
    PhasingAnalysis,
    PhasingHasScaling,
    PhasingProgramAttachment,
    PhasingProgramRun,
    PhasingStatistics,
    PhasingStep,
)
from services.core.modules.processing.result_rows import delete_by, fill_columns, insert
from services.core.schemas.processing.results import (
    PhasingAttachmentSchema,
    PhasingStatisticsSchema,
    PhasingStepSchema,
)
from shared import batches, read, visibility
from shared.access import everything
from shared.db import db
from shared.identity import Identity
from shared.models import AutoProcProgram

COPIED = ("Programs", "CommandLine", "Status", "Message", "Environment", "StartTime", "EndTime")
SOURCES = {f"processing{name}" for name in COPIED}


def copied(program: Mapping) -> dict:
    """The run of a phasing, as a copy of the row of its program."""
    return {f"phasing{name}": program.get(f"processing{name}") for name in COPIED}


def runs(program_id: int) -> list[int]:
    """The keys of the runs of a program."""
    program, run, step = AutoProcProgram, PhasingProgramRun, PhasingStep
    owners = or_(
        AutoProc.autoProcProgramId == program.autoProcProgramId,
        AutoProc.autoProcProgramId == program.parentAutoProcProgramId,
    )
    wanted = select(run.phasingProgramRunId).select_from(program).join(AutoProc, owners)
    wanted = wanted.join(AutoProcScaling, AutoProcScaling.autoProcId == AutoProc.autoProcId)
    wanted = wanted.join(step, step.autoProcScalingId == AutoProcScaling.autoProcScalingId)
    wanted = wanted.join(run, run.phasingProgramRunId == step.programRunId)
    wanted = wanted.where(
        program.autoProcProgramId == program_id,
        run.phasingPrograms.is_not_distinct_from(program.processingPrograms),
        run.phasingStartTime == program.processingStartTime,
    )
    return list(_execute(wanted.distinct().order_by(run.phasingProgramRunId)).scalars())


def follow(run_ids: Iterable[int], program: Mapping) -> None:
    """Copy the row of a program that changed to its runs: else it would lose them."""
    run = PhasingProgramRun
    if found := list(run_ids):
        stmt = update(run.__table__).where(run.phasingProgramRunId.in_(found))
        _execute(stmt.values(copied(program)))


def get(identity: Identity, program_id: int) -> dict | None:
    """The phasing of a program on a scaling that the caller sees, if it has one."""
    for run in runs(program_id):
        if found := _analysis(identity, run):
            steps = read.some(PhasingStepSchema, everything(identity), programRunId=run)
            files = read.some(
                PhasingAttachmentSchema, everything(identity), phasingProgramRunId=run
            )
            return {**found, "phasingProgramRunId": run, "steps": steps, "attachments": files}
    return None


def seen(identity: Identity, run_ids: Iterable[int]) -> list[int]:
    """Those of the runs that are on scalings the caller sees."""
    return [run for run in run_ids if _analysis(identity, run)]


def _analysis(identity: Identity, run_id: int) -> Any:
    """The analysis of a run and its scaling, if the caller sees that; else None."""
    link, step, rule = PhasingHasScaling, PhasingStep, visibility.rule(identity, PhasingHasScaling)
    wanted = select(link.phasingAnalysisId, link.autoProcScalingId, link.datasetNumber)
    wanted = wanted.join(step, step.phasingAnalysisId == link.phasingAnalysisId)
    wanted = wanted.where(step.programRunId == run_id, rule.condition).limit(1)
    return _execute(wanted, **rule.values).mappings().first()


def add(run: dict, phasing: dict, when: dict) -> int:
    """Store a phasing of a ``run`` on its scaling; return the key of the analysis."""
    scaling = {"autoProcScalingId": phasing["autoProcScalingId"]}
    (run_id,) = insert(PhasingProgramRun, [{**run, **when}])
    (analysis,) = insert(PhasingAnalysis, [when])
    link = {**scaling, **when, "phasingAnalysisId": analysis}
    (link_id,) = insert(
        PhasingHasScaling, [{**link, "datasetNumber": phasing.get("datasetNumber")}]
    )
    of = {**scaling, **when, "phasingAnalysisId": analysis, "programRunId": run_id}
    before, statistics = None, []
    for step in phasing["steps"]:
        above = {**of, "previousPhasingStepId": before}
        (before,) = insert(PhasingStep, [fill_columns(PhasingStepSchema, step, above)])
        below = {**when, "phasingHasScalingId1": link_id, "phasingStepId": before}
        for figure in step.get("statistics", ()):
            statistics.append(fill_columns(PhasingStatisticsSchema, figure, below))
    batches.insert(PhasingStatistics, statistics)
    of = {**when, "phasingProgramRunId": run_id}
    files = phasing.get("attachments", ())
    batches.insert(
        PhasingProgramAttachment,
        [fill_columns(PhasingAttachmentSchema, file, of) for file in files],
    )
    return analysis


def drop(run_ids: Iterable[int]) -> None:
    """Delete phasings by the keys of their runs."""
    found, step = list(run_ids), PhasingStep
    wanted = select(step.phasingStepId, step.phasingAnalysisId)
    wanted = wanted.where(step.programRunId.in_(bindparam("runs", expanding=True)))
    if steps := _execute(wanted, runs=found).all() if found else []:
        delete_by(PhasingStatistics.phasingStepId, [key for key, _ in steps])
        delete_by(PhasingStep.phasingStepId, [key for key, _ in steps])
        delete_by(PhasingAnalysis.phasingAnalysisId, {key for _, key in steps if key})
    delete_by(PhasingProgramRun.phasingProgramRunId, found)


def _execute(stmt: Any, **values: Any) -> Any:
    return db.session.connection().execute(stmt, values)
