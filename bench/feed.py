"""The feed of a session: of a short one, and of a long one among many others."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice

import orjson
from sqlalchemy import Connection, create_engine, insert

from bench.pages import CALLERS
from services.core.models import EnergyScan, RobotAction, XFEFluorescenceSpectrum
from services.core.modules.overview import timeline
from services.core.schemas.overview.timeline import EventQuery
from shared.db import engine_options
from shared.models import DataCollection, DataCollectionGroup

SHORT, LONG = 100, 10_000  # events
OTHERS = 300  # sessions of 100 events around them
SESSIONS = {SHORT: 1, LONG: 2}  # the user is on the first proposals, and so on these
MIXED = 10  # of as many events seven are of data collections, two of the robot, one is a scan
SPACING = timedelta(seconds=40)
TABLES = "DataCollection, DataCollectionGroup, RobotAction, EnergyScan, XFEFluorescenceSpectrum"
CHUNK = 10_000


def fill(uri: str) -> None:
    """Add events to a database of sessions, and update the statistics of its planner."""
    engine = create_engine(uri, **engine_options(uri, 1))
    lengths = dict.fromkeys(range(1, OTHERS + 3), SHORT) | {SESSIONS[LONG]: LONG}
    with engine.begin() as connection:
        for model, rows in (
            (DataCollectionGroup, _groups(lengths)),
            (DataCollection, _collections(lengths)),
            (RobotAction, _actions(lengths)),
            (EnergyScan, _scans(lengths, 9)),
            (XFEFluorescenceSpectrum, _scans(lengths, 19)),
        ):
            _add(connection, model, rows)
        connection.exec_driver_sql(f"ANALYZE TABLE {TABLES}").all()
    engine.dispose()


def page(session: int, who: str = "user") -> Callable[[], bytes]:
    """A function that makes the first page of 25 events of a session."""
    query = EventQuery().load({"sessionId": session})
    identity = CALLERS[who]
    return lambda: orjson.dumps(timeline.list_(identity, query))


def _add(connection: Connection, model, rows: Iterator[dict]) -> None:
    while chunk := list(islice(rows, CHUNK)):
        connection.execute(insert(model.__table__), chunk)


def _when(session: int, place: int) -> datetime:
    return datetime(2024, 1, 1) + timedelta(hours=8) * session + SPACING * place


def _places(lengths: dict[int, int], is_chosen: Callable[[int], bool]) -> Iterator[tuple]:
    """A number from 1, the session and the time of each event whose place ``is_chosen``."""
    number = 0
    for session, length in lengths.items():
        for place in filter(is_chosen, range(length)):
            number += 1
            yield number, session, _when(session, place)


def _groups(lengths: dict[int, int]) -> Iterator[dict]:
    for number, session, start in _places(lengths, lambda place: place % MIXED < 7):
        yield {
            "dataCollectionGroupId": number,
            "sessionId": session,
            "experimentType": "OSC",
            "startTime": start,
        }


def _collections(lengths: dict[int, int]) -> Iterator[dict]:
    for number, session, start in _places(lengths, lambda place: place % MIXED < 7):
        yield {
            "dataCollectionId": number,
            "dataCollectionGroupId": number,
            "SESSIONID": session,
            "startTime": start,
            "endTime": start + SPACING / 2,
            "runStatus": "DataCollection Successful",
            "imageDirectory": f"/data/session{session}/sample{number % 100}/",
            "imagePrefix": f"sample{number % 100}",
            "dataCollectionNumber": number,
            "numberOfImages": 3600,
        }


def _actions(lengths: dict[int, int]) -> Iterator[dict]:
    for number, session, start in _places(lengths, lambda place: place % MIXED in (7, 8)):
        yield {
            "robotActionId": number,
            "blsessionId": session,
            "actionType": "LOAD",
            "status": "SUCCESS",
            "startTimestamp": start,
            "endTimestamp": start + SPACING / 4,
        }


def _scans(lengths: dict[int, int], at: int) -> Iterator[dict]:
    """Energy scans and spectra, in turn."""
    for _, session, start in _places(lengths, lambda place: place % (2 * MIXED) == at):
        yield {"sessionId": session, "startTime": start, "endTime": start + SPACING / 4}
