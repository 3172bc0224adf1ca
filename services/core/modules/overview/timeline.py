"""Events, newest first: data collections, screenings, scans, spectra, robot actions.

A page takes a constant number of statements: one for the events with their names, one for their
data collections with their grids, and one for the state of their processing.
"""

from datetime import datetime
from typing import Any

from marshmallow import fields, validate
from sqlalchemy import ColumnElement, select

from services.core.modules.overview import timeline_branches as sql
from services.core.modules.processing import processing_status
from services.core.schemas.overview.timeline import (
    GRID,
    ITEMS,
    KINDS,
    TYPES,
    EventCollectionSchema,
    EventSchema,
    build_links,
)
from shared import access, names, paging, read
from shared.access import everything
from shared.callers import look_up
from shared.db import db
from shared.errors import BadInput
from shared.identity import Identity
from shared.lists import PAGING
from shared.models import Protein
from shared.spelling import EXPLAINED, unknown
from shared.schemas import LARGEST_KEY, columns_of

ORDER = ("startTime", "type", "key")
# With one of these filters each data collection is an event of its own, not its group.
SINGLE = {"dataCollectionId", "dataCollectionGroupId"}
FIRST = ("type", "key", "startTime", "endTime", "sessionId", "blSampleId", "groupId", "id")
HEAD = (*FIRST, "count", "attachments", "code", "number", "visit", "blSample")
VARIABLE = {"skip", "limit", "most", "after_time", "after_key"}  # they differ from page to page
CURSOR: dict[str, fields.Field] = {
    "startTime": fields.NaiveDateTime(allow_none=True),
    "type": fields.String(validate=validate.OneOf(TYPES)),
    "key": fields.Integer(strict=True, validate=validate.Range(0, LARGEST_KEY)),
}  # the fields of ORDER
FIELDS = tuple(EventSchema().fields)


def list_(identity: Identity, query: dict) -> dict:
    """One page of the events in the sessions the caller sees.

    The data collections of a group are one event, unless the query names the group or one of them.
    """
    only = _check_fields(query["fields"])
    identity = look_up(identity)
    shape, rules, values = _plan(identity, query)
    page = {"skip": query["skip"], "limit": query["limit"]}
    values |= {**page, "most": query["skip"] + query["limit"]}
    visible_sample = access.samples(identity, sql.Sample.blSampleId).condition
    stmt = sql.select_page(shape, rules, visible_sample)
    rows: Any = []
    if stmt is not None:
        rows = db.session.connection().execute(stmt, values).all()
    results = _build_events(identity, shape, rows)
    if only:
        results = [{name: row[name] for name in only} for row in results]

    def total() -> int | None:
        if stmt is None:
            return 0
        filtered = {name: value for name, value in values.items() if name not in VARIABLE}
        select_total = sql.select_total(shape._replace(after=None), rules)
        return paging.count(select_total, filtered, sql.COUNTED)

    next_ = None
    if len(rows) == query["limit"]:
        next_ = paging.cursor(ORDER, [rows[-1][2], *rows[-1][:2]])
    return paging.page(query, results, next_, sql.COUNTED, total)


def list_types(identity: Identity, query: dict) -> dict:
    """The types of the events of a query, and their numbers."""
    shape, rules, values = _plan(look_up(identity), query)
    stmt, counts = sql.select_types(shape, rules), dict.fromkeys((*TYPES, GRID), 0)
    rows = [] if stmt is None else db.session.connection().execute(stmt, values)
    for kind, experiment, count in rows:
        counts[kind] += count
        if experiment is not None:
            counts[experiment] = counts.get(experiment, 0) + count
    names = {**TYPES, GRID: "Grid scan"}
    results = [
        {"eventType": kind, "eventTypeName": names.get(kind, kind), "count": count}
        for kind, count in counts.items()
        if count
    ]
    return {"total": len(results), "results": results, "skip": 0, "limit": len(KINDS)}


def _plan(
    identity: Identity, query: dict
) -> tuple[sql.Shape, tuple[ColumnElement, ...], dict[str, Any]]:
    """The shape of the statements of a query, their rules, and the values to run them with."""
    values = {name: value for name, value in query.items() if name not in PAGING}
    if "session" in values:
        values = _set_key(values, "sessionId", names.session_key(identity, values.pop("session")))
    if "proposal" in values:
        values = _set_key(
            values, "proposalId", names.proposal_key(identity, values.pop("proposal"))
        )
    if "proteinId" in values:
        values["proteinId"] = _get_visible_protein(identity, values["proteinId"])
    kind, state = values.get("eventType"), values.pop("status", None)
    filters = tuple(sorted(values.keys() - {"eventType"}))
    single = bool(SINGLE & values.keys())
    after = None
    if "after" in query:
        moment, last, key = _read_cursor(query["after"])
        after = (last, moment is None)
        values |= {"after_time": moment, "after_key": key}
    links = [
        sql.SESSION if "sessionId" in values else each.session for each in sql.get_branches(single)
    ]
    rules = [access.sessions(identity, link) for link in (*links, sql.Used.sessionId)]
    shape = sql.Shape(filters, kind, state, single, after)
    return shape, tuple(rule.condition for rule in rules), {**rules[0].values, **values}


def _get_visible_protein(identity: Identity, key: int) -> int:
    """The key of a visible protein; 0, which no row has, if it is hidden or absent."""
    rule = access.proteins(identity)
    stmt = select(Protein.proteinId).where(Protein.proteinId == key, rule.condition)
    return db.session.scalar(stmt, rule.values) or 0


def _set_key(values: dict, name: str, key: int) -> dict:
    """``values`` with the key of a row that the query names; BadInput if it has another key."""
    if values.get(name, key) != key:
        raise BadInput("invalid input", {name: ["names another one"]})
    return {**values, name: key}


def _read_cursor(text: str) -> tuple[datetime | None, str, int]:
    """The time, type and key of the last event of the page before, from its cursor."""
    try:
        start, kind, key = paging.cursor_values(ORDER, CURSOR, text)
    except ValueError as error:
        raise BadInput("invalid input", {"after": ["is not the `next` of this list"]}) from error
    return start, kind, key


def _check_fields(names: Any) -> tuple[str, ...]:
    """The names of the fields to show; BadInput if there is no such field."""
    if faults := [name for name in names if name not in FIELDS][:EXPLAINED]:
        reasons = [f"{name}: {unknown(name, FIELDS, 'field')}" for name in faults]
        raise BadInput("invalid input", {"fields": reasons})
    return tuple(names)


def _build_events(identity: Identity, shape: sql.Shape, rows: list) -> list[dict]:
    """The rows of a page as events."""
    events = [dict(zip(HEAD, row)) for row in rows]
    keys = [event["id"] for event in events if event["type"] == "dc"]
    owner = "id" if shape.single else "groupId"
    owners = [event[owner] for event in events if event["type"] == "dc"]
    items: dict[int, dict] = {}
    states: dict[int, list] = {}
    if keys:
        collections = read.some(
            EventCollectionSchema, everything(identity), dataCollectionId__in=keys
        )
        items = {item["dataCollectionId"]: item for item in collections}
        states = processing_status.count_runs(
            processing_status.list_runs(identity, owners, by_group=not shape.single)
        )
    return [
        _build_event(event, _build_item(event, row, items), states.get(event[owner], []))
        for event, row in zip(events, rows)
    ]


def _build_item(event: dict, row: Any, collections: dict[int, dict]) -> dict:
    """The columns of the row of an event."""
    kind = event["type"]
    if kind == "dc":
        item = collections[event["id"]]
        pictures = {str(n): bool(item[f"xtalSnapshotFullPath{n}"]) for n in range(1, 5)}
        return {**item, "_metadata": {"snapshots": pictures}}
    at = len(HEAD) + sum(len(sql.get_item_columns(other)) for other in _get_earlier_kinds(kind))
    return dict(zip(columns_of(ITEMS[kind]), row[at:]))


def _get_earlier_kinds(kind: str) -> list[str]:
    return [*ITEMS][: [*ITEMS].index(kind)]


def _build_event(event: dict, item: dict, states: list) -> dict:
    collection = event["type"] == "dc"
    event = {**event, "id": event["id"] if collection else event["key"]}
    proposal = event["code"], event["number"]
    return {
        **{name: event[name] for name in ("id", "type", "startTime", "endTime")},
        "duration": _get_minutes(event["startTime"], event["endTime"]),
        "count": event["count"] if collection else 1,
        "session": names.build_session_name(*proposal, event["visit"]),
        "sessionId": event["sessionId"],
        "proposal": names.build_proposal_name(*proposal),
        **{name: event[name] for name in ("blSample", "blSampleId")},
        "attachments": event["attachments"],
        "processing": states if collection else [],
        "links": build_links(event, item),
        "Item": item,
    }


def _get_minutes(start: str | None, end: str | None) -> float | None:
    if start is None or end is None:
        return None
    seconds = (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
    return round(seconds / 60, 2)
