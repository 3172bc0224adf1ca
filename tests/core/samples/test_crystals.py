"""Crystals: those of the proteins of visible proposals."""

import pytest

from tests.core.conftest import ALICE, DAVE

URL = "/ispyb/api/v1/samples/crystals"


@pytest.mark.parametrize(
    "who, seen",
    [
        (("alice", ALICE), [1]),
        (("dave", DAVE), [2]),
        (("erin", 9), []),
        (("staff", 9, "mx_admin"), [1, 2]),
        (("staff", 9, "all_proposals"), [1, 2]),
    ],
)
def test_who_sees_which(as_, stock, who, seen):
    client = as_(*who)
    assert sorted(row["crystalId"] for row in client.get(URL).json["results"]) == seen
    for crystal in (1, 2):
        found = client.get(f"{URL}/{crystal}")
        assert found.status_code == (200 if crystal in seen else 404)


def test_hidden_and_absent_look_the_same(as_, stock, same):
    alice = as_("alice", ALICE)
    same(alice.get(f"{URL}/2"), alice.get(f"{URL}/999"))


def test_a_crystal_shows_its_protein(as_, stock):
    crystal = as_("alice", ALICE).get(f"{URL}/1").json
    assert crystal["Protein"]["acronym"] == "LYS"
    assert (crystal["spaceGroup"], crystal["_metadata"]) == ("P43212", {"samples": 2})


def test_the_list_is_filtered(as_, stock):
    staff = as_("staff", 9, "all_proposals")
    for query, keys in (("proposal=mx2", [2]), ("proteinId=1", [1]), ("spaceGroup=P1", [])):
        found = staff.get(f"{URL}?{query}").json["results"]
        assert [row["crystalId"] for row in found] == keys
