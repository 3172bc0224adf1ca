"""The runs of processing on data collections, and the state of each."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    bindparam,
    func,
    literal_column,
    select,
    union,
    union_all,
)
from sqlalchemy.orm import aliased

from services.core.schemas.processing.programs import (
    FAILED,
    FAILURE,
    QUEUED,
    RUNNING,
    SUBMITTED,
    SUCCEEDED,
    SUCCESS,
)
from shared import access
from shared.callers import by_row, described
from shared.execution import fetch
from shared.identity import Identity
from shared.models import (
    AutoProc,
    AutoProcIntegration,
    AutoProcProgram,
    AutoProcScaling,
    AutoProcScalingHasInt,
    DataCollection,
    DataCollectionGroup,
    ProcessingJob,
    ProcessingJobImageSweep,
)
from shared.statements import cache_statements, make_alias

Member, Job = make_alias(DataCollection), make_alias(ProcessingJob)
Program, Integration = make_alias(AutoProcProgram), make_alias(AutoProcIntegration)
Sweep, Group = make_alias(ProcessingJobImageSweep), make_alias(DataCollectionGroup)


class Run(NamedTuple):
    """A program, or a job without one, and the data collection or group that it processes."""

    owner: int
    job: int | None
    program: int | None
    name: str | None
    started: Any
    status: int | None

    @property
    def state(self) -> str:
        """One of ``RUN_STATES``."""
        if self.program is None:
            return SUBMITTED
        if self.status in (SUCCESS, FAILURE):
            return SUCCEEDED if self.status == SUCCESS else FAILED
        return RUNNING if self.started is not None else QUEUED


class _Row(NamedTuple):
    """A program beside its job; ``by_job`` is true if the job names the owner, not the program."""

    owner: int
    job: int | None
    program: int | None
    name: str | None
    label: str | None
    started: Any
    status: int | None
    by_job: int

    def run(self) -> Run:
        """The run with the name of its program, or else of its job."""
        name = self.label if self.name is None else self.name
        return Run(self.owner, self.job, self.program, name, self.started, self.status)


def list_runs(identity: Identity, keys: Collection[int], by_group: bool = False) -> list[Run]:
    """The runs on visible data collections, or on those of visible groups.

    Programs and jobs that use also hidden data collections are left out.
    """
    shape, values = described(identity)
    visible = access.seen_below(by_row(shape), Group.sessionId, Group.blSampleId)
    result = fetch(_runs(by_group), {"keys": list(keys)})
    rows = [_Row(*map(_as_integer, row)) for row in result]
    if not access.is_unrestricted(visible):
        used = {
            "jobs": sorted({row.job for row in rows if row.job is not None}),
            "programs": sorted({row.program for row in rows if row.program is not None}),
        }
        hidden = fetch(_hidden(visible), {**values, **used})
        rows = _without(rows, set(map(tuple, hidden)))
    return list(dict.fromkeys(row.run() for row in rows))


def _without(rows: list[_Row], hidden: set[tuple]) -> list[_Row]:
    """``rows`` without the jobs and programs that are ``hidden``.

    A job whose programs are all hidden reads like one that has none.
    """
    of_visible_jobs = [row for row in rows if ("job", row.job) not in hidden]
    visible = [row for row in of_visible_jobs if ("program", row.program) not in hidden]
    jobs = {(row.owner, row.job) for row in visible if row.by_job}
    alone = (row for row in of_visible_jobs if row.by_job and (row.owner, row.job) not in jobs)
    return visible + [
        row._replace(program=None, name=None, started=None, status=None) for row in alone
    ]


def _as_integer(value: Any) -> Any:
    """``value``; MariaDB makes a union of signed and unsigned keys decimal."""
    return int(value) if isinstance(value, Decimal) else value


def uses(program: Any) -> list[tuple[Any, Any]]:
    """The rows that name the data collections of ``program``, each with the condition of its join.

    They are its job, the sweeps of its job, its integrations, and those in its scalings.
    """
    job, sweep = aliased(ProcessingJob), aliased(ProcessingJobImageSweep)
    integration, scaled = aliased(AutoProcIntegration), aliased(AutoProcIntegration)
    link, scaling = aliased(AutoProcScalingHasInt), aliased(AutoProcScaling)
    result = aliased(AutoProc)
    links = select(link.autoProcIntegrationId)
    links = links.join(scaling, scaling.autoProcScalingId == link.autoProcScalingId)
    links = links.join(result, result.autoProcId == scaling.autoProcId)
    links = links.where(result.autoProcProgramId == program.autoProcProgramId)
    return [
        (job, job.processingJobId == program.processingJobId),
        (sweep, sweep.processingJobId == program.processingJobId),
        (integration, integration.autoProcProgramId == program.autoProcProgramId),
        (scaled, scaled.autoProcIntegrationId.in_(links.correlate(program))),
    ]


def count_runs(runs: Iterable[Run]) -> dict[int, list[dict]]:
    """The number of runs of each owner, by their name and state."""
    counters: dict[int, Counter] = defaultdict(Counter)
    for run in runs:
        counters[run.owner][run.name or "", run.state] += 1
    return {
        owner: [
            {"name": name, "status": state, "count": count}
            for (name, state), count in sorted(counter.items())
        ]
        for owner, counter in counters.items()
    }


@cache_statements(2)
def _runs(by_group: bool) -> CompoundSelect:
    owner = Member.dataCollectionGroupId if by_group else Member.dataCollectionId
    has_owner = owner.in_(bindparam("keys", expanding=True))
    keys = (owner, Job.processingJobId, Program.autoProcProgramId)
    names = (Program.processingPrograms, func.coalesce(Job.displayName, Job.recipe))
    state = (Program.processingStartTime, Program.processingStatus)
    done = Program.processingJobId == Job.processingJobId
    of_jobs = select(*keys, *names, *state, literal_column("1"))
    by_job = of_jobs.join(Job, Job.dataCollectionId == Member.dataCollectionId)
    by_sweep = of_jobs.join(Sweep, Sweep.dataCollectionId == Member.dataCollectionId)
    by_sweep = by_sweep.join(Job, Job.processingJobId == Sweep.processingJobId)
    by_program = select(*keys, *names, *state, literal_column("0"))
    by_program = by_program.join(
        Integration, Integration.dataCollectionId == Member.dataCollectionId
    )
    by_program = by_program.join(
        Program, Program.autoProcProgramId == Integration.autoProcProgramId
    )
    return union(
        by_job.outerjoin(Program, done).where(has_owner),
        by_sweep.outerjoin(Program, done).where(has_owner),
        by_program.outerjoin(Job, done).where(has_owner),
    )


@cache_statements(64)
def _hidden(is_visible: ColumnElement[bool]) -> CompoundSelect:
    """The jobs and programs that use a data collection of a hidden session.

    ``is_visible`` tells it of the session of ``Group``.
    """
    parts = []
    links = (Integration.links, AutoProcScalingHasInt.scaling, AutoProcScaling.autoproc)
    for kind, row, key, path in (
        ("job", Job, Job.processingJobId, ()),
        ("job", Sweep, Sweep.processingJobId, ()),
        ("program", Integration, Integration.autoProcProgramId, ()),
        ("program", Integration, AutoProc.autoProcProgramId, links),
    ):
        users = select(literal_column(f"'{kind}'"), key).select_from(row)
        for link in path:
            users = users.join(link)
        users = users.join(Member, Member.dataCollectionId == row.dataCollectionId)
        users = users.join(Group, Group.dataCollectionGroupId == Member.dataCollectionGroupId)
        parts.append(users.where(key.in_(bindparam(f"{kind}s", expanding=True)), ~is_visible))
    return union_all(*parts)
