"""Results of processing as a table, the best of them, and the states of processing."""

from sqlalchemy import Select, bindparam, exists, select
from sqlalchemy.orm import aliased

from services.core.models import (
    AutoProc,
    AutoProcIntegration,
    AutoProcScaling,
    AutoProcScalingHasInt,
    AutoProcScalingStatistics,
)
from services.core.modules.processing import processing_status
from services.core.schemas.processing.programs import FAILURE
from services.core.schemas.processing.result_tables import (
    CRITERIA,
    OWNERS,
    SHELLS,
    AutoProcRowSchema,
    ResultRowSchema,
    TableResultSchema,
    TableShellSchema,
)
from shared import access, names, processing_rules, read
from shared.access import everything
from shared.db import db
from shared.errors import BadInput
from shared.identity import Identity
from shared.layouts import Layout
from shared.lists import condition
from shared.models import AutoProcProgram, BLSession, DataCollection, DataCollectionGroup
from shared.schemas import columns_of
from shared.statements import cache_statements
from shared.table_service import TableService

MOST_STATES = 5_000  # whose states are listed at once
SETTINGS = ("of", "criterion", "shell", "minCompleteness")
CELL = tuple(name for name in columns_of(TableResultSchema) if name != "autoProcId")
MEASURES = tuple(
    name
    for name in columns_of(TableShellSchema)
    if name not in ("autoProcScalingStatisticsId", "scalingStatisticsType")
)


class AutoProcs(TableService):
    """Results, which use the data collections of their programs."""

    def list_(self, identity: Identity, query: dict) -> dict:
        """One page of the visible rows that match ``query``."""
        query, rule = processing_rules.resolve(identity, self.listed, query)
        return read.page(self.listed, rule, query)


autoprocs = AutoProcs(AutoProcRowSchema)


def list_(identity: Identity, query: dict) -> dict:
    """One page of the visible scalings, with the filters of the table."""
    query = _resolve_names(identity, query)
    return read.page(ResultRowSchema, processing_rules.choose_scalings(identity, query), query)


def list_best(identity: Identity, query: dict) -> dict:
    """The best scaling of each data collection, sample or session by a criterion.

    Of equal scalings it is the latest. Scalings without a value of the criterion, and those of
    failed programs, are left out; where the least is best, 0 is no value.
    """
    filters = {n: v for n, v in query.items() if n not in SETTINGS}
    filters = _resolve_names(identity, filters)
    if not filters:
        raise BadInput("invalid input", {"sessionId": ["this or another filter is needed"]})
    best = choose_best(identity, filters, *(query[name] for name in SETTINGS))
    return {"criterion": query["criterion"], "shell": query["shell"], "best": best}


def choose_best(
    identity: Identity,
    filters: dict,
    level: str,
    criterion: str = "rMerge",
    shell: str = "overall",
    least: float = 0,
    fields: tuple[str, ...] = (),
) -> list[dict]:
    """The best scaling of each owner at ``level``, as ``BestResultSchema`` has it.

    ``fields`` are those of the scalings to read; without any all are read.
    """
    rule = processing_rules.choose_scalings(identity, filters)
    group = DataCollectionGroup
    groups = access.below_session(identity, group.sessionId, group.blSampleId)
    names = tuple(sorted(filters))
    statement = _candidates(rule.condition, groups.condition, names, level, criterion)
    parameters = {**rule.values, **filters, "shell": shell, "least": least}
    sign = 1 if CRITERIA[criterion] else -1
    winners: dict[int, tuple] = {}
    for owner, scaling, value in db.session.connection().execute(statement, parameters):
        rank = (sign * value, scaling, value)
        winners[owner] = max(winners.get(owner, rank), rank)
    keys = sorted({scaling for _, scaling, _ in winners.values()})
    rows = {
        row["autoProcScalingId"]: row
        for row in (
            read.some(ResultRowSchema, everything(identity), fields, autoProcScalingId__in=keys)
            if keys
            else []
        )
    }
    return [
        {OWNERS[level]: owner, "value": value, "AutoProcScaling": rows[scaling]}
        for owner, (_, scaling, value) in sorted(winners.items())
    ]


def list_states(identity: Identity, query: dict) -> dict:
    """The runs of processing on the visible ones of some data collections; the latest, of many."""
    filters = _resolve_names(identity, query)
    if not filters:
        reason = "this, sessionId or dataCollectionGroupId is needed"
        raise BadInput("invalid input", {"dataCollectionIds": [reason]})
    key, group = DataCollection.dataCollectionId, DataCollectionGroup
    rule = access.below_session(identity, group.sessionId, group.blSampleId)
    statement = select(key).join(DataCollection.group).where(rule.condition)
    conditions = {
        "dataCollectionIds": key.in_(bindparam("dataCollectionIds", expanding=True)),
        "sessionId": group.sessionId == bindparam("sessionId"),
        "dataCollectionGroupId": group.dataCollectionGroupId == bindparam("dataCollectionGroupId"),
    }
    statement = statement.where(*(conditions[name] for name in filters))
    statement = statement.order_by(key.desc()).limit(MOST_STATES)
    keys = db.session.connection().scalars(statement, {**rule.values, **filters})
    runs: dict[int, list] = {each: [] for each in sorted(keys)}
    for run in processing_status.list_runs(identity, [*runs]):
        row = {"processingJobId": run.job, "autoProcProgramId": run.program}
        runs[run.owner].append({**row, "name": run.name, "status": run.state})
    return {"statuses": [{"dataCollectionId": n, "runs": rows} for n, rows in runs.items()]}


def _make_line(row: dict) -> list:
    """The line of a scaling: its program, its data collections, its cell, and its three shells."""
    result = row["AutoProc"] or {}
    program = result.get("AutoProcProgram") or {}
    pipeline = program.get("ProcessingPipeline") or {}
    links = [link["AutoProcIntegration"] for link in row["AutoProcScaling_has_Int"]]
    shells = {each["scalingStatisticsType"]: each for each in row["AutoProcScalingStatistics"]}
    return [
        *(row["autoProcScalingId"], program.get("autoProcProgramId")),
        *(program.get("processingPrograms"), pipeline.get("name")),
        " ".join(str(each["dataCollectionId"]) for each in links if each),
        *(result.get(name) for name in CELL),
        *(shells.get(shell, {}).get(name) for shell in SHELLS for name in MEASURES),
    ]


TABLE = Layout(
    (
        *("autoProcScalingId", "autoProcProgramId", "program", "pipeline", "dataCollectionIds"),
        *CELL,
        *(f"{shell}_{name}" for shell in SHELLS for name in MEASURES),
    ),
    lambda rows: [_make_line(row) for row in rows],
)


def _resolve_names(identity: Identity, query: dict) -> dict:
    """``query`` with keys for the names of sessions and proposals."""
    query = dict(query)
    if "session" in query:
        key = names.session_key(identity, query.pop("session"))
        if query.setdefault("sessionId", key) != key:
            raise BadInput("invalid input", {"sessionId": ["names another one"]})
    if "proposal" in query:
        query["proposal"] = names.proposal_key(identity, query["proposal"])
    return query


@cache_statements(256)
def _candidates(rule, session, filters: tuple[str, ...], level: str, criterion: str) -> Select:
    """Owner, scaling and value of all scalings that may be the best.

    ``rule`` is the one of scalings, ``session`` that of the session of ``DataCollectionGroup``.
    """
    shell, whole = aliased(AutoProcScalingStatistics), aliased(AutoProcScalingStatistics)
    link, integration = aliased(AutoProcScalingHasInt), aliased(AutoProcIntegration)
    collection, group = aliased(DataCollection), DataCollectionGroup
    owner = {
        "collection": collection.dataCollectionId,
        "sample": group.blSampleId,
        "session": group.sessionId,
    }[level]
    scaling, value = AutoProcScaling.autoProcScalingId, getattr(shell, criterion)
    statement = select(owner, scaling, value).select_from(AutoProcScaling)
    statement = statement.join(shell, shell.autoProcScalingId == scaling)
    statement = statement.join(whole, whole.autoProcScalingId == scaling)
    statement = statement.join(link, link.autoProcScalingId == scaling)
    statement = statement.join(
        integration, integration.autoProcIntegrationId == link.autoProcIntegrationId
    )
    statement = statement.join(
        collection, collection.dataCollectionId == integration.dataCollectionId
    )
    statement = statement.join(
        group, group.dataCollectionGroupId == collection.dataCollectionGroupId
    )
    of_proposal = select(BLSession.sessionId).where(BLSession.proposalId == bindparam("proposal"))
    on_joined = {
        "proposal": group.sessionId.in_(of_proposal),
        "sessionId": group.sessionId == bindparam("sessionId"),
        "blSampleId": group.blSampleId == bindparam("blSampleId"),
        "blSampleId__in": group.blSampleId.in_(bindparam("blSampleId__in", expanding=True)),
        "dataCollectionGroupId": group.dataCollectionGroupId == bindparam("dataCollectionGroupId"),
        "dataCollectionId": collection.dataCollectionId == bindparam("dataCollectionId"),
    }  # the filters of the table that would join all this once more
    result, program = aliased(AutoProc), aliased(AutoProcProgram)
    failed = exists().where(
        result.autoProcId == AutoProcScaling.autoProcId,
        program.autoProcProgramId == result.autoProcProgramId,
        program.processingStatus == FAILURE,
    )
    return statement.where(
        rule,
        session,
        shell.scalingStatisticsType == bindparam("shell"),
        whole.scalingStatisticsType == "overall",
        (bindparam("least") <= 0) | (whole.completeness >= bindparam("least")),
        owner.is_not(None),
        value.is_not(None) if CRITERIA[criterion] else value > 0,
        ~failed,
        *(
            on_joined[name] if name in on_joined else condition(ResultRowSchema, name)
            for name in filters
        ),
    ).distinct()
