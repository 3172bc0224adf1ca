"""Subsamples: written with their points, on pictures of their samples."""

from shared.models import (
    BLSampleImage,
    BLSubSample,
    DataCollection,
    DataCollectionGroup,
    Position,
)
from tests.core.conftest import ALICE, BOB
from tests.matrix import usual

ROOT = "/ispyb/api/v1/samples"
URL = f"{ROOT}/subsamples"
ROUTES = [
    *usual(
        *("/samples/subsamples", "blSubSampleId", "subsample", {"blSampleId": 1}, "Subsample"),
        deleted=200,
    )
]


def mixed(beamline):
    """A subsample of others, and one of the caller on a picture and with a plan of others."""
    yield BLSubSample(blSubSampleId=900, blSampleId=900, comments="SECRET")
    yield BLSubSample(blSubSampleId=800, blSampleId=1, blSampleImageId=900, diffractionPlanId=900)


def test_a_subsample_is_written_with_its_points(as_, stock, rows, same):
    alice, bob = as_("alice", ALICE), as_("bob", BOB)
    corners = {"Position": {"posX": 1.5, "posY": 2}, "Position2": {"posX": 3, "posY": 4}}
    body = {"blSampleId": 1, "type": "roi", "diffractionPlanId": 1, **corners}
    made = alice.post(URL, json=body).json
    url = f"{URL}/{made['blSubSampleId']}"
    assert made["Position"] == {"posX": 1.5, "posY": 2, "posZ": None}
    assert (made["Position2"]["posY"], made["DiffractionPlan"]["name"]) == (4, "plan 1")
    assert (made["source"], made["BLSampleImage"]) == ("manual", None)
    same(bob.get(url), bob.get(f"{URL}/999"))
    hidden = bob.post(URL, json=body)
    assert (hidden.status_code, [*hidden.json["errors"]]) == (424, ["blSampleId"])
    moved = alice.patch(url, json={"Position": {"posZ": 7}}).json
    assert moved["Position"] == {"posX": 1.5, "posY": 2, "posZ": 7}
    assert moved["positionId"] == made["positionId"]
    replaced = alice.put(url, json={"blSampleId": 1, "Position": {"posX": 8}}).json
    assert replaced["Position"] == {"posX": 8, "posY": None, "posZ": None}
    assert (replaced["Position2"], replaced["type"]) == (None, None)
    assert replaced["positionId"] == made["positionId"]
    assert {row.posX for row in rows(Position)} == {8, 3}
    listed = alice.get(f"{URL}?blSampleId=1&proposal=mx1").json["results"]
    assert listed == [replaced] == alice.get(f"{URL}?proposal=1").json["results"]


def test_a_point_of_two_subsamples_is_changed_for_one(as_, stock, add):
    add(Position(positionId=1, posX=1))
    points = {1: {"positionId": 1}, 2: {"positionId": 1}, 3: {}}
    add(*(BLSubSample(blSubSampleId=key, blSampleId=1, **of) for key, of in points.items()))
    add(BLSubSample(blSubSampleId=4, blSampleId=1, positionId=1, position2Id=1))
    alice = as_("alice", ALICE)
    assert alice.patch(f"{URL}/1", json={"Position": {"posX": 5}}).json["positionId"] != 1
    answer = alice.patch(f"{URL}/4", json={"Position": {"posX": 6}}).json
    assert (answer["Position"]["posX"], answer["Position2"]["posX"]) == (6, 1)
    assert alice.get(f"{URL}/2").json["Position"]["posX"] == 1
    assert alice.patch(f"{URL}/3", json={"Position": None}).json["positionId"] is None


def test_its_picture_is_of_its_sample(as_, stock, add):
    for key in (1, 2, 3):
        add(BLSampleImage(blSampleImageId=key, blSampleId=key))
    alice = as_("alice", ALICE)
    body = {"blSampleId": 1, "blSampleImageId": 1}
    made = alice.post(URL, json=body).json
    url = f"{URL}/{made['blSubSampleId']}"
    assert made["BLSampleImage"]["blSampleId"] == 1
    for change in ({"blSampleImageId": 2}, {"blSampleId": 2}, {"blSampleImageId": 3}):
        answer = alice.patch(url, json=change)
        assert (answer.status_code, [*answer.json["errors"]]) == (424, ["blSampleImageId"])
    both = alice.patch(url, json={"blSampleId": 2, "blSampleImageId": 2})
    assert both.json["BLSampleImage"]["blSampleId"] == 2


def test_one_with_data_stays(as_, stock, add):
    alice = as_("alice", ALICE)
    measured, other = (
        alice.post(URL, json={"blSampleId": 1}).json["blSubSampleId"] for _ in range(2)
    )
    add(
        DataCollectionGroup(dataCollectionGroupId=1, sessionId=11),
        DataCollection(dataCollectionId=1, dataCollectionGroupId=1, blSubSampleId=measured),
    )
    answer = alice.delete(f"{URL}/{measured}")
    assert (answer.status_code, answer.json["detail"]) == (
        409,
        "Subsample still has DataCollection",
    )
    sample = f"{ROOT}/1"
    assert alice.patch(sample, json={"blSubSampleId": other}).json["blSubSampleId"] == other
    assert alice.delete(f"{URL}/{other}").json["blSubSampleId"] == other
    assert alice.get(sample).json["blSubSampleId"] is None
    assert alice.get(f"{URL}/{other}").status_code == 404
