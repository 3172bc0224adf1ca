"""Results of processing as a table, the best of them, and how far the others are."""

import csv
import io
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, select
from sqlalchemy.orm import aliased

from services.core.models import (
    AutoProc,
    AutoProcIntegration,
    AutoProcScaling,
    AutoProcScalingHasInt,
    AutoProcScalingStatistics,
)
from services.core.modules.processing import processing_status, programs
from services.core.schemas.processing.result_tables import (
    CRITERIA,
    OWNERS,
    SHELLS,
    AutoProcRowSchema,
    ResultRowSchema,
    TableResultSchema,
    TableShellSchema,
)
from shared import access, names, read
from shared.access import Rule, everything, is_unrestricted
from shared.db import db
from shared.errors import BadInput
from shared.identity import Identity
from shared.lists import condition
from shared.models import AutoProcProgram, BLSession, DataCollection, DataCollectionGroup
from shared.schemas import columns_of
from shared.statements import cache_statements, make_alias

_Link, _Integration = make_alias(AutoProcScalingHasInt), make_alias(AutoProcIntegration)
_Collection, _Group = make_alias(DataCollection), make_alias(DataCollectionGroup)
MOST = 5_000  # lines of a table
SETTINGS = {"of", "criterion", "shell", "minCompleteness"}
CELL = tuple(name for name in columns_of(TableResultSchema) if name != "autoProcId")
MEASURES = tuple(
    name
    for name in columns_of(TableShellSchema)
    if name not in ("autoProcScalingStatisticsId", "scalingStatisticsType")
)


def find_results(identity: Identity, query: dict) -> dict:
    """A page of symmetries and cells, of the programs the caller sees."""
    rule = programs.visible(identity, AutoProc.autoProcProgramId)
    return read.page(AutoProcRowSchema, rule, query)


def get_result(identity: Identity, key: int, fields=()) -> dict:
    """The symmetry and cell of that key."""
    rule = programs.visible(identity, AutoProc.autoProcProgramId)
    return read.one(AutoProcRowSchema, rule, fields, autoProcId=key)


def find(identity: Identity, query: dict) -> dict:
    """A page of the visible scalings, with the filters of the table."""
    return read.page(ResultRowSchema, _visible(identity), _named(identity, query))


def best(identity: Identity, query: dict) -> dict:
    """Of each data collection, sample or session the scaling that is best by a criterion.

    Of equals it is the latest. What has no value of the criterion does not count, nor what a
    program made that failed; where the least is best, 0 is no value.
    """
    asked = _named(identity, {n: v for n, v in query.items() if n not in SETTINGS})
    if not asked:
        raise BadInput("invalid input", {"sessionId": ["say whose results"]})
    of, criterion, shell = query["of"], query["criterion"], query["shell"]
    rule = _visible(identity)
    seen = access.sessions(identity, DataCollectionGroup.sessionId)
    stmt = _candidates(rule.condition, seen.condition, tuple(sorted(asked)), of, criterion)
    values = {**rule.values, **asked, "shell": shell, "least": query["minCompleteness"]}
    sign = 1 if CRITERIA[criterion] else -1
    winners: dict[int, tuple] = {}
    for owner, scaling, value in db.session.connection().execute(stmt, values):
        rank = (sign * value, scaling, value)
        winners[owner] = max(winners.get(owner, rank), rank)
    keys = sorted({scaling for _, scaling, _ in winners.values()})
    found = (
        read.some(ResultRowSchema, everything(identity), autoProcScalingId__in=keys)
        if keys
        else []
    )
    rows = {row["autoProcScalingId"]: row for row in found}
    shown = [
        {OWNERS[of]: owner, "value": value, "AutoProcScaling": rows[scaling]}
        for owner, (_, scaling, value) in sorted(winners.items())
    ]
    return {"criterion": criterion, "shell": shell, "best": shown}


def states(identity: Identity, query: dict) -> dict:
    """What runs on each of those data collections that the caller sees; the latest, of many."""
    asked = _named(identity, query)
    if not asked:
        raise BadInput("invalid input", {"dataCollectionIds": ["say which, or of which session"]})
    rule, key = access.collections(identity), DataCollection.dataCollectionId
    group = DataCollectionGroup
    wanted = select(key).join(DataCollection.group).where(rule.condition)
    conditions = {
        "dataCollectionIds": key.in_(bindparam("dataCollectionIds", expanding=True)),
        "sessionId": group.sessionId == bindparam("sessionId"),
        "dataCollectionGroupId": group.dataCollectionGroupId == bindparam("dataCollectionGroupId"),
    }
    wanted = wanted.where(*(conditions[name] for name in asked))
    wanted = wanted.order_by(key.desc()).limit(MOST)
    keys = db.session.connection().scalars(wanted, {**rule.values, **asked})
    found: dict[int, list] = {each: [] for each in sorted(keys)}
    for run in processing_status.runs(identity, [*found]):
        names = {"processingJobId": run.job, "autoProcProgramId": run.program}
        found[run.owner].append({**names, "name": run.name, "status": run.word})
    return {"statuses": [{"dataCollectionId": n, "runs": runs} for n, runs in found.items()]}


def as_csv(identity: Identity, query: dict, whole: bool) -> str:
    """The table with one line for each scaling, and a column for each value of a shell.

    It is all there is, if ``whole``, else the page that the query names.
    """
    page = find(identity, {**query, "fields": (), **({"limit": MOST} if whole else {})})
    if whole and page["total"] > MOST:
        reason = f"there are more than {MOST}: ask for less, or for pages by skip and limit"
        raise BadInput("invalid input", {"limit": [reason]})
    text = io.StringIO()
    writer = csv.writer(text)
    head = ("autoProcScalingId", "autoProcProgramId", "program", "pipeline", "dataCollectionIds")
    writer.writerow([*head, *CELL, *(f"{s}_{name}" for s in SHELLS for name in MEASURES)])
    writer.writerows(map(_line, page["results"]))
    return text.getvalue()


def _line(row: dict) -> list:
    result = row["AutoProc"] or {}
    program = result.get("AutoProcProgram") or {}
    pipeline = program.get("ProcessingPipeline") or {}
    links = [link["AutoProcIntegration"] for link in row["AutoProcScaling_has_Int"]]
    shells = {each["scalingStatisticsType"]: each for each in row["AutoProcScalingStatistics"]}
    values = [
        *(row["autoProcScalingId"], program.get("autoProcProgramId")),
        *(program.get("processingPrograms"), pipeline.get("name")),
        " ".join(str(each["dataCollectionId"]) for each in links if each),
        *(result.get(name) for name in CELL),
        *(shells.get(shell, {}).get(name) for shell in SHELLS for name in MEASURES),
    ]
    return [_plain(value) for value in values]


def _plain(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula is not to be one."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") else value


def _visible(identity: Identity) -> Rule:
    """Scalings of data collections the caller sees, and of no others; so are their programs."""
    rule = access.sessions(identity, _Group.sessionId)
    return rule._replace(condition=_seen(rule.condition))


@cache_statements(64)
def _seen(session: ColumnElement[bool]) -> ColumnElement[bool]:
    """``session`` is what makes a session of ``_Group`` visible."""
    if is_unrestricted(session):
        return session
    of, integration, collection = _Link, _Integration, _Collection
    used = select(of.autoProcScalingId).join(
        integration, integration.autoProcIntegrationId == of.autoProcIntegrationId
    )
    used = used.join(collection, collection.dataCollectionId == integration.dataCollectionId)
    used = used.join(_Group, _Group.dataCollectionGroupId == collection.dataCollectionGroupId)
    key = AutoProcScaling.autoProcScalingId
    result, program = aliased(AutoProc), aliased(AutoProcProgram)
    others = (
        select(link.dataCollectionId)
        .join(program, of_it)
        .join(result, result.autoProcProgramId == program.autoProcProgramId)
        .join(collection, collection.dataCollectionId == link.dataCollectionId)
        .join(_Group, _Group.dataCollectionGroupId == collection.dataCollectionGroupId)
        .where(result.autoProcId == AutoProcScaling.autoProcId, ~session)
        for link, of_it in processing_status.uses(program)
    )
    return and_(
        key.in_(used.where(session)),
        ~used.where(of.autoProcScalingId == key, ~session).exists(),
        *(~found.exists() for found in others),
    )


def _named(identity: Identity, query: dict) -> dict:
    """The query with keys for the names of sessions and proposals."""
    query = dict(query)
    if "session" in query:
        key = names.session_key(identity, query.pop("session"))
        if query.setdefault("sessionId", key) != key:
            raise BadInput("invalid input", {"sessionId": ["names another one"]})
    if "proposal" in query:
        query["proposal"] = names.proposal_key(identity, query["proposal"])
    return query


@cache_statements(256)
def _candidates(rule, seen, filters: tuple[str, ...], of: str, criterion: str) -> Select:
    """Owner, scaling and value of all that may be the best."""
    shell, whole = aliased(AutoProcScalingStatistics), aliased(AutoProcScalingStatistics)
    link, integration = aliased(AutoProcScalingHasInt), aliased(AutoProcIntegration)
    collection, group = aliased(DataCollection), DataCollectionGroup
    owner = {
        "collection": collection.dataCollectionId,
        "sample": group.blSampleId,
        "session": group.sessionId,
    }[of]
    scaling, value = AutoProcScaling.autoProcScalingId, getattr(shell, criterion)
    stmt = select(owner, scaling, value).select_from(AutoProcScaling)
    stmt = stmt.join(shell, shell.autoProcScalingId == scaling)
    stmt = stmt.join(whole, whole.autoProcScalingId == scaling)
    stmt = stmt.join(link, link.autoProcScalingId == scaling)
    stmt = stmt.join(integration, integration.autoProcIntegrationId == link.autoProcIntegrationId)
    stmt = stmt.join(collection, collection.dataCollectionId == integration.dataCollectionId)
    stmt = stmt.join(group, group.dataCollectionGroupId == collection.dataCollectionGroupId)
    of_proposal = select(BLSession.sessionId).where(BLSession.proposalId == bindparam("proposal"))
    on_joined = {
        "proposal": group.sessionId.in_(of_proposal),
        "sessionId": group.sessionId == bindparam("sessionId"),
        "blSampleId": group.blSampleId == bindparam("blSampleId"),
        "dataCollectionGroupId": group.dataCollectionGroupId == bindparam("dataCollectionGroupId"),
        "dataCollectionId": collection.dataCollectionId == bindparam("dataCollectionId"),
    }  # the filters of the table that would join all this once more
    result, program = aliased(AutoProc), aliased(AutoProcProgram)
    failed = exists().where(
        result.autoProcId == AutoProcScaling.autoProcId,
        program.autoProcProgramId == result.autoProcProgramId,
        program.processingStatus == 0,
    )
    return stmt.where(
        rule,
        seen,
        shell.scalingStatisticsType == bindparam("shell"),
        whole.scalingStatisticsType == "overall",
        (bindparam("least") <= 0) | (whole.completeness >= bindparam("least")),
        owner.is_not(None),
        value.is_not(None) if CRITERIA[criterion] else value > 0,
        ~failed,
        *(on_joined.get(name, condition(ResultRowSchema, name)) for name in filters),
    ).distinct()
