"""Samples, visible by their crystal or container, and edited by callers who see them."""

import pytest

from shared.models import (
    BLSample,
    BLSubSample,
    Container,
    DataCollection,
    DataCollectionGroup,
)
from tests.core.conftest import ALICE, BOB, CAROL, DAVE

URL = "/ispyb/api/v1/samples"


def ids(answer):
    assert answer.status_code == 200, answer.text
    return sorted(row["blSampleId"] for row in answer.json["results"])


CALLERS = {
    "leader": (("alice", ALICE), {}, [1, 2, 4]),
    "other leader": (("bob", BOB), {}, [3, 5, 6]),
    "on proposal": (("carol", CAROL), {}, [3, 5, 6]),
    "on session": (("dave", DAVE), {}, [3, 5, 6, 7]),
    "stranger": (("erin", 9), {}, []),
    "staff of i03": (("staff", 9, "mx_admin"), {}, [1, 2, 3, 4, 5, 6]),
    "all_sessions": (("staff", 9, "all_sessions"), {}, [1, 2, 3, 4, 5, 6, 7]),
    "all_proposals": (("staff", 9, "all_proposals"), {}, [1, 2, 3, 4, 5, 6, 7, 8]),
    "program at i04": (("mxcube", None), {"service": True, "beamlines": ["i04"]}, [3, 5, 7]),
    "program": (("mxcube", None, "mx_write"), {"service": True}, []),
    "leader and staff": (("alice", ALICE, "em_admin"), {}, [1, 2, 4]),
}


@pytest.mark.parametrize("caller", CALLERS)
def test_who_sees_which(as_, stock, caller):
    who, claims, seen = CALLERS[caller]
    client = as_(*who, **claims)
    assert ids(client.get(URL)) == seen
    for sample in range(1, 9):
        assert client.get(f"{URL}/{sample}").status_code == (200 if sample in seen else 404)


def test_hidden_and_absent_look_the_same(as_, stock, same):
    alice = as_("alice", ALICE)
    for verb in ("get", "patch"):
        call = getattr(alice, verb)
        given = {} if verb == "get" else {"json": {"comments": "x"}}
        same(call(f"{URL}/3", **given), call(f"{URL}/999", **given))


def test_a_sample_shows_what_and_where_it_is(as_, stock):
    sample = as_("alice", ALICE).get(f"{URL}/1").json
    assert sample["Crystal"]["Protein"]["acronym"] == "LYS"
    assert (sample["Crystal"]["spaceGroup"], sample["Crystal"]["cell_a"]) == ("P43212", None)
    assert sample["Container"]["code"] == "puck 1"
    assert sample["Container"]["beamlineLocation"] == "i03"
    bare = as_("office", None, "all_proposals").get(f"{URL}/8").json
    assert (bare["Crystal"], bare["Container"], bare["DiffractionPlan"]) == (None, None, None)


def test_its_plan_is_its_own_or_else_its_crystals(as_, stock):
    alice = as_("alice", ALICE)
    found = {n: alice.get(f"{URL}/{n}").json for n in (1, 2, 4)}
    assert found[1]["DiffractionPlan"]["name"] == "plan 1"
    assert found[2]["DiffractionPlan"]["name"] == "plan 2"
    assert (found[2]["diffractionPlanId"], found[4]["DiffractionPlan"]) == (None, None)
    narrow = alice.get(f"{URL}/2?fields=name,DiffractionPlan.name").json
    assert narrow == {"name": "lys-x2", "DiffractionPlan": {"name": "plan 2"}}


@pytest.mark.parametrize(
    "query, found",
    [
        ("proposal=mx1", [1, 2, 4]),
        ("session=mx2-2", [6]),
        ("proposal=MX2", [3, 5, 6]),
        ("proposal=1&beamLineName=i03", [1, 4]),
        ("beamLineName=i03", [1, 4]),
        ("beamLineName=i04", [3]),
        ("beamLineName=m02", []),
        ("containerId=1", [1, 4]),
        ("proteinId=1", [1, 2]),
        ("search=x7", [7]),
        ("status=LOADED", []),
        ("name__in=lys-x1,lys-x5", [1, 5]),
    ],
)
def test_the_list_is_filtered(as_, stock, query, found):
    assert ids(as_("staff", 9, "all_proposals").get(f"{URL}?{query}")) == found


def test_what_is_of_a_proposal_is_what_its_leader_sees(as_, stock, add):
    """Also in nested containers; the dewar comes first, then the outer one, then the session."""
    of = {6: {"parentContainerId": 3}, 7: {"parentContainerId": 6, "sessionId": 11}}
    of[8] = {"parentContainerId": 2, "dewarId": 1, "sessionId": 21}
    for key, where in of.items():
        add(Container(containerId=key, **where), BLSample(blSampleId=10 + key, containerId=key))
    staff = as_("staff", 9, "all_proposals")
    for who, proposal, samples, containers in (
        (("alice", ALICE), "mx1", [1, 2, 4, 18], [1, 8]),
        (("bob", BOB), "mx2", [3, 5, 6, 16], [2, 3, 4, 6]),
    ):
        assert ids(as_(*who).get(URL)) == ids(staff.get(f"{URL}?proposal={proposal}")) == samples
        for client, query in ((as_(*who), ""), (staff, f"?proposal={proposal}")):
            found = client.get(f"/ispyb/api/v1/containers{query}").json["results"]
            assert sorted(row["containerId"] for row in found) == containers


def test_a_hidden_proposal_is_no_filter(as_, stock, same):
    alice = as_("alice", ALICE)
    same(alice.get(f"{URL}?proposal=mx2"), alice.get(f"{URL}?proposal=mx9"))
    assert alice.get(f"{URL}?proposal=mx2").status_code == 404


def test_measurements_that_are_hidden_are_not_counted(as_, stock, add):
    for key, session, kind in ((1, 21, "OSC"), (2, 22, "Mesh")):
        add(
            DataCollectionGroup(
                dataCollectionGroupId=key, sessionId=session, blSampleId=3, experimentType=kind
            ),
            DataCollection(dataCollectionId=key, dataCollectionGroupId=key),
        )
    add(BLSubSample(blSampleId=3))
    whole = as_("bob", BOB).get(f"{URL}/3").json["_metadata"]
    assert whole == {"subsamples": 1, "data_collections": 2, "types": ["Mesh", "OSC"]}
    part = as_("dave", DAVE).get(f"{URL}/3").json["_metadata"]
    assert part == {"subsamples": 1, "data_collections": 1, "types": ["Mesh"]}


def test_whoever_sees_it_changes_it(as_, stock, engine):
    change = {"blSampleStatus": "COLLECTED", "lastKnownCenteringPosition": "phi=12.0 kappa=0.0"}
    changed = as_("alice", ALICE).patch(f"{URL}/1", json=change)
    assert changed.status_code == 200
    assert {**changed.json, **change, "name": "lys-x1", "containerId": 1} == changed.json
    with engine.connect() as connection:
        row = connection.execute(BLSample.__table__.select().filter_by(blSampleId=1)).one()
    assert (row.blSampleStatus, row.name) == ("COLLECTED", "lys-x1")
    cleared = as_("alice", ALICE).patch(f"{URL}/1", json={"blSampleStatus": None})
    assert cleared.json["blSampleStatus"] is None


def test_a_program_needs_leave(as_, stock):
    limits = {"service": True, "beamlines": ["i04"]}
    reader = as_("mxcube", None, **limits)
    writer = as_("mxcube", None, "mx_write", **limits)
    body = {"blSampleStatus": "LOADED"}
    assert reader.patch(f"{URL}/3", json=body).status_code == 403
    assert writer.patch(f"{URL}/3", json=body).json["blSampleStatus"] == "LOADED"
    assert writer.patch(f"{URL}/1", json=body).status_code == 404


@pytest.mark.parametrize(
    "change, status, field",
    [
        ({"name": "lys x7"}, 422, "name"),
        ({"name": "x" * 46}, 422, "name"),
        ({"subLocation": 65536}, 422, "subLocation"),
        ({"comments": "Łódź"}, 422, "comments"),
        ({"blSampleId": 2}, 422, "blSampleId"),
        ({"recordTimeStamp": "2024-01-01T00:00:00"}, 422, "recordTimeStamp"),
        ({"crystalId": 2}, 424, "crystalId"),
        ({"containerId": 2}, 424, "containerId"),
        ({"containerId": 999}, 424, "containerId"),
        ({"diffractionPlanId": 5}, 424, "diffractionPlanId"),
    ],
)
def test_a_bad_field_is_named_and_nothing_written(as_, stock, change, status, field):
    alice = as_("alice", ALICE)
    before = alice.get(f"{URL}/1").json
    answer = alice.patch(f"{URL}/1", json={"location": "9", **change})
    assert (answer.status_code, list(answer.json["errors"])) == (status, [field])
    assert alice.get(f"{URL}/1").json == before


def test_crystal_and_container_are_of_one_proposal(as_, stock):
    staff = as_("staff", 9, "all_proposals")
    for change in ({"containerId": 2}, {"containerId": 3}, {"containerId": 4}, {"crystalId": 2}):
        answer = staff.patch(f"{URL}/1", json=change)
        assert (answer.status_code, "different proposals" in answer.json["detail"]) == (409, True)
    moved = staff.patch(f"{URL}/1", json={"containerId": 3, "crystalId": 2})
    assert (moved.status_code, moved.json["Crystal"]["Protein"]["acronym"]) == (200, "THAU")
    assert as_("alice", ALICE).get(f"{URL}/1").status_code == 404


def test_a_sample_is_always_somebodys(as_, stock):
    alice = as_("alice", ALICE)
    at_beamline = alice.patch(f"{URL}/1", json={"containerId": None})
    assert (at_beamline.status_code, "at a beamline" in at_beamline.json["detail"]) == (409, True)
    as_("staff", 9, "mx_admin").patch("/ispyb/api/v1/containers/1", json={"containerStatus": "x"})
    assert alice.patch(f"{URL}/1", json={"containerId": None}).json["Container"] is None
    lost = alice.patch(f"{URL}/1", json={"crystalId": None})
    assert (lost.status_code, "belongs to nobody" in lost.json["detail"]) == (409, True)
    assert alice.get(f"{URL}/1").json["crystalId"] == 1


def test_a_box_in_itself_is_of_nobody(as_, stock, add):
    add(Container(containerId=9, parentContainerId=9))
    staff = as_("staff", 9, "all_proposals", "industry_read")
    moved = staff.patch(f"{URL}/1", json={"containerId": 9})
    assert (moved.status_code, moved.json["Container"]["containerId"]) == (200, 9)


def test_two_samples_have_not_one_place(as_, stock):
    alice = as_("staff", 9, "mx_admin")
    for sample in (1, 4):
        done = alice.patch(f"{URL}/{sample}", json={"location": "5", "subLocation": 1})
    assert (done.status_code, alice.get(f"{URL}/4").json["location"]) == (409, "2")


def test_a_lost_race_is_told(as_, stock):
    alice = as_("alice", ALICE)
    tag = {"If-Match": alice.get(f"{URL}/1").headers["ETag"]}
    assert alice.patch(f"{URL}/1", json={"comments": "mine"}, headers=tag).status_code == 200
    assert alice.patch(f"{URL}/1", json={"comments": "late"}, headers=tag).status_code == 412
