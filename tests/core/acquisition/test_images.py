"""Images of data collections: one for each number."""

import threading

import pytest

from services.core.models import Image
from shared.models import DataCollection, DataCollectionGroup

URL = "/ispyb/api/v1/data_collections"
WRITER = ("gda", None, "mx_write", "all_sessions")
IMAGE = {
    "imageNumber": 1,
    "fileName": "lys_1_000001.h5",
    "fileLocation": "/data/mx1",
    "measuredIntensity": 2.5,
    "machineMessage": "",
    "temperature": -9999,
}


@pytest.fixture
def collections(facility, add):
    """Data collections 1 of session 11 and 2 of 21."""
    for key, session in ((1, 11), (2, 21)):
        add(
            DataCollectionGroup(dataCollectionGroupId=key, sessionId=session),
            DataCollection(dataCollectionId=key, dataCollectionGroupId=key),
        )


def test_the_second_of_a_number_changes_the_first(as_, collections, count):
    client, url = as_(*WRITER), f"{URL}/1/images"
    first = client.post(url, json=IMAGE)
    assert first.status_code == 201, first.json
    assert {**first.json, "temperature": -9999} == {**first.json, **IMAGE}
    assert (first.json["temperature"], first.json["dataCollectionId"]) == (None, 1)
    second = client.post(url, json={"imageNumber": 1, "temperature": 100})
    assert (second.status_code, second.json) == (200, {**first.json, "temperature": 100})
    assert client.post(f"{URL}/2/images", json=IMAGE).status_code == 201
    assert client.post(url, json=IMAGE | {"imageNumber": 3600}).status_code == 201
    shown = as_("alice", 1).get(f"{url}?imageNumber__gte=2").json
    assert [row["imageNumber"] for row in shown["results"]] == [3600]
    assert count(Image) == 3


def test_images_recorded_at_once_are_one(as_, collections, count):
    client, codes = as_(*WRITER), []

    def post():
        codes.append(client.post(f"{URL}/1/images", json=IMAGE).status_code)

    threads = [threading.Thread(target=post) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sorted(codes), count(Image)) == ([200, 200, 200, 201], 1)


def test_hidden_and_absent_are_the_same(as_, collections, same, count):
    alice = as_("alice", 1, "mx_write")
    for verb, body in (("get", {}), ("post", {"json": IMAGE})):
        hidden, absent = (getattr(alice, verb)(f"{URL}/{n}/images", **body) for n in (2, 9))
        assert hidden.status_code == 404
        same(hidden, absent)
    assert as_("alice", 1).post(f"{URL}/1/images", json=IMAGE).status_code == 403
    assert count(Image) == 0


@pytest.mark.parametrize(
    "field, value",
    [
        ("imageNumber", None),
        ("imageNumber", -1),
        ("fileName", "x" * 256),
        ("machineMessage", "x" * 1025),
    ],
)
def test_a_bad_field_is_named(as_, collections, field, value):
    answer = as_(*WRITER).post(f"{URL}/1/images", json=IMAGE | {field: value})
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_motors_that_are_not_there_may_still_come(as_, collections):
    answer = as_(*WRITER).post(f"{URL}/1/images", json=IMAGE | {"motorPositionId": 7})
    assert (answer.status_code, list(answer.json["errors"])) == (424, ["motorPositionId"])
