"""The dialect of MXCuBE: the ground rules of all its calls. Its client: tests/clients."""

import json
from copy import deepcopy

import pytest
from sqlalchemy import func, select

from services.core.models import EnergyScan, Image, RobotAction, XFEFluorescenceSpectrum
from shared.models import (
    BeamLineSetup,
    BLSession,
    DataCollection,
    DataCollectionGroup,
    Detector,
)
from tests.core.dialects.mxcube.test_collections import SENT
from tests.core.dialects.mxcube.test_events import ROBOT, SCAN, SETUP
from tests.operations import answer as answer_of
from tests.operations import published

ROOT = "/ispyb/mxcube"
ROWS = (
    *(BLSession, BeamLineSetup, DataCollectionGroup, DataCollection, Image),
    *(RobotAction, EnergyScan, XFEFluorescenceSpectrum),
)
COLLECTION = deepcopy(SENT) | {"sample_reference": {"blSampleId": 1}, "collection_id": None}
BODIES = {
    "post sessions": {
        "proposalId": 1,
        "startDate": "2026-11-20T00:00:00.000000Z",
        "endDate": None,
        "beamLineName": "i03",
        "comments": "Session created by the BCM",
    },
    "post beamline-setups/beamline-setup": SETUP | {"sessionId": 11, "beamlineSetupId": None},
    "post datacollections/datacollection": COLLECTION,
    "post datacollections/group": COLLECTION | {"collection_id": 51},
    "post images/image": {"dataCollectionId": 51, "imageNumber": 1, "temperature": 100.2},
    "post events/robot-action": ROBOT,
    "post events/energyscan": SCAN,
    "patch events/energyscan/associate-bl-sample": {"energyScanId": 71, "blSampleId": 1},
    "post events/xfe-fluorescence-spectrum": {"sessionId": 11, "blSampleId": 1, "energy": 14.2},
    "patch samples/1": {"blSampleStatus": "LOADED", "holderLength": 18.0},
}
HIDDEN = [
    ("post sessions", {"proposalId": 2}, 404),
    ("post beamline-setups/beamline-setup", {"sessionId": 22}, 404),
    ("post datacollections/datacollection", {"sessionId": 22}, 404),
    ("post datacollections/datacollection", {"collection_id": 52}, 404),
    ("post datacollections/datacollection", {"sample_reference": {"blSampleId": 3}}, 424),
    ("post datacollections/group", {"collection_id": 52}, 404),
    ("post datacollections/group", {"sample_reference": {"blSampleId": 3}}, 424),
    ("post images/image", {"dataCollectionId": 52}, 404),
    ("post events/robot-action", {"sessionId": 22}, 404),
    ("post events/robot-action", {"blSampleId": 3}, 424),
    ("post events/energyscan", {"sessionId": 22}, 404),
    ("post events/energyscan", {"blSampleId": 3}, 424),
    ("patch events/energyscan/associate-bl-sample", {"energyScanId": 72}, 404),
    ("patch events/energyscan/associate-bl-sample", {"blSampleId": 3}, 424),
    ("post events/xfe-fluorescence-spectrum", {"sessionId": 22}, 404),
    ("post events/xfe-fluorescence-spectrum", {"blSampleId": 3}, 424),
]
DEEP = "deep"  # stands for what is deeper than Python likes
HOSTILE = [
    *(None, 2**64, 1e308, "1e400", "nan", "9" * 5000, "漢", "\0", {}, [None]),
    *("0001-01-01T00:00:00", "9999-12-31T23:59:59+14:00", DEEP),
]


@pytest.fixture
def world(stock, add):
    """A collection and a scan in session 11, which is alice's, and in 22, which is not.

    That in 22 has the files that a new one would have.
    """
    files = {"imageDirectory": "/data/bl1/mx123/20261120/raw/", "imagePrefix": "lys-x7"}
    same_files = {52: files | {"dataCollectionNumber": 1}}
    add(Detector(detectorId=3))
    for key, session in ((1, 11), (2, 22)):
        add(
            DataCollectionGroup(dataCollectionGroupId=60 + key, sessionId=session),
            DataCollection(
                dataCollectionId=50 + key,
                dataCollectionGroupId=60 + key,
                **same_files.get(50 + key, {}),
            ),
            EnergyScan(energyScanId=70 + key, sessionId=session),
        )


@pytest.fixture
def stored(engine):
    """``stored()`` is how many rows there are of each kind."""

    def count():
        with engine.connect() as connection:
            return [connection.scalar(select(func.count()).select_from(row)) for row in ROWS]

    return count


def send(client, call, body):
    verb, path = call.split()
    text = json.dumps(body).replace(f'"{DEEP}"', "[" * 990 + "]" * 990)
    return getattr(client, verb)(f"{ROOT}/{path}", data=text, content_type="application/json")


def with_numbers(change, found):
    """``found`` with each of its numbers changed; a truth value is none."""
    if isinstance(found, dict):
        return {name: with_numbers(change, value) for name, value in found.items()}
    if isinstance(found, list):
        return [with_numbers(change, value) for value in found]
    return change(found) if type(found) in (int, float) else found


def changed(body, value):
    """``body`` with ``value`` in each of the places where it has one, in turn."""
    yield value
    inside = body.items() if isinstance(body, dict) else enumerate(body)
    for at, found in inside:
        if isinstance(found, dict | list):
            below = changed(found, value)
        else:
            below = [value]
        for part in below:
            copy = body.copy()
            copy[at] = part
            yield copy


def test_an_answer_is_one_that_the_client_takes(built):
    """Traps of section 1: 200 and 201 only, JSON, no bare number; ``results`` is unwrapped."""
    calls = {
        f"{verb} {path.removeprefix(ROOT)}": operation
        for (_, verb, path), operation in published(built).items()
        if path.startswith(f"{ROOT}/")
    }
    assert len(calls) == 20
    for call, operation in calls.items():
        assert {code for code in operation["responses"] if code < "300"} <= {"200", "201"}, call
        shape = answer_of(operation)
        assert shape["type"] in ("object", "array"), call
        ids = {name for name in shape.get("properties", ()) if name != "warnings"}
        assert "results" not in ids or ids == {"results"}, call
    assert "201" not in calls["post /auth/refresh"]["responses"]  # it would end the session


@pytest.mark.parametrize("call", BODIES)
def test_a_key_that_is_not_known_is_no_fault(call, as_, world):
    """Trap of section 1: whole dictionaries are sent."""
    body = BODIES[call] | {"spam": {"eggs": [1]}, "": None}
    answer = send(as_("alice", 1), call, body)
    assert answer.status_code in (200, 201), answer.json
    assert {*answer.json["warnings"]} == {"spam: not stored", ": not stored"}


@pytest.mark.parametrize("call", BODIES)
def test_numbers_may_be_text(call, as_, world):
    """Trap of section 1: ids and places come as ``10`` or as ``"10"``."""
    answer = send(as_("alice", 1), call, with_numbers(str, BODIES[call]))
    assert answer.status_code in (200, 201), answer.json
    assert "warnings" not in answer.json


@pytest.mark.parametrize("call", BODIES)
def test_a_number_may_be_unset(call, as_, world):
    """Trap of section 1: -9999 is no value, of no column."""
    unset = with_numbers(lambda n: -9999 if isinstance(n, float) else n, BODIES[call])
    answer = send(as_("alice", 1), call, unset)
    assert answer.status_code in (200, 201), answer.json


@pytest.mark.parametrize("call", BODIES)
def test_who_may_write(call, as_, world, stored):
    """People who see the parents, and programs with leave that see them."""
    program = {"service": True, "beamlines": ["i03"]}
    elsewhere = {"service": True, "beamlines": ["i04"]}
    before = stored()
    for client, status in (
        (as_("carol", 3), 404),
        (as_("carol", 3, "mx_write"), 404),
        (as_("gda", None, "mx_write", **elsewhere), 404),
        (as_("gda", None, **program), 403),
        (as_("gda", None, "all_proposals", "ssx_write", service=True), 403),
    ):
        assert send(client, call, BODIES[call]).status_code == status
    assert stored() == before
    for client in (as_("gda", None, "mx_write", **program), as_("alice", 1)):
        assert send(client, call, BODIES[call]).status_code in (200, 201)


@pytest.mark.parametrize(("call", "parent", "status"), HIDDEN)
def test_a_hidden_parent_looks_absent(call, parent, status, as_, world, stored, same):
    before, alice = stored(), as_("alice", 1)
    hidden = send(alice, call, BODIES[call] | parent)
    absent = send(alice, call, BODIES[call] | with_numbers(lambda _: 999, parent))
    assert hidden.status_code == status
    same(hidden, absent)
    assert stored() == before


@pytest.mark.mariadb
@pytest.mark.parametrize("call", BODIES)
def test_nothing_that_is_sent_makes_it_fail(call, as_, world):
    alice, codes = as_("alice", 1), set()
    for value in HOSTILE:
        for body in changed(BODIES[call], value):
            answer = send(alice, call, body)
            codes.add(answer.status_code)
            assert answer.status_code < 400 or answer.json["detail"], body
    assert codes <= {200, 201, 400, 404, 409, 422, 424}


@pytest.mark.parametrize(
    "query",
    [
        *("proposals?search=", "proposals?proposalId=", "sessions?proposal=", "sessions/"),
        *("sessions?beamLineName=", "sessions?year=", "sessions?year=2026&month="),
        *("samples?beamLineName=", "samples?proposal=", "datacollections/"),
        *("detectors?manufacturer=", "detectors?manufacturer=x&model=", "detectors?mode="),
    ],
)
def test_nothing_that_is_asked_makes_it_fail(query, as_, world):
    texts = [value for value in HOSTILE if isinstance(value, str)]
    for text in (*texts, "'", "%", "-1", str(2**64)):
        answer = as_("alice", 1).get(f"{ROOT}/{query}{text}")
        assert answer.status_code in (200, 404, 422), text


def test_a_report_of_a_collection_takes_few_statements(as_, stock, add, engine, statements):
    """The longest ways: with a sample, a detector and, for the first, a newer setup."""
    add(Detector(detectorId=3), BeamLineSetup(beamLineSetupId=9, beamlineName="i03"))
    alice, url = as_("alice", 1), f"{ROOT}/datacollections/datacollection"
    counts, key = {}, None
    for status, by_key in (("Running", False), ("Failed", False), ("Done", True)):
        body = COLLECTION | {"status": status, "collection_id": key if by_key else None}
        with statements() as seen:
            answer = alice.post(url, json=body)
        assert answer.status_code == (200 if key else 201), answer.json
        key = answer.json["dataCollectionId"]
        counts[status] = len([each for each in seen if not each.startswith("SET TRANSACTION")])
    statement = select(
        *(DataCollection.runStatus, DataCollectionGroup.blSampleId, BLSession.beamLineSetupId)
    )
    statement = statement.join(DataCollection.group).join(DataCollectionGroup.session)
    with engine.connect() as connection:
        assert [tuple(row) for row in connection.execute(statement)] == [("Done", 1, 9)]
    assert {status: count for status, count in counts.items() if count > 10} == {}
