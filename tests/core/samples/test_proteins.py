"""Proteins: those of visible proposals."""

import pytest

from shared.models import Protein
from tests.core.conftest import ALICE, DAVE

URL = "/ispyb/api/v1/samples/proteins"


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
    assert sorted(row["proteinId"] for row in client.get(URL).json["results"]) == seen
    for protein in (1, 2):
        found = client.get(f"{URL}/{protein}")
        assert found.status_code == (200 if protein in seen else 404)


def test_hidden_and_absent_look_the_same(as_, stock, same):
    alice = as_("alice", ALICE)
    same(alice.get(f"{URL}/2"), alice.get(f"{URL}/999"))


def test_a_protein_shows_what_is_made_of_it(as_, stock):
    protein = as_("alice", ALICE).get(f"{URL}/1").json
    assert (protein["acronym"], protein["proposalId"]) == ("LYS", 1)
    assert protein["_metadata"] == {"crystals": 1, "samples": 2}


def test_the_list_is_filtered(as_, stock):
    staff = as_("staff", 9, "all_proposals")
    for query, keys in (("proposal=mx2", [2]), ("search=ly", [1]), ("acronym=X", [])):
        found = staff.get(f"{URL}?{query}").json["results"]
        assert [row["proteinId"] for row in found] == keys


def test_an_acronym_is_unique_in_its_proposal_and_fit_for_names(as_, stock, add):
    add(Protein(proteinId=3, proposalId=1, acronym="a b"))
    alice, staff = as_("alice", ALICE), as_("staff", 9, "all_proposals")
    for body, status in (
        ({"proposalId": 1}, 422),
        ({"proposalId": 1, "acronym": None}, 422),
        ({"proposalId": 1, "acronym": "x y"}, 422),
        ({"proposalId": 1, "acronym": "lys"}, 409),
        ({"proposalId": 1, "acronym": "LYS", "safetyLevel": "RED"}, 409),
    ):
        answer = alice.post(URL, json=body)
        assert (answer.status_code, [*answer.json["errors"]]) == (status, ["acronym"])
    made = alice.post(URL, json={"proposalId": 1, "acronym": "THAU"})
    assert (made.status_code, made.json["personId"]) == (201, ALICE)
    url = f"{URL}/{made.json['proteinId']}"
    assert alice.patch(url, json={"acronym": "Lys"}).status_code == 409
    assert alice.patch(url, json={"acronym": "thau"}).json["acronym"] == "thau"
    moved = staff.patch(url, json={"proposalId": 2})
    assert (moved.status_code, [*moved.json["errors"]]) == (409, ["acronym"])
    old = alice.get(f"{URL}/3").json
    assert alice.put(f"{URL}/3", json=old).json == old
    assert alice.patch(f"{URL}/3", json={"acronym": "b c"}).status_code == 422
    level = alice.patch(f"{URL}/3", json={"safetyLevel": "BLUE"})
    assert (level.status_code, [*level.json["errors"]]) == (422, ["safetyLevel"])
