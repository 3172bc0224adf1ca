"""Why a person sees an object or not."""

import pytest

from shared import models, service_tables
from tests.auth.conftest import ROOT

EXPLAIN = f"{ROOT}/auth/explain"
BOSS = ("boss", None, "manage_groups")


@pytest.fixture
def explain(as_, world):
    """``explain(caller, object)`` is the answer to that caller, of ``login`` if one is given."""
    world()

    def ask(caller, address, **query):
        return as_(*caller).get(EXPLAIN, query_string={"object": address, **query})

    return ask


def rights(answer):
    return [each["right"] for each in answer.json["reasons"]]


def test_a_member_is_told_which_membership_shows_a_sample(explain):
    answer = explain(("member", 2), "/samples/1")
    assert answer.json == {
        "object": "/samples/1",
        "login": "member",
        "personId": 2,
        "permissions": [],
        "path": [
            {"object": "/samples/1", "name": None},
            {"object": "/samples/crystals/1", "name": None},
            {"object": "/samples/proteins/1", "name": None},
            {"object": "/proposals/1", "name": "mx1"},
        ],
        "visible": True,
        "reasons": [
            {
                "right": "on_proposal",
                "text": "member is on the proposal mx1",
                "object": "/proposals/1",
            }
        ],
        "mayChange": True,
        "changeNeeds": [],
    }


@pytest.mark.parametrize(
    ("caller", "expected"),
    [
        (("alice", 1), ["leader"]),
        (("visitor", 3), ["on_session", "on_session_of_proposal"]),
        (("staff", 4, "mx_admin"), ["mx_admin"]),
        (("overseer", 5, "all_proposals", "all_sessions"), ["all_proposals", "all_sessions"]),
    ],
)
def test_each_right_that_shows_a_data_collection_is_named(explain, caller, expected):
    answer = explain(caller, "/data_collections/1")
    assert rights(answer) == expected
    assert answer.json["mayChange"] is False
    assert answer.json["changeNeeds"] == ["mx_write", "ssx_write", "em_write"]


def test_a_program_hangs_on_its_data_collections(explain):
    answer = explain(("visitor", 3), "/autoproc/programs/1")
    assert [each["object"] for each in answer.json["path"]] == [
        "/autoproc/programs/1",
        "/data_collections/1",
        "/data_collections/groups/1",
        "/sessions/1",
        "/proposals/1",
    ]
    assert answer.json["path"][3]["name"] == "mx1-1"


def test_a_token_of_a_program_is_told_its_beamlines(as_, world):
    world()
    writer = as_("writer", None, "mx_write", service=True, beamlines=["i03"])
    told = writer.get(f"{EXPLAIN}?object=/data_collections/1").json
    assert [each["right"] for each in told["reasons"]] == ["beamlines"]
    assert told["mayChange"] is True
    assert writer.get(f"{EXPLAIN}?object=/data_collections/2").status_code == 404


def test_a_proposal_may_be_named(explain):
    assert explain(("alice", 1), "/proposals/MX1").json["object"] == "/proposals/1"
    assert explain(("alice", 1), "/proposals/mx7").status_code == 404


def test_an_administrator_is_told_why_another_sees_nothing(explain):
    answer = explain(BOSS, "/data_collections/1", login="stranger")
    assert (answer.json["login"], answer.json["visible"]) == ("stranger", False)
    assert answer.json["mayChange"] is False
    assert [each["text"] for each in answer.json["reasons"]] == [
        "stranger is not on mx1-1",
        "mx_admin is missing: staff of i03 hold it",
        "stranger is not on mx1",
    ]


def test_an_administrator_is_told_the_permissions_of_another(explain, add):
    add(
        models.Permission(permissionId=50, type="mx_admin"),
        models.UserGroup(userGroupId=50, name="staff"),
        models.UserGroupHasPermission(userGroupId=50, permissionId=50),
        models.UserGroupHasPerson(userGroupId=50, personId=6),
    )
    answer = explain(BOSS, "/sessions/1", login="stranger")
    assert answer.json["permissions"] == ["mx_admin"]
    assert rights(answer) == ["mx_admin"]


def test_industrial_data_are_hidden_from_staff(explain, add):
    add(
        models.Permission(permissionId=50, type="all_proposals"),
        models.UserGroup(userGroupId=50, name="office"),
        models.UserGroupHasPermission(userGroupId=50, permissionId=50),
        models.UserGroupHasPerson(userGroupId=50, personId=5),
    )
    assert rights(explain(BOSS, "/samples/2", login="overseer")) == ["industrial"]
    assert rights(explain(BOSS, "/samples/1", login="overseer")) == ["all_proposals"]


def test_a_sample_shared_with_others_only_is_hidden_by_its_group(explain, add):
    add(
        models.BLSampleGroup(blSampleGroupId=50, proposalId=1),
        models.BLSampleGroupHasBLSample(blSampleGroupId=50, blSampleId=1),
        service_tables.SampleGroupPerson(blSampleGroupId=50, personId=1),
    )
    assert rights(explain(BOSS, "/samples/1", login="member")) == ["shared_group"]
    assert rights(explain(BOSS, "/samples/1", login="alice")) == ["leader"]


def test_others_are_told_of_themselves_alone(explain):
    assert explain(("member", 2), "/samples/1", login="alice").status_code == 403
    assert explain(("member", 2), "/samples/1", login="Member").status_code == 200


def test_hidden_and_absent_objects_look_the_same(explain):
    hidden, absent = (explain(("member", 2), f"/samples/{key}") for key in (2, 999))
    assert (hidden.status_code, absent.status_code) == (404, 404)
    assert hidden.json["detail"] == absent.json["detail"] == "Sample not found"


@pytest.mark.parametrize("address", ["/samples", "samples", "/nothing/1", "/", "/samples/1/label"])
def test_the_path_must_be_that_of_an_object(explain, address):
    answer = explain(("alice", 1), address)
    assert answer.status_code == 422
    assert "/samples/crystals/…" in answer.json["errors"]["object"][0]


@pytest.mark.parametrize("key", ["x", "-1", "٣", "99999999999999999999"])
def test_a_name_that_no_object_has_is_not_found(explain, key):
    assert explain(("alice", 1), f"/samples/{key}").status_code == 404


def test_an_unknown_person_is_not_found(explain):
    assert explain(BOSS, "/samples/1", login="nobody").status_code == 404
