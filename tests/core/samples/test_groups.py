"""Groups of samples: of one proposal, owned by the person who makes them."""

from dataclasses import replace

from shared.models import BLSample, BLSampleGroup, BLSampleGroupHasBLSample
from tests.core.conftest import ALICE, BOB
from tests.matrix import Route, inside, usual

ROOT = "/ispyb/api/v1/samples"
URL = f"{ROOT}/groups"
SAMPLES = "/samples/groups/{group_id}/samples"
*GROUPS, DELETE = usual(
    *("/samples/groups", "blSampleGroupId", "group", {"proposalId": 1}, "SampleGroup", 404, 200)
)
LINKS = frozenset({("BLSampleGroup_has_BLSample", 1, 800)})  # deleted with their group
ROUTES = [
    *GROUPS,
    replace(DELETE, also=LINKS),
    Route(f"get {SAMPLES}", inside()),
    Route(
        f"post {SAMPLES}",
        inside(201, reader=403),
        body={"blSampleId": 1},
        schema="SampleGroupMember",
    ),
    Route(f"delete {SAMPLES}/{{sample_id}}", inside(reader=403), path={"sample_id": 71}),
]


def rows(key):
    """Group ``key`` of proposal ``key``, with sample 71 or 72."""
    yield BLSampleGroup(blSampleGroupId=key, proposalId=key)
    yield BLSample(blSampleId=70 + key, crystalId=key)
    yield BLSampleGroupHasBLSample(blSampleGroupId=key, blSampleId=70 + key)


def mixed(beamline):
    """A group of others with the caller's sample, and the caller's group with theirs."""
    yield BLSampleGroup(blSampleGroupId=900, proposalId=2, name="SECRET")
    for group, sample in ((900, 1), (1, 900)):
        yield BLSampleGroupHasBLSample(blSampleGroupId=group, blSampleId=sample)


def varied():
    yield BLSampleGroupHasBLSample(
        blSampleGroupId=3, blSampleId=4, groupOrder=9, type="background"
    )


def test_a_group_has_samples_of_its_proposal(as_, stock, add, rows, same):
    alice, bob, staff = as_("alice", ALICE), as_("bob", BOB), as_("staff", None, "all_proposals")
    made = alice.post(URL, json={"proposalId": 1, "name": "apo"}).json
    key = made["blSampleGroupId"]
    url, inside_url = f"{URL}/{key}", f"{URL}/{key}/samples"
    assert (made["ownerId"], made["Person"]["familyName"]) == (ALICE, "Alice")
    assert bob.post(URL, json={"proposalId": 1}).status_code == 404
    for path in ("", "/samples"):
        same(bob.get(f"{url}{path}"), bob.get(f"{URL}/999{path}"))
    for sample, order in ((1, 2), (2, 1)):
        body = {"blSampleId": sample, "groupOrder": order, "type": "sample"}
        linked = alice.post(inside_url, json=body)
        assert (linked.status_code, linked.json["BLSample"]["name"]) == (201, f"lys-x{sample}")
    again = alice.post(inside_url, json={"blSampleId": 1})
    assert (again.status_code, again.json["detail"]) == (
        409,
        "Sample 1 is of this sample group already",
    )
    same(*(alice.post(inside_url, json={"blSampleId": other}) for other in (3, 999)))
    for other in (3, 5, 7):  # of mx2, in a container of mx2, of nobody
        answer = staff.post(inside_url, json={"blSampleId": other})
        assert (answer.status_code, "different proposals" in answer.json["detail"]) == (409, True)
    add(BLSampleGroupHasBLSample(blSampleGroupId=key, blSampleId=3))  # by other software
    listed = alice.get(inside_url).json
    assert [row["blSampleId"] for row in listed["results"]] == [2, 1]
    assert listed["total"] == alice.get(url).json["_metadata"]["samples"] == 2
    assert staff.get(url).json["_metadata"]["samples"] == 3
    assert alice.delete(f"{inside_url}/3").status_code == 404
    assert staff.delete(f"{inside_url}/3").status_code == 200
    by_group = f"{ROOT}?blSampleGroupId={key}&sort=blSampleId&fields=blSampleId"
    assert alice.get(by_group).json["results"] == [{"blSampleId": 1}, {"blSampleId": 2}]
    moved = staff.patch(url, json={"proposalId": 2})
    assert (moved.status_code, "another proposal" in moved.json["detail"]) == (409, True)
    assert alice.delete(f"{inside_url}/1").json["groupOrder"] == 2
    assert alice.delete(url).json["name"] == "apo"
    assert (rows(BLSampleGroup), rows(BLSampleGroupHasBLSample)) == ([], [])
    assert alice.get(f"{ROOT}/2").status_code == 200


def test_a_group_of_others_is_no_filter(as_, stock, add):
    add(BLSampleGroup(blSampleGroupId=5, proposalId=2))
    add(BLSampleGroupHasBLSample(blSampleGroupId=5, blSampleId=1))
    by_group = f"{ROOT}?blSampleGroupId=5"
    assert as_("alice", ALICE).get(by_group).json["total"] == 0
    assert as_("staff", 9, "all_proposals").get(by_group).json["total"] == 1
