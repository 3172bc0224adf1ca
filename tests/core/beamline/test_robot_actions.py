"""Actions of sample changers, and the two times with odd defaults in their table."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from services.core.models import RobotAction

URL = "/ispyb/api/v1/beamline/robot_actions"
WRITER = ("gda", None, "mx_write", "all_sessions")
NEW = {
    "sessionId": 11,
    "actionType": "LOAD",
    "startTimestamp": "2024-05-11T09:12:40",
    "containerLocation": 3,
    "sampleBarcode": "HA00AF3312",
}


@pytest.fixture
def actions(facility, add):
    """Actions 1 in session 11, 2 in 21 and 3 in 22."""
    for key, session in ((1, 11), (2, 21), (3, 22)):
        add(
            RobotAction(
                robotActionId=key,
                sessionId=session,
                startTimestamp=datetime(2024, 5, key, 9),
                endTimestamp=datetime(2024, 5, key, 10),
            )
        )


def ids(response):
    assert response.status_code == 200, response.json
    return [row["robotActionId"] for row in response.json["results"]]


@pytest.mark.parametrize(
    "caller, query, expected",
    [
        (("alice", 1), "", [1]),
        (("carol", 3), "", [3, 2]),
        (("carol", 3), "?beamLineName=i04", [2]),
        (("carol", 3), "?proposal=mx2&sessionId=22", [3]),
        (("carol", 3), "?session=mx2-1", [2]),
        (("carol", 3), "?blsessionId__in=22", [3]),  # a former name
        (("dave", 4), "", [3]),
        (("erin", 5), "", []),
        (("erin", 5, "mx_admin"), "", [3, 1]),
    ],
)
def test_who_sees_which_action(as_, actions, caller, query, expected):
    assert ids(as_(*caller).get(URL + query)) == expected


def stored(engine, key):
    """The stored start and end."""
    ask = "SELECT startTimestamp, endTimestamp FROM RobotAction WHERE robotActionId = :key"
    with engine.connect() as connection:
        return [
            str(value)[:19] if value else None
            for value in connection.execute(text(ask), {"key": key}).one()
        ]


def test_an_update_keeps_the_begin(as_, actions, engine):
    client = as_(*WRITER)
    made = client.post(URL, json=NEW)
    assert (made.status_code, {**made.json, **NEW}) == (201, made.json)
    assert made.json["endTimestamp"] is None
    key = made.json["robotActionId"]
    assert stored(engine, key)[1] in (None, "0000-00-00 00:00:00")  # and not the present
    change = {"dewarLocation": 12, "status": "SUCCESS", "message": "OK"}
    assert client.patch(f"{URL}/{key}", json=change).json == {**made.json, **change}
    end = {"endTimestamp": "2024-05-11T09:13:05"}
    assert client.patch(f"{URL}/{key}", json=end).json == {**made.json, **change, **end}
    assert stored(engine, key) == ["2024-05-11 09:12:40", "2024-05-11 09:13:05"]
    cleared = client.patch(f"{URL}/{key}", json={"endTimestamp": None}).json
    assert (cleared["startTimestamp"], cleared["endTimestamp"]) == (NEW["startTimestamp"], None)
    assert client.patch(f"{URL}/{key}", json={}).json == cleared


def test_an_action_begins_now(as_, actions):
    made = as_(*WRITER).post(URL, json={"sessionId": 11}).json
    begun = datetime.fromisoformat(made["startTimestamp"])
    assert abs(begun - datetime.now()) < timedelta(minutes=1)


def test_a_body_may_have_the_former_names(as_, actions):
    client, former = as_(*WRITER), {"blsessionId": 11, "blsampleId": None}
    made = client.post(URL, json=former)
    assert (made.status_code, made.json["sessionId"], made.json["blSampleId"]) == (201, 11, None)
    assert not former.keys() & made.json.keys()
    twice = client.post(URL, json=former | {"sessionId": 11})
    assert (twice.status_code, [*twice.json["errors"]]) == (422, ["sessionId"])


@pytest.mark.parametrize("verb, key", [("post", ""), ("patch", "/1")])
def test_no_action_goes_to_a_hidden_session(as_, actions, same, verb, key):
    alice = as_("alice", 1, "mx_write")
    hidden, absent = (
        getattr(alice, verb)(URL + key, json={"sessionId": session}) for session in (21, 999)
    )
    assert hidden.status_code == 404
    same(hidden, absent)
    same(alice.patch(f"{URL}/2", json={}), alice.patch(f"{URL}/999", json={}))
    assert as_("alice", 1).post(URL, json=NEW).status_code == 403


def test_a_token_of_a_beamline_writes_to_no_other(as_, actions):
    gda = as_("gda", None, "mx_write", service=True, beamlines=["i04"])
    assert gda.post(URL, json=NEW).status_code == 404
    assert gda.post(URL, json=NEW | {"sessionId": 21}).status_code == 201
    assert gda.patch(f"{URL}/3", json={"message": "x"}).status_code == 404


@pytest.mark.parametrize(
    "change, field",
    [
        ({"sessionId": None}, "sessionId"),
        ({"startTimestamp": None}, "startTimestamp"),
        ({"startTimestamp": "2039-01-01T00:00:00"}, "startTimestamp"),
        ({"endTimestamp": "2024-01-01T00:00:00"}, "endTimestamp"),
        ({"containerLocation": 32768}, "containerLocation"),
        ({"actionType": "EAT"}, "actionType"),
        ({"status": "OK"}, "status"),
        ({"message": "x" * 256}, "message"),
    ],
)
@pytest.mark.parametrize("verb, key", [("post", ""), ("patch", "/1")])
def test_a_bad_field_is_named(as_, actions, verb, key, change, field):
    answer = getattr(as_(*WRITER), verb)(URL + key, json=NEW | change)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
