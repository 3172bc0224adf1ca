"""X-ray centrings: a centring is written and read with its crystals."""

import pytest

from services.core.models import XrayCentring, XrayCentringResult
from shared.models import BLSample, Crystal, DataCollectionGroup, Proposal, Protein

URL = "/ispyb/api/v1/centrings"
CENTRE = {"centreOfMassX": 1.5, "centreOfMassY": 2.25, "centreOfMassZ": 3.75}
VOXEL = {"maxVoxelX": 1, "maxVoxelY": 2, "maxVoxelZ": 3, "numberOfVoxels": 12, "totalCount": 80.5}
BOX = {f"boundingBox{end}{axis}": at for at, end in ((0.5, "Min"), (4.5, "Max")) for axis in "XYZ"}
CRYSTAL = {**CENTRE, **VOXEL, **BOX, "blSampleId": 1}
FLAT = {"centreOfMassX": 7.5, "centreOfMassY": 1.5, "maxVoxelX": 7, "maxVoxelY": 1}
FOUND = {
    "dataCollectionGroupId": 15,
    "status": "success",
    "xrayCentringType": "3d",
    "results": [CRYSTAL, FLAT],
}


@pytest.fixture
def groups(facility, add):
    """Group 15 of alice's session 11, 16 of bob's session 21; sample 1 of mx1, 2 of mx3."""
    add(Proposal(proposalId=3, personId=2, proposalCode="mx", proposalNumber="3"))
    for key, session, proposal in ((1, 11, 1), (2, 21, 3)):
        add(
            DataCollectionGroup(dataCollectionGroupId=key + 14, sessionId=session),
            Protein(proteinId=key, proposalId=proposal),
            Crystal(crystalId=key, proteinId=key),
            BLSample(blSampleId=key, crystalId=key),
        )


@pytest.fixture
def alice(as_, groups):
    return as_("alice", 1)


@pytest.fixture
def beamline(as_, groups):
    """Acquisition software of i03."""
    return as_("hyperion", None, "mx_write", service=True, beamlines=["i03"])


def test_a_centring_goes_in_and_comes_out(beamline, alice):
    answer = beamline.post(URL, json=FOUND)
    assert answer.status_code == 201
    made = answer.json
    assert {name: made[name] for name in FOUND if name != "results"} == {
        name: value for name, value in FOUND.items() if name != "results"
    }
    first, second = made["results"]
    assert first == {"xrayCentringResultId": first["xrayCentringResultId"], **CRYSTAL}
    assert {name for name, value in second.items() if value is not None} == {
        "xrayCentringResultId",
        *FLAT,
    }
    assert alice.get(f"{URL}/{made['xrayCentringId']}").json == made
    assert alice.get(URL).json["results"] == [made]


def test_no_crystal_is_a_failed_centring_without_results(beamline, alice):
    body = {"dataCollectionGroupId": 15, "status": "failed", "xrayCentringType": "2d"}
    made = beamline.post(URL, json=body)
    assert made.status_code == 201
    answer = alice.get(f"{URL}/{made.json['xrayCentringId']}").json
    assert answer == {**body, "xrayCentringId": made.json["xrayCentringId"], "results": []}


def test_lists_are_filtered(as_, groups):
    office = as_("office", None, "processing_write", "all_sessions", service=True)
    one, two = (
        office.post(URL, json={"dataCollectionGroupId": group, "status": status}).json
        for group, status in ((15, "success"), (16, "pending"))
    )
    for query, expected in (
        ("", [two, one]),
        ("dataCollectionGroupId=15", [one]),
        ("sessionId=21", [two]),
        ("status=pending", [two]),
        ("sessionId=22", []),
    ):
        assert office.get(f"{URL}?{query}").json["results"] == expected, query


def test_the_number_of_statements_does_not_grow(beamline, alice, statements):
    seen = []
    for results in (1, 20):
        beamline.post(URL, json={**FOUND, "results": [FLAT] * results})
        with statements() as ran:
            assert alice.get(URL).json["total"]
        seen.append(len(ran))
    assert seen == [3, 3]  # the caller's keys, centrings, results


@pytest.mark.parametrize(
    "change, status, name",
    [
        ({"dataCollectionGroupId": 16}, 424, "dataCollectionGroupId"),
        ({"dataCollectionGroupId": 999}, 424, "dataCollectionGroupId"),
        ({"dataCollectionGroupId": None}, 422, "dataCollectionGroupId"),
        ({"results": [FLAT, {"blSampleId": 2}]}, 424, "blSampleId"),
        ({"results": [FLAT, {"blSampleId": 999}]}, 424, "blSampleId"),
        ({"results": [FLAT, {"maxVoxelX": 1.5}]}, 422, "results"),
        ({"results": [FLAT, {"max_count": 1}]}, 422, "results"),
        ({"results": [FLAT] * 1001}, 422, "results"),
        ({"status": "failure"}, 422, "status"),
        ({"xrayCentringType": "4d"}, 422, "xrayCentringType"),
    ],
)
def test_a_bad_part_undoes_all(beamline, count, change, status, name):
    answer = beamline.post(URL, json={**FOUND, **change})
    assert (answer.status_code, list(answer.json["errors"])) == (status, [name])
    assert count(XrayCentring) == count(XrayCentringResult) == 0


def test_hidden_and_absent_look_the_same(as_, alice, same):
    office = as_("office", None, "mx_write", "all_sessions", service=True)
    hidden = office.post(URL, json={"dataCollectionGroupId": 16}).json["xrayCentringId"]
    same(alice.get(f"{URL}/{hidden}"), alice.get(f"{URL}/999999"))
    assert alice.get(f"{URL}/{hidden}").status_code == 404
    assert alice.post(URL, json=FOUND).status_code == 403
