"""How far the processing of data collections is, in words."""

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

from shared import access
from shared.db import db
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
ENDS = {1: "Success", 0: "Fail"}


class Run(NamedTuple):
    """A program, or a job that has none yet, and the row whose data it is about."""

    owner: int
    job: int | None
    program: int | None
    name: str | None
    started: Any
    status: int | None

    @property
    def word(self) -> str:
        """Its state as people call it."""
        if self.program is None:
            return "Submitted"
        if self.status is not None:
            return ENDS.get(self.status, "Fail")
        return "Running" if self.started is not None else "Queued"


class _Row(NamedTuple):
    """A program beside its job; ``by_job``: the job names the owner, else the program does."""

    owner: int
    job: int | None
    program: int | None
    name: str | None
    label: str | None
    started: Any
    status: int | None
    by_job: int

    def run(self) -> Run:
        """The run, named by its program, else by its job."""
        name = self.label if self.name is None else self.name
        return Run(self.owner, self.job, self.program, name, self.started, self.status)


def runs(identity: Identity, keys: Collection[int], by_group: bool = False) -> list[Run]:
    """What runs on data collections that the caller is known to see, or on those of groups.

    Of what also uses data collections that are hidden from the caller nothing is told.
    """
    rule = access.sessions(identity, Group.sessionId)
    connection = db.session.connection()
    found = connection.execute(_runs(by_group), {"keys": list(keys)})
    rows = [_Row(*map(_whole, row)) for row in found]
    if not rule.unrestricted:
        used = {
            "jobs": sorted({row.job for row in rows if row.job is not None}),
            "programs": sorted({row.program for row in rows if row.program is not None}),
        }
        stmt = _hidden(rule.condition)
        rows = _seen(rows, set(map(tuple, connection.execute(stmt, {**rule.values, **used}))))
    return list(dict.fromkeys(row.run() for row in rows))


def _seen(rows: list["_Row"], hidden: set[tuple]) -> list["_Row"]:
    """``rows`` without the jobs and programs that are ``hidden``.

    A job of which all programs are hidden reads like one that has none.
    """
    shown = [row for row in rows if ("job", row.job) not in hidden]
    seen = [row for row in shown if ("program", row.program) not in hidden]
    known = {(row.owner, row.job) for row in seen if row.by_job}
    alone = (row for row in shown if row.by_job and (row.owner, row.job) not in known)
    return seen + [
        row._replace(program=None, name=None, started=None, status=None) for row in alone
    ]


def _whole(value: Any) -> Any:
    """A union of signed and unsigned keys is decimal to MariaDB."""
    return int(value) if isinstance(value, Decimal) else value


def uses(program: Any) -> list[tuple[Any, Any]]:
    """The rows that name the data collections of ``program``, each with what joins them.

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


def counts(found: Iterable[Run]) -> dict[int, list[dict]]:
    """For each owner how many runs there are, by their name and state."""
    words: dict[int, Counter] = defaultdict(Counter)
    for run in found:
        words[run.owner][run.name or "", run.word] += 1
    return {
        owner: [
            {"name": name, "status": word, "count": count}
            for (name, word), count in sorted(states.items())
        ]
        for owner, states in words.items()
    }


@cache_statements(2)
def _runs(by_group: bool) -> CompoundSelect:
    owner = Member.dataCollectionGroupId if by_group else Member.dataCollectionId
    wanted = owner.in_(bindparam("keys", expanding=True))
    keys = (owner, Job.processingJobId, Program.autoProcProgramId)
    names = (Program.processingPrograms, func.coalesce(Job.displayName, Job.recipe))
    state = (Program.processingStartTime, Program.processingStatus)
    done = Program.processingJobId == Job.processingJobId
    found = select(*keys, *names, *state, literal_column("1"))
    by_job = found.join(Job, Job.dataCollectionId == Member.dataCollectionId)
    by_sweep = found.join(Sweep, Sweep.dataCollectionId == Member.dataCollectionId)
    by_sweep = by_sweep.join(Job, Job.processingJobId == Sweep.processingJobId)
    by_run = select(*keys, *names, *state, literal_column("0"))
    by_run = by_run.join(Integration, Integration.dataCollectionId == Member.dataCollectionId)
    by_run = by_run.join(Program, Program.autoProcProgramId == Integration.autoProcProgramId)
    return union(
        by_job.outerjoin(Program, done).where(wanted),
        by_sweep.outerjoin(Program, done).where(wanted),
        by_run.outerjoin(Job, done).where(wanted),
    )


@cache_statements(64)
def _hidden(seen: ColumnElement[bool]) -> CompoundSelect:
    """Which of the jobs and programs use a data collection of a session that is not ``seen``."""
    parts = []
    links = (Integration.links, AutoProcScalingHasInt.scaling, AutoProcScaling.autoproc)
    for kind, row, key, path in (
        ("job", Job, Job.processingJobId, ()),
        ("job", Sweep, Sweep.processingJobId, ()),
        ("program", Integration, Integration.autoProcProgramId, ()),
        ("program", Integration, AutoProc.autoProcProgramId, links),
    ):
        found = select(literal_column(f"'{kind}'"), key).select_from(row)
        for link in path:
            found = found.join(link)
        found = found.join(Member, Member.dataCollectionId == row.dataCollectionId)
        found = found.join(Group, Group.dataCollectionGroupId == Member.dataCollectionGroupId)
        parts.append(found.where(key.in_(bindparam(f"{kind}s", expanding=True)), ~seen))
    return union_all(*parts)
