"""Diffraction plans: those of visible samples, crystals and proposals, and of beamlines."""

import pytest

from shared.models import BLSample, Crystal, DiffractionPlan
from tests.core.conftest import ALICE, CAROL, DAVE

URL = "/ispyb/api/v1/samples/diffraction_plans"


@pytest.mark.parametrize(
    "who, seen",
    [
        (("alice", ALICE), [1, 2, 4]),
        (("dave", DAVE), [3, 4, 5]),
        (("erin", 9), [4]),
        (("staff", 9, "mx_admin"), [1, 2, 3, 4, 5]),
        (("staff", 9, "all_proposals"), [1, 2, 3, 4, 5, 6]),
    ],
)
def test_who_sees_which(as_, stock, who, seen):
    client = as_(*who)
    assert sorted(row["diffractionPlanId"] for row in client.get(URL).json["results"]) == seen
    for plan in range(1, 7):
        assert client.get(f"{URL}/{plan}").status_code == (200 if plan in seen else 404)


def test_a_plan_of_another_proposal_is_hidden_though_a_visible_row_uses_it(as_, stock, add):
    """Plan 7 is used by crystal 7 of mx1, 8 by sample 9 of mx1: both are preset for mx2."""
    add(*(DiffractionPlan(diffractionPlanId=key, presetForProposalId=2) for key in (7, 8)))
    add(Crystal(crystalId=7, proteinId=1, diffractionPlanId=7))
    add(BLSample(blSampleId=9, crystalId=1, diffractionPlanId=8))
    alice, carol = as_("alice", ALICE), as_("carol", CAROL)
    assert {row["diffractionPlanId"] for row in alice.get(URL).json["results"]} == {1, 2, 4}
    assert {row["diffractionPlanId"] for row in carol.get(URL).json["results"]} >= {7, 8}
    for plan in (7, 8):
        assert alice.get(f"{URL}/{plan}").status_code == 404


def test_hidden_and_absent_look_the_same(as_, stock, same):
    alice = as_("alice", ALICE)
    same(alice.get(f"{URL}/3"), alice.get(f"{URL}/999"))


def test_the_list_is_filtered(as_, stock, add):
    """Plan 7 is of a sample that is only in a box of mx2, 8 of mx1 though mx2 uses it."""
    plans = ({"diffractionPlanId": 7}, {"diffractionPlanId": 8, "presetForProposalId": 1})
    add(*(DiffractionPlan(**plan) for plan in plans))
    add(*(BLSample(containerId=3, diffractionPlanId=plan["diffractionPlanId"]) for plan in plans))
    staff = as_("staff", 9, "all_proposals")
    for query, keys in (
        ("proposal=mx2", [3, 5, 7]),
        ("beamLineName=i03", [4]),
        ("name=plan 1", [1]),
    ):
        found = staff.get(f"{URL}?{query}").json["results"]
        assert sorted(row["diffractionPlanId"] for row in found) == keys
