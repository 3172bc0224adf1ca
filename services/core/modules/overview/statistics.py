"""Statistics of sessions, beamlines and parameters, over the sessions that the caller sees."""

from bisect import bisect_right
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, String, and_, case, func, or_, select, type_coerce

from services.core.models import EnergyScan, RobotAction, XFEFluorescenceSpectrum
from services.core.modules.overview import outcomes
from services.core.modules.people.sessions import sessions
from services.core.schemas.overview.statistics import LONGEST, UNITS
from services.core.schemas.overview.timeline import ABORTED, FAILED
from services.core.schemas.processing.screenings import ScreeningSchema
from services.core.schemas.processing.xray_centrings import CentringSchema
from shared import access, visibility
from shared.callers import look_up
from shared.db import db
from shared.identity import Identity
from shared.lists import condition
from shared.models import BLSession, DataCollection, DataCollectionGroup, ExperimentType
from shared.records import NO_VALUE
from shared.schemas import TableSchema
from shared.sql import seconds

EV_ANGSTROM = 12398.41984  # energy in eV times wavelength in Å
SHORTEST = 1e-300  # Å; the energy of a shorter wavelength overflows
ERRORS = 50  # of each source
ENDED = outcomes.build_collection_outcomes(DataCollection)
BROKEN = outcomes.build_robot_outcomes(RobotAction)[FAILED]
LOAD = RobotAction.actionType == "LOAD"
WRONG_COLLECTION = or_(ENDED[FAILED], ENDED[ABORTED]), DataCollection.runStatus
WRONG_ACTION = BROKEN, func.coalesce(RobotAction.message, RobotAction.status)
COLLECTED: dict[str, Any] = {
    "data_collections": func.count(),
    FAILED: func.count(case((ENDED[FAILED], 1))),
    ABORTED: func.count(case((ENDED[ABORTED], 1))),
    "images": func.coalesce(func.sum(DataCollection.numberOfImages), 0),
}
LOADED: dict[str, Any] = {
    "loaded": func.count(case((and_(LOAD, ~func.coalesce(BROKEN, False)), 1))),
    "failedLoads": func.count(case((and_(LOAD, BROKEN), 1))),
}


def get_session(identity: Identity, name: str) -> dict:
    """The numbers of rows of a visible session, and its time by activity."""
    session = sessions.get(identity, name, ("sessionId", "startDate", "endDate"))
    key = session["sessionId"]
    types = _list_types(identity, key)
    scans, spectra = (
        _get_activity(identity, key, model, model.startTime, model.endTime)
        for model in (EnergyScan, XFEFluorescenceSpectrum)
    )
    times = (RobotAction.startTimestamp, RobotAction.endTimestamp)
    robot = _get_activity(identity, key, RobotAction, *times, func.count(case((BROKEN, 1))))
    counts = {name: sum(each[name] for each in types) for name in COLLECTED}
    counts |= {
        "energyScans": scans[0],
        "xrfSpectra": spectra[0],
        "robotActions": robot[0],
        "failedRobotActions": robot[3],
        "screenings": _count(identity, key, ScreeningSchema),
        "centrings": _count(identity, key, CentringSchema),
    }
    used = {
        "data_collections": sum(each["seconds"] for each in types),
        "energyScans": scans[1],
        "xrfSpectra": spectra[1],
        "robotActions": robot[1],
    }
    firsts = [each.pop("first") for each in types] + [scans[2], spectra[2], robot[2]]
    rest = _get_rest(session, sum(used.values()), [first for first in firsts if first])
    return {"sessionId": key, "counts": counts, "types": types, "seconds": used | rest}


def _list_types(identity: Identity, session_id: int) -> list[dict]:
    """The data collections of a session, by type."""
    group, rule = DataCollectionGroup, visibility.below(identity, DataCollectionGroup)
    kind = func.coalesce(type_coerce(group.experimentType, String()), ExperimentType.name)
    statement = (
        select(
            kind.label("experimentType"),
            *(column.label(name) for name, column in COLLECTED.items()),
            _sum_seconds(DataCollection.startTime, DataCollection.endTime).label("seconds"),
            func.min(DataCollection.startTime).label("first"),
        )
        .join(DataCollection.group)
        .outerjoin(group.type)
        .where(group.sessionId == session_id, rule.condition)
        .group_by(kind)
        .order_by(kind)
    )
    rows = db.session.execute(statement, rule.values).mappings()
    return [{n: int(v) if n in (*COLLECTED, "seconds") else v for n, v in r.items()} for r in rows]


def _get_activity(
    identity: Identity, session_id: int, model: Any, start: Any, end: Any, *more: Any
) -> list:
    """The number of rows of a session, their seconds, the first start, and ``more``."""
    rule = visibility.below(identity, model)
    columns = (func.count(), _sum_seconds(start, end), func.min(start), *more)
    statement = select(*columns).where(model.sessionId == session_id, rule.condition)
    number, total, *rest = db.session.execute(statement, rule.values).one()
    return [number, int(total), *rest]


def _sum_seconds(start: Any, end: Any) -> Any:
    """The seconds of all rows; a row without an end, or with one before its start, counts zero."""
    return func.coalesce(func.sum(case((end > start, seconds(start, end)))), 0)


def _count(identity: Identity, session_id: int, schema: type[TableSchema]) -> int:
    """The number of rows of a session in the list of ``schema``."""
    rule = visibility.below(identity, schema.Meta.model)
    statement = select(func.count()).select_from(schema.Meta.model)
    statement = statement.where(condition(schema, "session"), rule.condition)
    return db.session.scalar(statement, {**rule.values, "session": session_id}) or 0


def _get_rest(session: dict, used: int, firsts: list[datetime]) -> dict:
    """The time of a session in which nothing was recorded."""
    if not (session["startDate"] and session["endDate"]):
        return {"startup": None, "remaining": None, "total": None}
    start, end = (datetime.fromisoformat(session[at]) for at in ("startDate", "endDate"))
    total = max(0, int((end - start).total_seconds()))
    startup = max(0, int((min(firsts) - start).total_seconds())) if firsts else None
    remaining = max(0, total - used - (startup or 0))
    return {"startup": startup, "remaining": remaining, "total": total}


def get_beamline(identity: Identity, beamLineName: str, start: datetime, end: datetime) -> dict:
    """The numbers of rows of a beamline on each day from ``start`` to ``end``, and its errors."""
    caller = look_up(identity)
    rule, on_beamline = access.sessions(caller), BLSession.beamLineName == beamLineName

    def execute(statement: Select, sample_id: Any, at: Any) -> Any:
        visible = access.below_session(caller, BLSession.sessionId, sample_id).condition
        conditions = (visible, on_beamline, at >= start, at < end)
        return db.session.execute(statement.where(*conditions), rule.values)

    days = {str(day): _build_zeros() for day in _list_days(start, end)}
    errors = []
    for source, select_rows, sample_id, at, numbers, wrong, message in (
        (
            "datacollection",
            _select_collections,
            DataCollectionGroup.blSampleId,
            DataCollection.startTime,
            COLLECTED,
            *WRONG_COLLECTION,
        ),
        (
            "robot",
            _select_actions,
            RobotAction.blSampleId,
            RobotAction.startTimestamp,
            LOADED,
            *WRONG_ACTION,
        ),
    ):
        day, times = func.date(at), func.count()
        for row in execute(select_rows(day, *numbers.values()).group_by(day), sample_id, at):
            days[str(row[0])] |= zip(numbers, map(int, row[1:]))
        frequent = select_rows(message, times).where(wrong).group_by(message)
        frequent = frequent.order_by(times.desc(), message).limit(ERRORS)
        for text, number in execute(frequent, sample_id, at):
            errors.append({"source": source, "message": text, "count": number})
    overlapping = select(func.count(BLSession.sessionId)).where(
        rule.condition, on_beamline, BLSession.startDate < end, BLSession.endDate > start
    )
    return {
        "beamLineName": beamLineName,
        "sessions": db.session.scalar(overlapping, rule.values),
        "counts": {name: sum(day[name] for day in days.values()) for name in _build_zeros()},
        "days": [{"day": day, **numbers} for day, numbers in days.items()],
        "errors": sorted(errors, key=_get_rank),
    }


def _get_rank(error: dict) -> tuple:
    return -error["count"], error["source"], error["message"].lower()


def _select_collections(*columns: Any) -> Select:
    """``columns`` of the data collections of sessions."""
    statement = select(*columns).select_from(DataCollection)
    return statement.join(DataCollection.group).join(DataCollectionGroup.session)


def _select_actions(*columns: Any) -> Select:
    """``columns`` of the robot's actions in sessions."""
    return select(*columns).select_from(RobotAction).join(RobotAction.session)


def _build_zeros() -> dict:
    return dict.fromkeys((*COLLECTED, *LOADED), 0)


def _list_days(start: datetime, end: datetime) -> list:
    last = (end - timedelta(microseconds=1)).date()
    return [start.date() + timedelta(days=at) for at in range((last - start.date()).days + 1)]


def get_histogram(
    identity: Identity,
    parameter: str,
    bins: int,
    beamLineName: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> dict:
    """The frequencies of the values of a parameter of data collections."""
    end = end or (min(start, datetime.max - LONGEST) + LONGEST if start else datetime.now())
    start = start or max(end, datetime.min + LONGEST) - LONGEST
    of_sample = (BLSession.sessionId, DataCollectionGroup.blSampleId)
    rule, at = access.below_session(look_up(identity), *of_sample), DataCollection.startTime
    value = (
        DataCollection.wavelength if parameter == "energy" else getattr(DataCollection, parameter)
    )
    stored = (
        _select_collections(value, func.count())
        .where(rule.condition, at >= start, at < end, value != NO_VALUE)
        .group_by(value)
    )
    if parameter == "energy":
        stored = stored.where(value > SHORTEST)
    if beamLineName:
        stored = stored.where(BLSession.beamLineName == beamLineName)
    rows = db.session.execute(stored, rule.values)
    numbers: Counter[float] = Counter()
    for each, times in rows:  # the server groups before it rounds: equal values may repeat
        numbers[EV_ANGSTROM / each if parameter == "energy" else each] += times
    edges, counts = _sort_into_bins(numbers, bins)
    answer = {"parameter": parameter, "unit": UNITS[parameter], "total": sum(numbers.values())}
    return {**answer, "edges": edges, "counts": counts}


def _sort_into_bins(numbers: dict[float, int], bins: int) -> tuple[list[float], list[int]]:
    """The edges of bins of equal width, and the number of values in each."""
    if not numbers:
        return [], []
    low, high = min(numbers), max(numbers)
    if low == high:
        return [low, high], [numbers[low]]
    edges = [low + (high - low) * at / bins for at in range(bins)] + [high]
    counts: Counter[int] = Counter()
    for value, times in numbers.items():
        counts[min(bisect_right(edges, value), bins) - 1] += times
    return edges, [counts[at] for at in range(bins)]
