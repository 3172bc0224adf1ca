"""The events of the timeline, from the rows of a page: with their items, links and processing."""

from datetime import datetime
from typing import Any

from services.core.modules.overview.timeline_pages import get_item_columns
from services.core.modules.processing import processing_status
from services.core.schemas.overview.timeline import ITEMS, EventCollectionSchema, build_links
from shared import names, read
from shared.access import everything
from shared.identity import Identity
from shared.schemas import columns_of

FIRST = ("type", "key", "startTime", "endTime", "sessionId", "blSampleId", "groupId", "id")
HEAD = (*FIRST, "count", "attachments", "code", "number", "visit", "blSample")


def build_events(identity: Identity, rows: list, single: bool) -> list[dict]:
    """The rows of a page as events; ``single``: each data collection is an event of its own."""
    events = [dict(zip(HEAD, row)) for row in rows]
    keys = [event["id"] for event in events if event["type"] == "dc"]
    owner = "id" if single else "groupId"
    owners = [event[owner] for event in events if event["type"] == "dc"]
    items: dict[int, dict] = {}
    states: dict[int, list] = {}
    if keys:
        collections = read.some(
            EventCollectionSchema, everything(identity), dataCollectionId__in=keys
        )
        items = {item["dataCollectionId"]: item for item in collections}
        states = processing_status.count_runs(
            processing_status.list_runs(identity, owners, by_group=not single)
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
    at = len(HEAD) + sum(len(get_item_columns(other)) for other in _get_earlier_kinds(kind))
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
