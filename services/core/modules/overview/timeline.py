"""What happened, newest first: data collections, screenings, scans, spectra, robot actions.

A page is a constant number of statements: the events with their names, the data collections of
them with their grids, and the state of their processing.
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
    paths,
)
from shared import access, names, paging, read
from shared.access import everything
from shared.db import db
from shared.errors import BadInput
from shared.identity import Identity
from shared.lists import PAGING
from shared.models import Protein
from shared.schemas import LARGEST_KEY, columns_of

ORDER = ("startTime", "type", "key")
SINGLE = {"dataCollectionId", "dataCollectionGroupId"}  # filters by which nothing is folded
FIRST = ("type", "key", "startTime", "endTime", "sessionId", "blSampleId", "groupId", "id")
HEAD = (*FIRST, "count", "attachments", "code", "number", "visit", "blSample")
VARIES = {"skip", "limit", "most", "after_time", "after_key"}  # from page to page
CURSOR: dict[str, fields.Field] = {
    "startTime": fields.NaiveDateTime(allow_none=True),
    "type": fields.String(validate=validate.OneOf(TYPES)),
    "key": fields.Integer(strict=True, validate=validate.Range(0, LARGEST_KEY)),
}  # the fields of ORDER
SHOWN = tuple(EventSchema().fields)


def find(identity: Identity, query: dict) -> dict:
    """A page of the events in the sessions the caller sees; the data collections of a group are
    one event, unless the query names the group or one of them.
    """
    only = _known(query["fields"])
    shape, rules, values = _asked(identity, query)
    page = {"skip": query["skip"], "limit": query["limit"]}
    values |= {**page, "most": query["skip"] + query["limit"]}
    seen = access.samples(identity, sql.Sample.blSampleId).condition
    stmt = sql.page(shape, rules, seen)
    rows: Any = []
    if stmt is not None:
        rows = db.session.connection().execute(stmt, values).all()
    results = _events(identity, shape, rows)
    if only:
        results = [{name: row[name] for name in only} for row in results]

    def total() -> int:
        if stmt is None:
            return 0
        filtered = {name: value for name, value in values.items() if name not in VARIES}
        select_total = sql.total(shape._replace(after=None), rules)
        return paging.count(select_total, filtered, sql.COUNTED)

    next_ = None
    if len(rows) == query["limit"]:
        next_ = paging.cursor(ORDER, [rows[-1][2], *rows[-1][:2]])
    return paging.page(query, results, next_, sql.COUNTED, total)


def types(identity: Identity, query: dict) -> dict:
    """The types of such events, and how many there are of each."""
    shape, rules, values = _asked(identity, query)
    stmt, counts = sql.by_type(shape, rules), dict.fromkeys((*TYPES, GRID), 0)
    rows = [] if stmt is None else db.session.connection().execute(stmt, values)
    for kind, experiment, count in rows:
        counts[kind] += count
        if experiment is not None:
            counts[experiment] = counts.get(experiment, 0) + count
    names = {**TYPES, GRID: "Grid scan"}
    found = [
        {"eventType": kind, "eventTypeName": names.get(kind, kind), "count": count}
        for kind, count in counts.items()
        if count
    ]
    return {"total": len(found), "results": found, "skip": 0, "limit": len(KINDS)}


def _asked(
    identity: Identity, query: dict
) -> tuple[sql.Shape, tuple[ColumnElement, ...], dict[str, Any]]:
    """What the statements look like, who sees what, and the values to run them with."""
    values = {name: value for name, value in query.items() if name not in PAGING}
    if "session" in values:
        values = _both(values, "sessionId", names.session_key(identity, values.pop("session")))
    if "proposal" in values:
        values = _both(values, "proposalId", names.proposal_key(identity, values.pop("proposal")))
    if "proteinId" in values:
        values["proteinId"] = _seen_protein(identity, values["proteinId"])
    kind, state = values.get("eventType"), values.pop("status", None)
    filters = tuple(sorted(values.keys() - {"eventType"}))
    single = bool(SINGLE & values.keys())
    after = None
    if "after" in query:
        moment, last, key = _event_before(query["after"])
        after = (last, moment is None)
        values |= {"after_time": moment, "after_key": key}
    links = [
        sql.SESSION if "sessionId" in values else each.session for each in sql.branches(single)
    ]
    rules = [access.sessions(identity, link) for link in (*links, sql.Used.sessionId)]
    shape = sql.Shape(filters, kind, state, single, after)
    return shape, tuple(rule.condition for rule in rules), {**rules[0].values, **values}


def _seen_protein(identity: Identity, key: int) -> int:
    """The key of a protein, or 0 if it is hidden: its samples are not to be found by it."""
    rule = access.proteins(identity)
    stmt = select(Protein.proteinId).where(Protein.proteinId == key, rule.condition)
    return db.session.scalar(stmt, rule.values) or 0


def _both(values: dict, name: str, key: int) -> dict:
    """``values`` with a key that was given by name; it may have been given as a number too."""
    if values.get(name, key) != key:
        raise BadInput("invalid input", {name: ["names another one"]})
    return {**values, name: key}


def _event_before(text: str) -> tuple[datetime | None, str, int]:
    """The time, type and key of the event that the page before ended with."""
    try:
        start, kind, key = paging.cursor_values(ORDER, CURSOR, text)
    except ValueError as error:
        raise BadInput("invalid input", {"after": ["is not the `next` of this list"]}) from error
    return start, kind, key


def _known(names: Any) -> tuple[str, ...]:
    """The fields to show; BadInput if there is no such field."""
    if unknown := [name for name in names if name not in SHOWN]:
        raise BadInput("invalid input", {"fields": [f"Not known: {', '.join(unknown)}."]})
    return tuple(names)


def _events(identity: Identity, shape: sql.Shape, rows: list) -> list[dict]:
    """The rows of a page as events."""
    found = [dict(zip(HEAD, row)) for row in rows]
    collections = [event["id"] for event in found if event["type"] == "dc"]
    owner = "id" if shape.single else "groupId"
    owners = [event[owner] for event in found if event["type"] == "dc"]
    items: dict[int, dict] = {}
    words: dict[int, list] = {}
    if collections:
        shown = read.some(
            EventCollectionSchema, everything(identity), dataCollectionId__in=collections
        )
        items = {item["dataCollectionId"]: item for item in shown}
        words = processing_status.counts(
            processing_status.runs(identity, owners, by_group=not shape.single)
        )
    return [
        _event(event, _item(event, row, items), words.get(event[owner], []))
        for event, row in zip(found, rows)
    ]


def _item(event: dict, row: Any, collections: dict[int, dict]) -> dict:
    """The row that an event is about."""
    kind = event["type"]
    if kind == "dc":
        item = collections[event["id"]]
        pictures = {str(n): bool(item[f"xtalSnapshotFullPath{n}"]) for n in range(1, 5)}
        return {**item, "_metadata": {"snapshots": pictures}}
    at = len(HEAD) + sum(len(sql.item_columns(other)) for other in _before(kind))
    return dict(zip(columns_of(ITEMS[kind]), row[at:]))


def _before(kind: str) -> list[str]:
    return [*ITEMS][: [*ITEMS].index(kind)]


def _event(event: dict, item: dict, words: list) -> dict:
    collection = event["type"] == "dc"
    event = {**event, "id": event["id"] if collection else event["key"]}
    proposal = f"{event['code'] or ''}{event['number'] or ''}" or None
    session = proposal and event["visit"] is not None and f"{proposal}-{event['visit']}"
    return {
        **{name: event[name] for name in ("id", "type", "startTime", "endTime")},
        "duration": _minutes(event["startTime"], event["endTime"]),
        "count": event["count"] if collection else 1,
        "session": session or None,
        "sessionId": event["sessionId"],
        "proposal": proposal,
        **{name: event[name] for name in ("blSample", "blSampleId")},
        "attachments": event["attachments"],
        "processing": words if collection else [],
        "links": paths(event, item),
        "Item": item,
    }


def _minutes(start: str | None, end: str | None) -> float | None:
    if start is None or end is None:
        return None
    seconds = (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
    return round(seconds / 60, 2)
