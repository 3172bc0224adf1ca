"""Shipments: their status and its way to dewars and containers, and their safety level."""

from tests.core.conftest import ALICE, BOB

ROOT = "/ispyb/api/v1"


def send(client, url, body, status=201):
    answer = client.post(f"{ROOT}{url}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json


def test_a_shipment_is_written_by_those_who_see_its_proposal(as_, stock, same):
    alice, bob = as_("alice", ALICE), as_("bob", BOB)
    made = send(alice, "/shipments", {"proposalId": 1, "shippingName": "May"})
    assert (made["shippingStatus"], made["_metadata"]["dewars"]) == ("opened", 0)
    url = f"{ROOT}/shipments/{made['shippingId']}"
    same(bob.get(url), bob.get(f"{ROOT}/shipments/999"))
    assert (
        bob.post(f"{ROOT}/shipments", json={"proposalId": 1, "shippingName": "x"}).status_code
        == 404
    )
    assert alice.patch(url, json={"comments": "dry"}).json["comments"] == "dry"
    replaced = alice.put(url, json={"proposalId": 1, "shippingName": "June"}).json
    assert (replaced["shippingName"], replaced["comments"]) == ("June", None)
    assert (replaced["shippingStatus"], replaced["creationDate"]) == (
        "opened",
        made["creationDate"],
    )
    assert alice.delete(url).status_code == 200 and alice.get(url).status_code == 404


def test_a_status_passes_to_dewars_and_containers_but_not_at_a_beamline(as_, stock):
    alice = as_("alice", ALICE)
    sent = send(alice, "/containers", {"dewarId": 1, "code": "p2", "containerType": "UniPuck"})
    assert (sent["containerType"], sent["capacity"]) == ("UniPuck", 16)
    answer = alice.patch(f"{ROOT}/shipments/1", json={"shippingStatus": "at facility"})
    assert answer.json["shippingStatus"] == "at facility"
    assert alice.get(f"{ROOT}/dewars/1").json["dewarStatus"] == "at facility"
    statuses = [
        alice.get(f"{ROOT}/containers/{key}").json["containerStatus"]
        for key in (1, sent["containerId"])
    ]
    assert statuses == ["processing", "at facility"]
    dewar = {"dewarStatus": "returned", "storageLocation": "stores-out"}
    assert alice.patch(f"{ROOT}/dewars/1", json=dewar).status_code == 200
    assert alice.get(f"{ROOT}/shipments/1").json["shippingStatus"] == "returned"


def test_a_shipment_is_not_sent_while_a_dewar_is_at_a_beamline(as_, stock):
    alice = as_("alice", ALICE)
    alice.patch(f"{ROOT}/dewars/1", json={"dewarStatus": "processing"})
    answer = alice.patch(f"{ROOT}/shipments/1", json={"shippingStatus": "Sent_to facility"})
    assert (answer.status_code, "at a beamline" in answer.json["detail"]) == (409, True)
    assert alice.get(f"{ROOT}/shipments/1").json["shippingStatus"] == "processing"


def test_a_shipment_declares_the_risk_of_its_proteins(as_, stock):
    alice = as_("alice", ALICE)
    alice.patch(f"{ROOT}/samples/proteins/1", json={"safetyLevel": "YELLOW"})
    green = alice.patch(f"{ROOT}/shipments/1", json={"safetyLevel": "Green"})
    assert (green.status_code, "LYS" in green.json["detail"]) == (409, True)
    assert alice.patch(f"{ROOT}/shipments/1", json={"safetyLevel": "Red"}).status_code == 200
