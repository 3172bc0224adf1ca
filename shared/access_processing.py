"""The rules of processing: a job or a program is visible to callers who see all its data."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select, true, union

from shared.access import Rule, seen_collections
from shared.callers import Shape, described
from shared.identity import Identity
from shared.models import (
    AutoProc,
    AutoProcIntegration,
    AutoProcProgram,
    AutoProcScaling,
    AutoProcScalingHasInt,
    ProcessingJob,
    ProcessingJobImageSweep,
)
from shared.statements import cache_statements, make_alias

Uses = list[tuple[Select, Any, Any]]  # a SELECT of keys, their column, and the referring table
_Program, _Job = make_alias(AutoProcProgram), make_alias(ProcessingJob)
_Sweep, _Integration = make_alias(ProcessingJobImageSweep), make_alias(AutoProcIntegration)
_Result, _Scaling = make_alias(AutoProc), make_alias(AutoProcScaling)
_Link, _Scaled = make_alias(AutoProcScalingHasInt), make_alias(AutoProcIntegration)
_Row = make_alias(AutoProcIntegration)


def jobs(identity: Identity, job_id: Any = ProcessingJob.processingJobId) -> Rule:
    """Processing jobs with a data collection, of which the caller sees all."""
    shape, values = described(identity)
    return Rule(seen_jobs(shape, job_id), values, shape)


def programs(identity: Identity, program_id: Any = AutoProcProgram.autoProcProgramId) -> Rule:
    """Processing programs with a data collection, of which the caller sees all.

    A program uses the data collections of its job, of the sweeps of its job, of its integrations,
    and of the integrations in its scalings, which may be those of another program.
    """
    shape, values = described(identity)
    return Rule(seen_programs(shape, program_id), values, shape)


@cache_statements(512)
def seen_jobs(shape: Shape, job_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the job."""
    if shape.sessions:
        return true()
    return _users(shape, job_id, select_job_uses())


@cache_statements(512)
def seen_programs(shape: Shape, program_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the program."""
    if shape.sessions:
        return true()
    return _users(shape, program_id, select_program_uses())


def select_job_uses() -> Uses:
    """The data collections of jobs: SELECTs of keys of jobs, their column, and the other table.

    That table has the key of the data collection.
    """
    return [(select(row.processingJobId), row.processingJobId, row) for row in (_Job, _Sweep)]


def select_program_uses() -> Uses:
    """The same of programs.

    Jobs are joined, without their own rule: SQLite takes no deeper statement.
    """
    key = _Program.autoProcProgramId
    of_job = select(key).join(_Job, _Job.processingJobId == _Program.processingJobId)
    of_sweep = select(key).join(_Sweep, _Sweep.processingJobId == _Program.processingJobId)
    owner = _Integration.autoProcProgramId
    uses = [(of_job, key, _Job), (of_sweep, key, _Sweep), (select(owner), owner, _Integration)]
    return [*uses, (scaled(), _Result.autoProcProgramId, _Scaled)]


def scaled() -> Select:
    """SELECT of the programs of scalings, joined with the integrations in these."""
    stmt = select(_Result.autoProcProgramId)
    stmt = stmt.join(_Scaling, _Scaling.autoProcId == _Result.autoProcId)
    stmt = stmt.join(_Link, _Link.autoProcScalingId == _Scaling.autoProcScalingId)
    return stmt.join(_Scaled, _Scaled.autoProcIntegrationId == _Link.autoProcIntegrationId)


def _users(shape: Shape, key: Any, uses: Uses) -> ColumnElement[bool]:
    """Whether ``key`` is of a row that uses visible data collections only, and at least one."""
    seen = [seen_collections(shape, row.dataCollectionId) for _, _, row in uses]
    gathered = union(*(stmt.where(rule) for (stmt, _, _), rule in zip(uses, seen)))
    others = (
        stmt.where(column == key, row.dataCollectionId.is_not(None), ~rule).exists()
        for (stmt, column, row), rule in zip(uses, seen)
    )
    return and_(key.in_(select(gathered.subquery())), *(~other for other in others))


@cache_statements(512)
def seen_integrations(shape: Shape, integration_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees an integration's data collection and program."""
    if shape.sessions:
        return true()
    row = _Row
    of_program = or_(row.autoProcProgramId.is_(None), seen_programs(shape, row.autoProcProgramId))
    seen = select(row.autoProcIntegrationId).where(seen_collections(shape, row.dataCollectionId))
    return integration_id.in_(seen.where(of_program))
