"""SCAUP's push of a shipment, its edits, and its push again: bodies as SCAUP sends them."""

import pytest

from shared.models import BLSample, Container, Dewar, Shipping
from tests.core.conftest import ALICE

ROOT = "/ispyb/expeye"
SOURCE = {"source": "eBIC-Scaup", "comments": None}
SHIPMENT = {**SOURCE, "shippingName": "grids_nov", "creationDate": "2026-11-18T10:02:11+00:00"}
DEWAR = {
    **SOURCE,
    "comments": "{}",
    "code": "DLS-BI-1042",
    "barCode": "mx1-1-m03-0000412",
    "firstExperimentId": 11,
    "weight": 18.0,
    "dewarRegistryId": None,
    "facilityCode": "DLS-BI-1042",
}
BOX = {
    **SOURCE,
    "capacity": 12,
    "parentContainerId": None,
    "requestedReturn": True,
    "containerRegistryId": None,
    "code": "P1",
    "containerType": "Puck",
    "sessionId": 11,
}
GRIDS = {**BOX, "capacity": 4, "parentContainerId": 2, "code": "GB-11", "containerType": "GridBox"}
COUNTED = (Shipping, Dewar, Container, BLSample)


@pytest.fixture
def scaup(as_, stock):
    return as_("scaup", None, "em_write", "all_proposals", service=True)


def push(client):
    """Push the shipment; return the statuses and the keys."""
    statuses = []

    def send(path, body, key):
        answer = client.post(f"{ROOT}{path}", json=body)
        assert answer.status_code in (200, 201), answer.text
        statuses.append(answer.status_code)
        return answer.json[key]

    shipment = send("/proposals/mx1/shipments", SHIPMENT, "shippingId")
    dewar = send(f"/shipments/{shipment}/dewars", DEWAR, "dewarId")
    puck = send(f"/dewars/{dewar}/containers", BOX, "containerId")
    box = send(f"/containers/{puck}/containers", GRIDS, "containerId")
    grids = [
        send(
            f"/containers/{box}/samples",
            {**SOURCE, "subLocation": None, "location": place, "name": f"apo_{place}"},
            "blSampleId",
        )
        for place in (1, 2)
    ]
    loose = send("/samples", {**SOURCE, "name": "loose", "location": None}, "blSampleId")
    return {*statuses}, (shipment, dewar, puck, box, *grids, loose)


def test_a_repeated_push_leaves_one_shipment(scaup, as_, count):
    before = [count(model) for model in COUNTED]
    first, again = push(scaup), push(scaup)
    assert (first[0], again[0]) == ({201}, {200})
    assert first[1] == again[1]
    assert [count(m) - b for m, b in zip(COUNTED, before)] == [1, 1, 2, 3]
    shipment, dewar, puck, box, *_ = first[1]
    stored = as_("alice", ALICE).get(f"/ispyb/api/v1/shipments/{shipment}/tree").json
    (outer,) = stored["Dewar"][0]["Container"]
    assert (stored["source"], outer["sessionId"], outer["source"]) == (
        "eBIC-Scaup",
        11,
        "eBIC-Scaup",
    )
    (inner,) = outer["Container"]
    assert [each["name"] for each in inner["BLSample"]] == ["apo_1", "apo_2"]
    assert (inner["parentContainerId"], inner["dewarId"]) == (puck, dewar)
    other = scaup.post(f"{ROOT}/shipments/1/dewars", json=DEWAR)
    assert (other.status_code, "barCode" in other.text) == (409, True)


def test_an_edit_by_the_user_keeps_session_and_place(scaup, as_, count):
    _, (shipment, dewar, puck, box, one, two, _) = push(scaup)
    alice = as_("alice", ALICE)
    edits = {
        f"/shipments/{shipment}": {**SHIPMENT, "comments": "edited"},
        f"/dewars/{dewar}": {**SOURCE, "comments": "{}", "code": None, "facilityCode": None},
        f"/containers/{box}": {**GRIDS, "sessionId": None, "capacity": 5},
        f"/samples/{one}": {**SOURCE, "name": "apo_1", "location": 2, "subLocation": None},
    }
    for path, body in edits.items():
        answer = alice.patch(f"{ROOT}{path}", json=body)
        assert answer.status_code == 200, answer.text
    stored = alice.get(f"/ispyb/api/v1/containers/{box}").json
    assert (stored["sessionId"], stored["parentContainerId"], stored["capacity"]) == (11, puck, 5)
    assert alice.get(f"/ispyb/api/v1/dewars/{dewar}").json["code"] is None
    places = [alice.get(f"/ispyb/api/v1/samples/{key}").json["location"] for key in (one, two)]
    assert places == ["2", "1"]


def test_what_scaup_reads(scaup, as_):
    _, (shipment, *_, one, two, _) = push(scaup)
    alice = as_("alice", ALICE)
    assert alice.get(f"{ROOT}/shipments/{shipment}").json["shippingStatus"] == "opened"
    group = scaup.post(
        "/ispyb/api/v1/data_collections/groups", json={"sessionId": 11, "blSampleId": one}
    )
    assert group.status_code == 201, group.text
    key = group.json["dataCollectionGroupId"]
    assert alice.get(f"{ROOT}/shipments/{shipment}/samples?limit=100").json["items"] == [
        {"blSampleId": one, "dataCollectionGroupId": key},
        {"blSampleId": two, "dataCollectionGroupId": None},
    ]
    assert alice.post(f"{ROOT}/samples", json={"name": "x"}).status_code == 403
    dewar = alice.get(f"/ispyb/api/v1/shipments/{shipment}/tree").json["Dewar"][0]["dewarId"]
    alice.patch(f"/ispyb/api/v1/dewars/{dewar}", json={"dewarStatus": "at facility"})
    history = alice.get(f"{ROOT}/dewars/{dewar}/history").json["items"]
    assert [each["dewarStatus"] for each in history] == ["at facility", "opened"]
    assert alice.get(f"{ROOT}/shipments/{shipment}").json["shippingStatus"] == "at facility"


def test_scaup_numbers_its_dewars(scaup, as_):
    code = {"facilityCode": "DLS-BI-1043", "manufacturerSerialNumber": "CX-100-77"}
    made = scaup.post(f"{ROOT}/proposals/mx1/dewar-registry", json=code)
    assert made.status_code == 201, made.text
    assert scaup.post(f"{ROOT}/proposals/mx1/dewar-registry", json=code).status_code == 409
    alice = as_("alice", ALICE)
    read = alice.get(f"{ROOT}/proposals/mx1/dewar-registry/DLS-BI-1043")
    assert read.json == made.json
    newest = scaup.get(f"{ROOT}/dewar-registry?search=DLS-BI-1&limit=1").json
    assert (newest["total"], newest["items"]) == (1, [made.json])
    assert alice.get(f"{ROOT}/proposals/mx1/dewar-registry/DLS-BI-9").status_code == 404
    assert scaup.get(f"{ROOT}/proposals/mx2/dewar-registry/DLS-BI-1043").status_code == 404
