"""Dewars: their bar codes and sessions."""

from tests.core.conftest import ALICE

ROOT = "/ispyb/api/v1"


def test_a_dewar_gets_a_bar_code_of_the_site_once(as_, stock):
    alice = as_("alice", ALICE)
    bare = alice.post(f"{ROOT}/dewars", json={"shippingId": 1}).json
    assert bare["barCode"] == f"mx1-{bare['dewarId']:07}"
    body = {"shippingId": 1, "firstExperimentId": 11}
    planned = alice.post(f"{ROOT}/dewars", json=body).json
    assert planned["barCode"] == f"mx1-1-i03-{planned['dewarId']:07}"
    assert (planned["dewarStatus"], planned["BLSession"]["beamLineName"]) == ("opened", "i03")
    url = f"{ROOT}/dewars/{bare['dewarId']}"
    assert alice.patch(url, json={"firstExperimentId": 11}).json["barCode"] == bare["barCode"]
    taken = alice.post(f"{ROOT}/dewars", json={"shippingId": 1, "barCode": bare["barCode"]})
    assert (taken.status_code, [*taken.json["errors"]]) == (409, ["barCode"])


def test_its_session_is_of_its_proposal(as_, stock):
    staff = as_("staff", 9, "all_proposals")
    answer = staff.post(f"{ROOT}/dewars", json={"shippingId": 1, "firstExperimentId": 21})
    assert (answer.status_code, [*answer.json["errors"]]) == (422, ["firstExperimentId"])
