"""Sessions, beamlines and parameters in numbers, of the sessions that the caller sees."""

from bisect import bisect_right
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, String, and_, case, func, or_, select, type_coerce

from services.core.models import EnergyScan, RobotAction, XFEFluorescenceSpectrum
from services.core.modules.people.sessions import sessions
from services.core.schemas.overview.statistics import LONGEST, UNITS
from services.core.schemas.processing.screenings import ScreeningSchema
from services.core.schemas.processing.xray_centrings import CentringSchema
from services.core.schemas.records import NO_VALUE
from shared import access
from shared.db import db
from shared.identity import Identity
from shared.models import BLSession, DataCollection, DataCollectionGroup, ExperimentType
from shared.schemas import TableSchema
from shared.sql import seconds

EV_ANGSTROM = 12398.41984  # energy times wavelength
SHORTEST = 1e-300  # the energy of a shorter wavelength is no number
ERRORS = 50  # of each source
FAILED = or_(
    *(DataCollection.runStatus.like(f"%{word}%") for word in ("fail", "unsuccessful", "error"))
)
ABORTED = or_(
    *(DataCollection.runStatus.like(f"%{word}%") for word in ("abort", "stop", "cancel"))
)
BROKEN = RobotAction.status.in_(("ERROR", "CRITICAL", "EPICSFAIL", "COMMANDNOTSENT"))
LOAD = RobotAction.actionType == "LOAD"
WRONG_COLLECTION = or_(FAILED, ABORTED), DataCollection.runStatus
WRONG_ACTION = BROKEN, func.coalesce(RobotAction.message, RobotAction.status)
COLLECTED: dict[str, Any] = {
    "datacollections": func.count(),
    "failed": func.count(case((FAILED, 1))),
    "aborted": func.count(case((ABORTED, 1))),
    "images": func.coalesce(func.sum(DataCollection.numberOfImages), 0),
}
LOADED: dict[str, Any] = {
    "loaded": func.count(case((and_(LOAD, ~func.coalesce(BROKEN, False)), 1))),
    "failedLoads": func.count(case((and_(LOAD, BROKEN), 1))),
}


def of_session(identity: Identity, name: str) -> dict:
    """What is in a visible session, and where its time went."""
    session = sessions.get(identity, name, ("sessionId", "startDate", "endDate"))
    key = session["sessionId"]
    types = _collections(key)
    scans, spectra = (
        _activity(model.sessionId == key, model.startTime, model.endTime)
        for model in (EnergyScan, XFEFluorescenceSpectrum)
    )
    start, end = RobotAction.startTimestamp, RobotAction.endTimestamp
    robot = _activity(RobotAction.blsessionId == key, start, end, func.count(case((BROKEN, 1))))
    counts = {name: sum(each[name] for each in types) for name in COLLECTED}
    counts |= {
        "energyScans": scans[0],
        "xrfSpectra": spectra[0],
        "robotActions": robot[0],
        "failedRobotActions": robot[3],
        "screenings": _count(ScreeningSchema, key),
        "centrings": _count(CentringSchema, key),
    }
    used = {
        "datacollections": sum(each["seconds"] for each in types),
        "energyScans": scans[1],
        "xrfSpectra": spectra[1],
        "robotActions": robot[1],
    }
    firsts = [each.pop("first") for each in types] + [scans[2], spectra[2], robot[2]]
    rest = _rest(session, sum(used.values()), [first for first in firsts if first])
    return {"sessionId": key, "counts": counts, "types": types, "seconds": used | rest}


def _collections(session_id: int) -> list[dict]:
    """The data collections of a session, by type."""
    group = DataCollectionGroup
    kind = func.coalesce(type_coerce(group.experimentType, String()), ExperimentType.name)
    found = (
        select(
            kind.label("experimentType"),
            *(what.label(name) for name, what in COLLECTED.items()),
            _lasting(DataCollection.startTime, DataCollection.endTime).label("seconds"),
            func.min(DataCollection.startTime).label("first"),
        )
        .join(DataCollection.group)
        .outerjoin(group.type)
        .where(group.sessionId == session_id)
        .group_by(kind)
        .order_by(kind)
    )
    rows = db.session.execute(found).mappings()
    return [{n: int(v) if n in (*COLLECTED, "seconds") else v for n, v in r.items()} for r in rows]


def _activity(of_session: Any, start: Any, end: Any, *more: Any) -> list:
    """How many there are, their seconds, when the first one began, and ``more``."""
    found = select(func.count(), _lasting(start, end), func.min(start), *more).where(of_session)
    number, lasted, *rest = db.session.execute(found).one()
    return [number, int(lasted), *rest]


def _lasting(start: Any, end: Any) -> Any:
    """The seconds of all; what has no end yet, or one before its begin, took none."""
    return func.coalesce(func.sum(case((end > start, seconds(start, end)))), 0)


def _count(schema: type[TableSchema], session_id: int) -> int:
    """How many rows the list of ``schema`` has of a session."""
    found = select(func.count()).select_from(schema.Meta.model)
    found = found.where(schema.Meta.filters["sessionId"].condition)
    return db.session.scalar(found, {"sessionId": session_id}) or 0


def _rest(session: dict, used: int, firsts: list[datetime]) -> dict:
    """The time of a session in which nothing was recorded."""
    if not (session["startDate"] and session["endDate"]):
        return {"startup": None, "remaining": None, "total": None}
    start, end = (datetime.fromisoformat(session[at]) for at in ("startDate", "endDate"))
    total = max(0, int((end - start).total_seconds()))
    startup = max(0, int((min(firsts) - start).total_seconds())) if firsts else None
    remaining = max(0, total - used - (startup or 0))
    return {"startup": startup, "remaining": remaining, "total": total}


def of_beamline(identity: Identity, beamLineName: str, start: datetime, end: datetime) -> dict:
    """What a beamline did on each day from ``start`` until ``end``, and what went wrong."""
    rule = access.sessions(identity)
    seen = and_(rule.condition, BLSession.beamLineName == beamLineName)

    def rows(found: Select, at: Any) -> Any:
        return db.session.execute(found.where(seen, at >= start, at < end), rule.values)

    days = {str(day): _nothing() for day in _days(start, end)}
    errors = []
    for source, below, at, numbers, wrong, message in (
        ("datacollection", _collected, DataCollection.startTime, COLLECTED, *WRONG_COLLECTION),
        ("robot", _acted, RobotAction.startTimestamp, LOADED, *WRONG_ACTION),
    ):
        day, times = func.date(at), func.count()
        for each in rows(below(day, *numbers.values()).group_by(day), at):
            days[str(each[0])] |= zip(numbers, map(int, each[1:]))
        found = below(message, times).where(wrong).group_by(message)
        found = found.order_by(times.desc(), message).limit(ERRORS)
        for text, number in rows(found, at):
            errors.append({"source": source, "message": text, "count": number})
    going_on = select(func.count(BLSession.sessionId)).where(
        seen, BLSession.startDate < end, BLSession.endDate > start
    )
    return {
        "beamLineName": beamLineName,
        "sessions": db.session.scalar(going_on, rule.values),
        "counts": {name: sum(day[name] for day in days.values()) for name in _nothing()},
        "days": [{"day": day, **numbers} for day, numbers in days.items()],
        "errors": sorted(errors, key=_frequency),
    }


def _frequency(error: dict) -> tuple:
    return -error["count"], error["source"], error["message"].lower()


def _collected(*what: Any) -> Select:
    """``what`` of the data collections of sessions."""
    found = select(*what).select_from(DataCollection)
    return found.join(DataCollection.group).join(DataCollectionGroup.session)


def _acted(*what: Any) -> Select:
    """``what`` of the robot's actions in sessions."""
    return select(*what).select_from(RobotAction).join(RobotAction.session)


def _nothing() -> dict:
    return dict.fromkeys((*COLLECTED, *LOADED), 0)


def _days(start: datetime, end: datetime) -> list:
    last = (end - timedelta(microseconds=1)).date()
    return [start.date() + timedelta(days=at) for at in range((last - start.date()).days + 1)]


def histogram(
    identity: Identity,
    parameter: str,
    bins: int,
    beamLineName: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> dict:
    """How often a parameter of data collections had which value."""
    end = end or (min(start, datetime.max - LONGEST) + LONGEST if start else datetime.now())
    start = start or max(end, datetime.min + LONGEST) - LONGEST
    rule, at = access.sessions(identity), DataCollection.startTime
    value = (
        DataCollection.wavelength if parameter == "energy" else getattr(DataCollection, parameter)
    )
    stored = (
        _collected(value, func.count())
        .where(rule.condition, at >= start, at < end, value != NO_VALUE)
        .group_by(value)
    )
    if parameter == "energy":
        stored = stored.where(value > SHORTEST)
    if beamLineName:
        stored = stored.where(BLSession.beamLineName == beamLineName)
    rows = db.session.execute(stored, rule.values)
    numbers: Counter[float] = Counter()
    for each, times in rows:  # what the server rounds alike comes more than once
        numbers[EV_ANGSTROM / each if parameter == "energy" else each] += times
    edges, counts = _binned(numbers, bins)
    answer = {"parameter": parameter, "unit": UNITS[parameter], "total": sum(numbers.values())}
    return {**answer, "edges": edges, "counts": counts}


def _binned(numbers: dict[float, int], bins: int) -> tuple[list[float], list[int]]:
    """The edges of bins of one width, and how often a value is in each."""
    if not numbers:
        return [], []
    low, high = min(numbers), max(numbers)
    if low == high:
        return [low, high], [numbers[low]]
    edges = [low + (high - low) * at / bins for at in range(bins)] + [high]
    found: Counter[int] = Counter()
    for value, times in numbers.items():
        found[min(bisect_right(edges, value), bins) - 1] += times
    return edges, [found[at] for at in range(bins)]
