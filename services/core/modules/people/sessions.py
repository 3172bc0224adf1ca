"""Sessions, which clients call by id or by name."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from services.core.schemas.people.sessions import (
    CurrentSessionSchema,
    SessionInfoSchema,
    SessionSchema,
)
from shared import access, list_rules, names, read, row_checks
from shared.db import db
from shared.errors import BadInput
from shared.identity import Identity
from shared.lists import LONGEST_PAGE
from shared.models import BLSession, Proposal
from shared.table_service import TableService

ONE_DAY = timedelta(days=1)


class Sessions(TableService):
    """The sessions of a site."""

    def find_by(self, identity: Identity, key: str | int) -> dict:
        """The filters of an id, ``7``, or a name, ``mx2007-1``."""
        return names.session_filters(identity, key)

    def list_(self, identity: Identity, query: dict) -> dict:
        """One page of the visible sessions, newest first unless the query sorts them."""
        query = dict(query)
        _replace_times(query)
        return super().list_(identity, query)

    def list_by_date(self, identity: Identity, query: dict) -> dict:
        """One page of the visible sessions that overlap ``start`` to ``end``."""
        query = dict(query)
        query["ends_after"] = query.pop("start")
        query["starts_before"] = query.pop("end")
        if query["ends_after"] >= query["starts_before"]:
            raise BadInput("invalid input", {"end": ["is before start"]})
        return super().list_(identity, query)

    def list_current(self, identity: Identity, query: dict) -> dict:
        """The visible sessions on a beamline from yesterday to tomorrow, the best one first.

        That is one that runs now, else the one whose start or end is nearest.
        """
        now = datetime.now().replace(microsecond=0)
        midnight = now.replace(hour=0, minute=0, second=0)
        days = {"ends_after": midnight - ONE_DAY, "starts_before": midnight + 2 * ONE_DAY}
        query = {**query, **days, "skip": 0, "limit": LONGEST_PAGE}
        query, rule = list_rules.resolve(identity, CurrentSessionSchema, query)
        page = read.page(CurrentSessionSchema, rule, query)
        page["results"].sort(key=lambda row: _get_distance(row, now))
        return page

    def get_info(self, identity: Identity, name: str | int, fields=()) -> dict:
        """One visible session with its members."""
        rule = access.sessions(identity)
        return read.one(SessionInfoSchema, rule, fields, **self.find_by(identity, name))

    def insert(self, identity: Identity, data: dict) -> Any:
        """Create a session of a visible proposal; without a number it takes the next."""
        if "visit_number" not in data:
            row_checks.check_parents(identity, BLSession, data)
            data = {**data, "visit_number": _get_next_visit(data["proposalId"])}
        return super().insert(identity, data)


sessions = Sessions(
    SessionSchema,
    span=("startDate", "endDate"),
    keep=["visit_number"],
    along=["SessionType"],
)


@sessions.check
def check_beamline(identity: Identity, data: dict, stored: Any) -> None:
    """Raise Forbidden if the caller's token is not for the beamline of the session."""
    beamline = stored.beamLineName if stored else None
    access.check_beamline(identity, data.get("beamLineName", beamline))


def _get_distance(row: dict, now: datetime) -> timedelta:
    """The time from ``now`` to a session, zero while it runs."""
    times = (row["startDate"], row["endDate"] or row["startDate"])
    start, end = (datetime.fromisoformat(each) for each in times)
    return max(start - now, now - end, timedelta(0))


def _get_next_visit(proposal_id: int) -> int:
    """The next visit number of the proposal, whose row is locked until the number is stored."""
    row_checks.locked(Proposal, proposal_id)
    highest = select(func.max(BLSession.visit_number)).where(BLSession.proposalId == proposal_id)
    return (db.session.scalar(highest) or 0) + 1


def _replace_times(query: dict) -> None:
    """Replace today, year, month, day, upcoming and previous by filters on the dates."""
    now = datetime.now().replace(microsecond=0)
    midnight = now.replace(hour=0, minute=0, second=0)
    spans = [span] if (span := _get_calendar_span(query, now.year)) else []
    if query.pop("today", False):
        spans.append((midnight, midnight + ONE_DAY))
    starts = [start for start, _ in spans]
    if query.pop("upcoming", False):
        starts.append(now)
        query.setdefault("sort", ["startDate"])
    if starts:
        query["ends_after"] = max(starts)
    if spans:
        query["starts_before"] = min(end for _, end in spans)
    if query.pop("previous", False):
        query["ended_before"] = now


def _get_calendar_span(query: dict, this_year: int) -> tuple[datetime, datetime] | None:
    """The first moment of the year, month or day of the query, and the first moment after it."""
    year, month, day = (query.pop(at, None) for at in ("year", "month", "day"))
    if day and not month:
        raise BadInput("invalid input", {"month": ["is needed with day"]})
    if not (year or month):
        return None
    year = year or this_year
    try:
        start = datetime(year, month or 1, day or 1)
    except ValueError:
        raise BadInput("invalid input", {"day": ["the month has no such day"]}) from None
    if day:
        return start, start + ONE_DAY
    return start, datetime(year + (month in (None, 12)), (month or 0) % 12 + 1, 1)
