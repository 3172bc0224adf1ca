"""Diffraction plans: those of visible samples, crystals and proposals, and of beamlines."""

import pytest

from shared.models import BLSample, DiffractionPlan
from tests.core.conftest import ALICE, DAVE

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
