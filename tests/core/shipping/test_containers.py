"""Containers, visible by their dewar, else their outer container, else their session or owner."""

import pytest

from tests.core.conftest import ALICE, BOB, DAVE

URL = "/ispyb/api/v1/containers"


@pytest.mark.parametrize(
    "who, claims, seen",
    [
        (("alice", ALICE), {}, [1]),
        (("bob", BOB), {}, [2, 3, 4]),
        (("dave", DAVE), {}, [2, 3, 4, 5]),
        (("erin", 9), {}, []),
        (("staff", 9, "mx_admin"), {}, [1, 2, 3, 4]),
        (("mxcube", None), {"service": True, "beamlines": ["i04"]}, [2, 3, 5]),
        (("staff", 9, "all_sessions"), {}, [1, 2, 3, 4, 5]),
        (("staff", 9, "all_proposals"), {}, [1, 2, 3, 4, 5]),
    ],
)
def test_who_sees_which(as_, stock, who, claims, seen):
    client = as_(*who, **claims)
    assert sorted(row["containerId"] for row in client.get(URL).json["results"]) == seen
    for container in range(1, 6):
        found = client.get(f"{URL}/{container}")
        assert found.status_code == (200 if container in seen else 404)


def test_hidden_and_absent_look_the_same(as_, stock, same):
    alice = as_("alice", ALICE)
    same(alice.get(f"{URL}/2"), alice.get(f"{URL}/999"))


def test_a_container_shows_its_dewar(as_, stock):
    container = as_("alice", ALICE).get(f"{URL}/1").json
    assert container["Dewar"]["code"] == "dewar 1"
    assert container["containerStatus"] == "processing"
    assert container["_metadata"] == {"samples": 2, "measured": 0}


def test_the_list_is_filtered(as_, stock):
    staff = as_("staff", 9, "all_proposals")
    for query, keys in (
        ("proposal=mx2", [2, 3, 4]),
        ("proposal=mx1", [1]),
        ("session=mx2-2", [4]),
        ("beamlineLocation=i04&sort=containerId", [2, 4, 5]),
        ("containerStatus=processing&beamlineLocation=i03", [1]),
        ("search=puck%203", [3]),
    ):
        found = staff.get(f"{URL}?{query}").json["results"]
        assert sorted(row["containerId"] for row in found) == keys
