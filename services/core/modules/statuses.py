"""How far the processing of data collections is, in words."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, CompoundSelect, bindparam, func, literal_column, select
from sqlalchemy import true, union, union_all
from sqlalchemy.orm import aliased

from services.core.models import AutoProcIntegration
from shared import access
from shared.db import db
from shared.identity import Identity
from shared.models import (
    AutoProcProgram,
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


def runs(identity: Identity, keys: Collection[int], by_group: bool = False) -> list[Run]:
    """What runs on data collections that the caller is known to see, or on those of groups.

    Of what also uses data collections that are hidden from the caller nothing is told.
    """
    rule = access.sessions(identity, Group.sessionId)
    connection = db.session.connection()
    rows = connection.execute(_runs(by_group), {"keys": list(keys)})
    found = [Run(*map(_whole, row)) for row in rows]
    if rule.condition is true():
        return found
    used = {
        "jobs": sorted({run.job for run in found if run.job is not None}),
        "programs": sorted({run.program for run in found if run.program is not None}),
    }
    hidden = set(map(tuple, connection.execute(_hidden(rule.condition), {**rule.values, **used})))
    return [r for r in found if not {("job", r.job), ("program", r.program)} & hidden]


def _whole(value: Any) -> Any:
    """A union of signed and unsigned keys is decimal to MariaDB."""
    return int(value) if isinstance(value, Decimal) else value


def uses(program: Any) -> list[tuple[Any, Any]]:
    """What names the data collections of ``program``: its job, the job's sweeps, integrations;
    each with what joins them.
    """
    job, sweep = aliased(ProcessingJob), aliased(ProcessingJobImageSweep)
    integration = aliased(AutoProcIntegration)
    return [
        (job, job.processingJobId == program.processingJobId),
        (sweep, sweep.processingJobId == program.processingJobId),
        (integration, integration.autoProcProgramId == program.autoProcProgramId),
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
    label = func.coalesce(Program.processingPrograms, Job.displayName, Job.recipe)
    program = (Program.processingStartTime, Program.processingStatus)
    done = Program.processingJobId == Job.processingJobId
    found = select(owner, Job.processingJobId, Program.autoProcProgramId, label, *program)
    by_job = found.join(Job, Job.dataCollectionId == Member.dataCollectionId)
    by_sweep = found.join(Sweep, Sweep.dataCollectionId == Member.dataCollectionId)
    by_sweep = by_sweep.join(Job, Job.processingJobId == Sweep.processingJobId)
    by_run = found.join(Integration, Integration.dataCollectionId == Member.dataCollectionId)
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
    for kind, row, key in (
        ("job", Job, Job.processingJobId),
        ("job", Sweep, Sweep.processingJobId),
        ("program", Integration, Integration.autoProcProgramId),
    ):
        found = select(literal_column(f"'{kind}'"), key)
        found = found.join(Member, Member.dataCollectionId == row.dataCollectionId)
        found = found.join(Group, Group.dataCollectionGroupId == Member.dataCollectionGroupId)
        parts.append(found.where(key.in_(bindparam(f"{kind}s", expanding=True)), ~seen))
    return union_all(*parts)
