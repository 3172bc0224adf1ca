"""Statistics: all numbers, counted by hand, without the sessions that are hidden."""

from datetime import datetime, timedelta

import pytest

from services.core.models import (
    EnergyScan,
    RobotAction,
    Screening,
    XFEFluorescenceSpectrum,
    XrayCentring,
)
from shared.models import DataCollection, DataCollectionGroup, ExperimentType

ROOT = "/ispyb/api/v1"
SESSION = f"{ROOT}/sessions/11/statistics"
BEAMLINE = f"{ROOT}/beamline/statistics"
HISTOGRAM = f"{BEAMLINE}/histogram"
BEGIN = datetime(2024, 5, 11, 9)  # of session 11; it ends a day later
NOTHING = {"data_collections": 0, "failed": 0, "aborted": 0, "images": 0}
I03 = {"beamLineName": "i03", "start": "2024-05-11", "end": "2024-05-12"}
ALL = {"start": "2024-05-01", "end": "2024-06-01"}


def at(minutes, lasting=None, names=("startTime", "endTime")):
    """The start of an activity, and its seconds."""
    start = BEGIN + timedelta(minutes=minutes)
    end = None if lasting is None else start + timedelta(seconds=lasting)
    return dict(zip(names, (start, end)))


def stamps(minutes, lasting=None):
    return at(minutes, lasting, ("startTimestamp", "endTimestamp"))


ROWS = (
    (1, {"numberOfImages": 3600, "wavelength": 1.0, "exposureTime": 0.25, **at(30, 60)}),
    (1, {"numberOfImages": 10, "wavelength": 1.0, "runStatus": "failed", **at(40, 5)}),
    (1, {"runStatus": "Stopped", "wavelength": 2.0, **at(50, 7)}),
    (1, {"runStatus": "Running", "wavelength": -9999, **at(60)}),
    (2, {"numberOfImages": 100, "runStatus": "DataCollection Successful", **at(20, 30)}),
    (2, {"runStatus": "DataCollection Unsuccessful", "wavelength": 0.0, **at(25, -30)}),
    (3, {"numberOfImages": 5, "wavelength": 0.5, **at(24 * 60 - 1, 10)}),
    (4, {"numberOfImages": 7, "wavelength": 4.0, **at(30, 1000)}),
)


@pytest.fixture
def experiments(facility, add):
    """Session 11 has rows of every kind; session 22, also on i03, has one collection."""
    add(ExperimentType(experimentTypeId=9, name="Single Wavelength"))
    for key, session, kind in ((1, 11, "OSC"), (2, 11, "Mesh"), (3, 11, None), (4, 22, "OSC")):
        group = DataCollectionGroup(
            dataCollectionGroupId=key, sessionId=session, experimentType=kind
        )
        group.experimentTypeId = 9 if kind is None else None
        add(group)
    for key, (group, values) in enumerate(ROWS, 9):
        add(DataCollection(dataCollectionId=key, dataCollectionGroupId=group, **values))
    add(
        EnergyScan(sessionId=11, **at(100, 120)),
        EnergyScan(sessionId=11, **at(110)),
        XFEFluorescenceSpectrum(sessionId=11, **at(120, 45)),
        Screening(dataCollectionGroupId=1),
        Screening(dataCollectionId=9),
        XrayCentring(dataCollectionGroupId=2),
        XrayCentring(dataCollectionGroupId=2),
    )
    for kind, status, message, times in (
        ("LOAD", "SUCCESS", None, stamps(10, 20)),
        ("LOAD", "CRITICAL", "dropped", stamps(15, 5)),
        ("LOAD", "ERROR", "dropped", stamps(24 * 60 - 5, 5)),
        ("LOAD", None, None, stamps(24 * 60 - 3)),
        ("UNLOAD", "ERROR", None, stamps(24 * 60 - 2, 5)),
    ):
        add(RobotAction(sessionId=11, actionType=kind, status=status, message=message, **times))


@pytest.fixture
def alice(as_, experiments):
    return as_("alice", 1)


@pytest.fixture
def staff(as_, experiments):
    """Staff of i03 sees both sessions there."""
    return as_("erin", 5, "mx_admin")


def test_a_session_in_numbers(alice):
    found = alice.get(SESSION)
    assert found.status_code == 200
    assert found.json == {
        "sessionId": 11,
        "counts": {
            "data_collections": 7,
            "failed": 2,
            "aborted": 1,
            "images": 3715,
            "energyScans": 2,
            "xrfSpectra": 1,
            "robotActions": 5,
            "failedRobotActions": 3,
            "screenings": 2,
            "centrings": 2,
        },
        "types": [
            {**NOTHING, "experimentType": "Mesh", "data_collections": 2, "failed": 1}
            | {"images": 100, "seconds": 30},
            {**NOTHING, "experimentType": "OSC", "data_collections": 4, "failed": 1, "aborted": 1}
            | {"images": 3610, "seconds": 72},
            {**NOTHING, "experimentType": "Single Wavelength", "data_collections": 1}
            | {"images": 5, "seconds": 10},
        ],
        "seconds": {
            "data_collections": 112,
            "energyScans": 120,
            "xrfSpectra": 45,
            "robotActions": 35,
            "startup": 600,
            "remaining": 86400 - 112 - 120 - 45 - 35 - 600,
            "total": 86400,
        },
    }
    assert alice.get(f"{ROOT}/sessions/mx1-1/statistics").json == found.json


def test_an_empty_session_has_zeros(as_, facility):
    found = as_("bob", 2).get(f"{ROOT}/sessions/21/statistics").json
    assert set(found["counts"].values()) == {0}
    assert found["types"] == []
    assert found["seconds"]["startup"] is None
    assert found["seconds"]["remaining"] == found["seconds"]["total"] == 86400


def test_a_session_without_dates(as_, facility, add):
    from shared.models import BLSession

    add(BLSession(sessionId=30, proposalId=2, visit_number=9))
    found = as_("bob", 2).get(f"{ROOT}/sessions/30/statistics").json["seconds"]
    assert (found["startup"], found["remaining"], found["total"]) == (None, None, None)


def test_hidden_and_absent_look_the_same(alice, same):
    hidden, absent = (alice.get(f"{ROOT}/sessions/{key}/statistics") for key in (22, 999))
    assert hidden.status_code == 404
    same(hidden, absent)


def test_a_beamline_in_numbers(alice, staff):
    found = alice.get(BEAMLINE, query_string=I03).json
    first = {"data_collections": 6, "failed": 2, "aborted": 1, "images": 3710}
    first |= {"loaded": 1, "failedLoads": 1}
    second = {**NOTHING, "data_collections": 1, "images": 5, "loaded": 1, "failedLoads": 1}
    assert found == {
        "beamLineName": "i03",
        "sessions": 1,
        "counts": {name: first[name] + second[name] for name in first},
        "days": [{"day": "2024-05-11", **first}, {"day": "2024-05-12", **second}],
        "errors": [
            {"source": "robot", "message": "dropped", "count": 2},
            {"source": "datacollection", "message": "DataCollection Unsuccessful", "count": 1},
            {"source": "datacollection", "message": "failed", "count": 1},
            {"source": "datacollection", "message": "Stopped", "count": 1},
            {"source": "robot", "message": "ERROR", "count": 1},
        ],
    }
    more = staff.get(BEAMLINE, query_string=I03 | {"end": "2024-05-31"}).json
    assert (more["sessions"], more["counts"]["data_collections"]) == (2, 8)
    assert more["counts"]["images"] == 3722
    assert len(more["days"]) == 21 and more["days"][-1]["day"] == "2024-05-31"


def test_a_period_ends_where_it_says(alice):
    hours = {**I03, "start": "2024-05-11T09:20:00", "end": "2024-05-11T09:39:59"}
    found = alice.get(BEAMLINE, query_string=hours).json
    assert found["counts"] == {**NOTHING, "data_collections": 3, "failed": 1, "images": 3700} | {
        "loaded": 0,
        "failedLoads": 0,
    }
    assert [day["day"] for day in found["days"]] == ["2024-05-11"]
    assert alice.get(BEAMLINE, query_string={**I03, "beamLineName": "i99"}).json["errors"] == []


def test_a_period_may_have_a_zone(alice, time_zone):
    """It is converted to local time, in which the rows are."""
    time_zone("IST-5:30")
    hours = {**I03, "start": "2024-05-11T03:50:00Z", "end": "2024-05-11T06:09:59+02:00"}
    local = {**I03, "start": "2024-05-11T09:20:00", "end": "2024-05-11T09:39:59"}
    zoned, plain = (alice.get(BEAMLINE, query_string=query) for query in (hours, local))
    assert zoned.status_code == 200 and zoned.json == plain.json
    assert zoned.json["counts"]["data_collections"] == 3


def test_of_hidden_sessions_nothing_is_counted(as_, experiments):
    carol = as_("carol", 3)  # is on mx2
    found = carol.get(BEAMLINE, query_string=I03).json
    assert (found["sessions"], found["counts"]["data_collections"]) == (0, 1)
    assert found["errors"] == []
    stranger = as_("erin", 5)
    assert set(stranger.get(BEAMLINE, query_string=I03).json["counts"].values()) == {0}
    found = stranger.get(HISTOGRAM, query_string=ALL | {"parameter": "wavelength"}).json
    assert (found["total"], found["edges"], found["counts"]) == (0, [], [])


def test_a_histogram_has_its_values_in_the_right_bins(alice, staff):
    query = {**ALL, "parameter": "wavelength", "bins": 4}
    found = alice.get(HISTOGRAM, query_string=query).json
    assert found == {
        "parameter": "wavelength",
        "unit": "Å",
        "total": 5,
        "edges": [0, 0.5, 1, 1.5, 2],
        "counts": [1, 1, 2, 1],  # 0 | 0.5 | 1, 1 | 2: the last edge is inside
    }
    found = staff.get(HISTOGRAM, query_string={**query, "beamLineName": "i03"}).json
    assert (found["edges"], found["counts"]) == ([0, 1, 2, 3, 4], [2, 2, 1, 1])
    found = staff.get(HISTOGRAM, query_string={**query, "beamLineName": "i04"}).json
    assert found["counts"] == []


def test_energies_are_those_of_the_wavelengths(alice):
    query = {**ALL, "parameter": "energy", "bins": 3}
    found = alice.get(HISTOGRAM, query_string=query).json
    assert (found["unit"], found["total"], found["counts"]) == ("eV", 4, [1, 2, 1])
    assert found["edges"] == pytest.approx([6199.21, 12398.42, 18597.63, 24796.84], abs=0.01)


def test_one_value_is_one_bin(alice):
    found = alice.get(HISTOGRAM, query_string={**ALL, "parameter": "exposureTime"}).json
    assert (found["edges"], found["counts"]) == ([0.25, 0.25], [1])


def test_a_histogram_is_of_the_last_year_unless_told(alice, add):
    recent = datetime.now().replace(microsecond=0) - timedelta(days=300)
    add(DataCollection(dataCollectionGroupId=1, startTime=recent, exposureTime=0.5))
    query = {"parameter": "exposureTime"}
    assert alice.get(HISTOGRAM, query_string=query).json["edges"] == [0.5, 0.5]
    query["start"] = "2024-05-01"
    assert alice.get(HISTOGRAM, query_string=query).json["edges"] == [0.25, 0.25]
    for first_or_last in ({"start": "9999-12-31"}, {"end": "0001-01-01"}):  # no year beyond
        found = alice.get(HISTOGRAM, query_string={**query, "start": None} | first_or_last)
        assert (found.status_code, found.json["total"]) == (200, 0)


@pytest.mark.parametrize(
    "path, change, name",
    [
        (BEAMLINE, {"beamLineName": None}, "beamLineName"),
        (BEAMLINE, {"start": None}, "start"),
        (BEAMLINE, {"end": None}, "end"),
        (BEAMLINE, {"end": "2024-05-10"}, "end"),
        (BEAMLINE, {"end": "2025-05-13"}, "end"),
        (BEAMLINE, {"start": "May"}, "start"),
        (BEAMLINE, {"start": "0001-01-01T00:00:00+05:00"}, "start"),
        (BEAMLINE, {"bins": 3}, "bins"),
        (HISTOGRAM, {"parameter": None}, "parameter"),
        (HISTOGRAM, {"parameter": "comments"}, "parameter"),
        (HISTOGRAM, {"bins": 0}, "bins"),
        (HISTOGRAM, {"bins": 501}, "bins"),
        (HISTOGRAM, {"end": "2024-05-10"}, "end"),
    ],
)
def test_the_query_is_checked(alice, path, change, name):
    query = I03 | ({"parameter": "flux"} if path == HISTOGRAM else {}) | change
    answer = alice.get(path, query_string={n: v for n, v in query.items() if v is not None})
    assert (answer.status_code, list(answer.json["errors"])) == (422, [name])


def test_the_number_of_statements_does_not_grow(as_, experiments, add, statements):
    alice, counts = as_("alice", 1), []
    for _ in range(2):
        for path, query in (
            (SESSION, {}),
            (BEAMLINE, I03),
            (HISTOGRAM, {**ALL, "parameter": "energy"}),
        ):
            with statements() as seen:
                assert alice.get(path, query_string=query).status_code == 200
            counts.append(len(seen))
        for kind in ("SAD", "MAD", "Still"):
            group = DataCollectionGroup(sessionId=11, experimentType=kind)
            add(group)
            for number in range(5):
                key = group.dataCollectionGroupId
                add(DataCollection(dataCollectionGroupId=key, **at(number, 1), wavelength=number))
    assert counts == [7, 6, 2] * 2
