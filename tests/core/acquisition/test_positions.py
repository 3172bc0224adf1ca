"""Positions of samples: one for each data collection."""

import pytest

from shared.models import DataCollection, DataCollectionGroup, Position

URL = "/ispyb/api/v1/data_collections"
WRITER = ("gda", None, "mx_write", "all_sessions")


@pytest.fixture
def collections(facility, add):
    """Data collection 1 of session 11, and 2 of 21, whose position does not exist."""
    for key, session, position in ((1, 11, None), (2, 21, 77)):
        add(
            DataCollectionGroup(dataCollectionGroupId=key, sessionId=session),
            DataCollection(dataCollectionId=key, dataCollectionGroupId=key, positionId=position),
        )


def test_a_position_is_put_and_replaced(as_, collections, count):
    client, url = as_(*WRITER), f"{URL}/1/position"
    assert client.get(url).status_code == 404
    first = client.put(url, json={"posX": 0.113, "posY": -0.042, "posZ": 0.301}).json
    assert (first["posX"], first["posY"], first["posZ"]) == (0.113, -0.042, 0.301)
    second = client.put(url, json={"posX": 5, "posY": -9999}).json
    assert second == {**first, "posX": 5, "posY": None, "posZ": None}
    assert client.get(url).json == second == client.get(f"{URL}/1").json["Position"]
    assert count(Position) == 1


def test_a_position_that_is_gone_is_made_anew(as_, collections):
    client, url = as_(*WRITER), f"{URL}/2/position"
    assert client.get(url).status_code == 404
    assert client.put(url, json={"posX": 1}).status_code == 200
    assert client.get(url).json["posX"] == 1


def test_hidden_and_absent_are_the_same(as_, collections, same, count):
    alice = as_("alice", 1, "mx_write")
    for verb, body in (("get", {}), ("put", {"json": {}})):
        hidden, absent = (getattr(alice, verb)(f"{URL}/{n}/position", **body) for n in (2, 9))
        assert hidden.status_code == 404
        same(hidden, absent)
    assert as_("alice", 1).put(f"{URL}/1/position", json={}).status_code == 403
    assert count(Position) == 0


@pytest.mark.parametrize("field, value", [("posX", "left"), ("positionId", 1), ("X", 1)])
def test_a_bad_field_is_named(as_, collections, field, value):
    answer = as_(*WRITER).put(f"{URL}/1/position", json={field: value})
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
