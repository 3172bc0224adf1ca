"""The time lines of event chains: when each event begins and ends, with its repeats."""

from sqlalchemy import func, select

from services.ssx.models import EventChain
from services.ssx.modules.runs import runs
from services.ssx.schemas.chain_timelines import (
    MOST_CHAINS,
    MOST_SPANS,
    TimelineChainSchema,
)
from services.ssx.schemas.event_chains import find_pump_and_probe
from shared import read, visibility
from shared.db import db
from shared.identity import Identity


def get(identity: Identity, chain_id: int) -> dict:
    """The time line of a visible event chain."""
    rule = visibility.rule(identity, EventChain)
    return compute(read.one(TimelineChainSchema, rule, eventChainId=chain_id))


def get_of_run(identity: Identity, run_id: int, most: int = MOST_CHAINS) -> dict:
    """The time lines of the first ``most`` event chains of a visible run, and their number."""
    runs.check_visible(identity, run_id)
    rule = visibility.rule(identity, EventChain)
    chains = read.some(TimelineChainSchema, rule, limit=most, dataCollectionId=run_id)
    total = len(chains)
    if total == most:
        counted = select(func.count()).select_from(EventChain).filter_by(dataCollectionId=run_id)
        total = db.session.scalar(counted) or 0
    return {
        "dataCollectionId": run_id,
        "total": total,
        "EventChain": [compute(chain) for chain in chains],
    }


def compute(chain: dict) -> dict:
    """``chain``, as it is read, with the times of its events and its delay."""
    events = [{**event, **_compute_times(event)} for event in chain["Event"]]
    pump, probe = find_pump_and_probe(events) or (None, None)
    return {
        **chain,
        "Event": events,
        "begin": min((event["offset"] for event in events), default=None),
        "end": max((event["end"] for event in events), default=None),
        "pump": pump,
        "probe": probe,
        "pumpProbeDelay": None if pump is None or probe is None else probe - pump,
    }


def count_repeats(event: dict) -> int:
    """How often an event takes place: once without a period."""
    return max(int(event["repetition"] or 1), 1) if (event["period"] or 0) > 0 else 1


def _compute_times(event: dict) -> dict:
    offset, period = event["offset"], event["period"] or 0
    duration, repeats = max(event["duration"] or 0, 0), count_repeats(event)
    begins = [offset + number * period for number in range(min(repeats, MOST_SPANS))]
    return {
        "end": offset + (repeats - 1) * period + duration,
        "spans": [[begin, begin + duration] for begin in begins],
    }
