"""Phasings by programs.

The tables of phasing have no key of a program. Their run is a copy of its row: it belongs to the
program with the same name and start, if it is on a scaling of that program or of its parent.
"""

from collections.abc import Iterable
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
from services.core.modules.processing.result_rows import delete_by, fill_columns
from services.core.schemas.processing.results import (
    PhasingAttachmentSchema,
    PhasingStatisticsSchema,
    PhasingStepSchema,
)
from shared import read, visibility
from shared.access import everything
from shared.db import db
from shared.identity import Identity
from shared.inserts import insert
from shared.models import AutoProcProgram

COPIED = ("Programs", "CommandLine", "Status", "Message", "Environment", "StartTime", "EndTime")


def copy_of(program: AutoProcProgram) -> dict:
    """The run of a phasing, as a copy of the row of its program."""
    return {f"phasing{name}": getattr(program, f"processing{name}") for name in COPIED}


def list_runs(program_id: int) -> list[int]:
    """The keys of the runs of a program."""
    program, run, step = AutoProcProgram, PhasingProgramRun, PhasingStep
    owners = or_(
        AutoProc.autoProcProgramId == program.autoProcProgramId,
        AutoProc.autoProcProgramId == program.parentAutoProcProgramId,
    )
    statement = select(run.phasingProgramRunId).select_from(program).join(AutoProc, owners)
    statement = statement.join(AutoProcScaling, AutoProcScaling.autoProcId == AutoProc.autoProcId)
    statement = statement.join(step, step.autoProcScalingId == AutoProcScaling.autoProcScalingId)
    statement = statement.join(run, run.phasingProgramRunId == step.programRunId)
    statement = statement.where(
        program.autoProcProgramId == program_id,
        run.phasingPrograms.is_not_distinct_from(program.processingPrograms),
        run.phasingStartTime == program.processingStartTime,
    )
    return list(_execute(statement.distinct().order_by(run.phasingProgramRunId)).scalars())


def copy_program(run_ids: Iterable[int], program: AutoProcProgram) -> None:
    """Copy the changed row of a program to its runs: its name and start identify them."""
    run = PhasingProgramRun
    if keys := list(run_ids):
        statement = update(run.__table__).where(run.phasingProgramRunId.in_(keys))
        _execute(statement.values(copy_of(program)))


def get(identity: Identity, program_id: int) -> dict | None:
    """The phasing of a program on a scaling that the caller sees, if it has one."""
    for run in list_runs(program_id):
        if analysis := _get_analysis(identity, run):
            steps = read.some(PhasingStepSchema, everything(identity), programRunId=run)
            files = read.some(
                PhasingAttachmentSchema, everything(identity), phasingProgramRunId=run
            )
            return {**analysis, "phasingProgramRunId": run, "steps": steps, "attachments": files}
    return None


def list_visible(identity: Identity, run_ids: Iterable[int]) -> list[int]:
    """The keys of the runs that are on scalings the caller sees."""
    return [run for run in run_ids if _get_analysis(identity, run)]


def _get_analysis(identity: Identity, run_id: int) -> Any:
    """The analysis of a run and its scaling, if the caller sees that; else None."""
    link, step, rule = PhasingHasScaling, PhasingStep, visibility.rule(identity, PhasingHasScaling)
    statement = select(link.phasingAnalysisId, link.autoProcScalingId, link.datasetNumber)
    statement = statement.join(step, step.phasingAnalysisId == link.phasingAnalysisId)
    statement = statement.where(step.programRunId == run_id, rule.condition).limit(1)
    return _execute(statement, **rule.values).mappings().first()


def create(run: dict, phasing: dict, created: dict) -> int:
    """Store a phasing of a ``run`` on its scaling; return the key of the analysis.

    ``created`` is the time of the rows, by the name of its column.
    """
    scaling = {"autoProcScalingId": phasing["autoProcScalingId"]}
    (run_id,) = insert(PhasingProgramRun.__table__, [{**created, **run}])
    (analysis_id,) = insert(PhasingAnalysis.__table__, [created])
    above = {**scaling, **created, "phasingAnalysisId": analysis_id}
    link = {**above, "datasetNumber": phasing.get("datasetNumber")}
    (link_id,) = insert(PhasingHasScaling.__table__, [link])
    step_id, statistics = None, []
    for step in phasing["steps"]:
        keys = {**above, "programRunId": run_id, "previousPhasingStepId": step_id}
        (step_id,) = insert(PhasingStep.__table__, [fill_columns(PhasingStepSchema, step, keys)])
        keys = {**created, "phasingHasScalingId1": link_id, "phasingStepId": step_id}
        for figure in step.get("statistics", ()):
            statistics.append(fill_columns(PhasingStatisticsSchema, figure, keys))
    insert(PhasingStatistics.__table__, statistics)
    keys = {**created, "phasingProgramRunId": run_id}
    files = [
        fill_columns(PhasingAttachmentSchema, file, keys)
        for file in phasing.get("attachments", ())
    ]
    insert(PhasingProgramAttachment.__table__, files)
    return analysis_id


def delete(run_ids: Iterable[int]) -> None:
    """Delete phasings by the keys of their runs."""
    keys, step = list(run_ids), PhasingStep
    statement = select(step.phasingStepId, step.phasingAnalysisId)
    statement = statement.where(step.programRunId.in_(bindparam("runs", expanding=True)))
    if steps := _execute(statement, runs=keys).all() if keys else []:
        delete_by(PhasingStatistics.phasingStepId, [key for key, _ in steps])
        delete_by(PhasingStep.phasingStepId, [key for key, _ in steps])
        delete_by(PhasingAnalysis.phasingAnalysisId, {key for _, key in steps if key})
    delete_by(PhasingProgramRun.phasingProgramRunId, keys)


def _execute(statement: Any, **values: Any) -> Any:
    return db.session.connection().execute(statement, values)
