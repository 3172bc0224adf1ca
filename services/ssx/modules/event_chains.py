"""Event chains: when X-rays, lasers and reagents reach the sample."""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate, islice
from typing import Any

from sqlalchemy import delete, select

from services.ssx.models import Event, EventChain, EventType
from services.ssx.schemas.event_chains import (
    DETECTION,
    EXPOSURE,
    EventChainSchema,
    EventTypeSchema,
)
from shared import batches, row_checks
from shared.db import db
from shared.errors import BadInput
from shared.identity import Identity
from shared.spelling import EXPLAINED, unknown
from shared.table_service import TableService

COLUMNS = ("eventTypeId", "componentId", "name", "offset", "duration", "period", "repetition")
TOLERANCE = 1e-6  # of times, as a share: the columns have single precision


class EventChains(TableService):
    """Event chains with their events."""

    def insert(self, identity: Identity, data: dict) -> EventChain:
        """Create a chain of a visible data collection, with its events."""
        events = complete_events(data.get("events", []), get_kinds())
        chain = super().insert(identity, _without_events(data))
        insert_events(identity, [(chain.eventChainId, events)])
        return chain

    def edit(self, identity: Identity, row: EventChain, data: dict) -> EventChain:
        """Change a locked chain; ``events`` in ``data`` take the place of the stored ones."""
        chain = super().edit(identity, row, _without_events(data))
        if "events" in data:
            events = complete_events(data["events"], get_kinds())
            if not _has_events(row.eventChainId, events):
                db.session.execute(delete(Event).where(Event.eventChainId == row.eventChainId))
                insert_events(identity, [(row.eventChainId, events)])
        return chain

    def replace(self, identity: Identity, key: Any, data: dict) -> dict:
        """Make a chain that of ``data``, events too."""
        return super().replace(identity, key, {"events": [], **data})

    def delete(self, identity: Identity, key: Any) -> dict:
        """Delete a chain with its events; return it as it was."""
        row = self.get(identity, key)
        row_checks.remove(EventChain, key, along=("Event",))
        return row


event_chains = EventChains(EventChainSchema, keep=("Event",))
event_types = TableService(EventTypeSchema)


def get_kinds() -> dict[str, Any]:
    """The keys of the kinds of events, by their names."""
    return {name: key for key, name in db.session.execute(_select_types)}


def complete_events(events: list[dict], kinds: dict[str, Any], check: bool = True) -> list[dict]:
    """The columns of ``events`` as the schema loads them, with the key of their kind.

    BadInput by the index of each event that has no such kind, or whose times cannot be; the first
    of them are named. The times are not looked at without ``check``.
    """
    completed: list[dict] = []
    faults: dict[int, Any] = {}
    for at, event in enumerate(events):
        columns = {name: value for name, value in event.items() if name != "type"}
        kind = (event.get("type") or {}).get("name")
        if kind is not None and kind not in kinds:
            reason = f"Is an {unknown(kind, kinds, 'event type')}"
            faults[at] = {"EventType": {"name": [reason]}}
        elif columns.setdefault("eventTypeId", kinds.get(kind or "")) not in kinds.values():
            faults[at] = {"eventTypeId": [f"Must be the key of one of {', '.join(kinds)}."]}
        elif kind is not None and kinds[kind] != columns["eventTypeId"]:
            faults[at] = {"EventType": {"name": ["Is another kind than that of eventTypeId."]}}
        completed.append(columns)
        if len(faults) == EXPLAINED:
            break
    if check and not faults:
        names = {key: name for name, key in kinds.items()}
        for at, name, reason in islice(_find_faults(completed, names), EXPLAINED):
            faults.setdefault(at, {}).setdefault(name, []).append(reason)
    if faults:
        raise BadInput("invalid input", {"Event": faults})
    return completed


def insert_events(identity: Identity, chains: list[tuple[int, list[dict]]]) -> None:
    """Insert the events of chains, given by the keys of these."""
    rows = [{**event, "eventChainId": key} for key, events in chains for event in events]
    row_checks.check_parents(
        identity, Event, *({k: v for k, v in row.items() if k == "componentId"} for row in rows)
    )
    batches.insert(Event, rows)


_select_types = select(EventType.eventTypeId, EventType.name).order_by(EventType.eventTypeId)


def _has_events(key: int, events: list[dict]) -> bool:
    """Whether the stored events of a chain have the columns of ``events``, in their order."""
    stored = db.session.execute(
        select(*(getattr(Event, name) for name in COLUMNS))
        .where(Event.eventChainId == key)
        .order_by(Event.eventId)
    )
    return [tuple(row) for row in stored] == [tuple(map(each.get, COLUMNS)) for each in events]


def _without_events(data: dict) -> dict:
    return {name: value for name, value in data.items() if name != "events"}


def _find_faults(events: list[dict], names: dict[int, str]) -> Iterator[tuple[int, str, str]]:
    """The index of each event whose times cannot be, with the column and the reason."""
    exposures = sorted(_span(e) for e in events if names[e["eventTypeId"]] == EXPOSURE)
    begins = [begin for begin, _ in exposures]
    ends = [*accumulate((end for _, end in exposures), max)]  # the last of all up to each
    for at, event in enumerate(events):
        for name in ("duration", "period", "repetition"):
            if (event.get(name) or 0) < 0:
                yield at, name, "Must not be negative."
        duration, period = event.get("duration") or 0, event.get("period")
        if (event.get("repetition") or 1) > 1 and not period:
            yield at, "period", "Is needed for an event that is repeated, s."
        elif period and duration > period * (1 + TOLERANCE):
            yield at, "duration", "Must not be longer than the period."
        if at and event["offset"] < events[at - 1]["offset"]:
            yield at, "offset", "Must not be before that of the event above it."
        if exposures and names[event["eventTypeId"]] == DETECTION:
            begin, end = _span(event)
            margin = TOLERANCE * max(abs(begin), abs(end))
            number = bisect_right(begins, begin + margin)
            if not number or ends[number - 1] < end - margin:
                yield at, "offset", "The detection must be inside an X-ray exposure of the chain."


def _span(event: dict) -> tuple[float, float]:
    """Begin and end of an event with its repeats, s."""
    repeats = max((event.get("repetition") or 1) - 1, 0)
    last = event["offset"] + repeats * (event.get("period") or 0)
    return event["offset"], last + (event.get("duration") or 0)
