"""The sessions of shipments: those that somebody adds, and the first ones of their dewars."""

from services.core.models import ShippingHasSession
from shared.models import Shipping
from tests.core.conftest import ALICE
from tests.matrix import Route, inside

ROOT = "/ispyb/api/v1"
LINKS = "/shipments/{shipment_id}/sessions"
POSTED = inside(201, reader=403)
ROUTES = [
    Route(f"get {LINKS}", inside()),
    Route(
        f"post {LINKS}",
        POSTED,
        body={"sessionId": 1},
        path={"shipment_id": 3},
        schema="ShipmentSession",
    ),
    Route(f"delete {LINKS}/{{session_id}}", inside(reader=403)),
]


def rows(key):
    """Session ``key`` of shipment ``key``, and another shipment of the proposal."""
    return [
        Shipping(shippingId=key + 2, proposalId=key),
        ShippingHasSession(shippingId=key, sessionId=key),
    ]


def varied():
    """Sessions of one shipment."""
    return [ShippingHasSession(shippingId=3, sessionId=key) for key in (101, 102)]


def test_a_shipment_is_for_the_sessions_of_its_dewars_and_others(as_, stock):
    alice, staff = as_("alice", ALICE), as_("sue", None, "all_proposals")
    url = f"{ROOT}/shipments/1/sessions"
    assert alice.post(url, json={"sessionId": 21}).status_code == 404
    other = staff.post(url, json={"sessionId": 21})
    assert (other.status_code, [*other.json["errors"]]) == (422, ["sessionId"])
    dewar = {"shippingId": 1, "firstExperimentId": 11}
    assert [alice.post(f"{ROOT}/dewars", json=dewar).status_code for _ in "ab"] == [201, 201]
    (row,) = alice.get(url).json["results"]
    assert (row["sessionId"], row["BLSession"]["beamLineName"]) == (11, "i03")
    assert alice.post(url, json={"sessionId": 11}).status_code == 409
    assert alice.delete(f"{url}/11").json == row
    assert (alice.get(url).json["total"], alice.delete(f"{url}/11").status_code) == (0, 404)
    assert alice.patch(f"{ROOT}/dewars/1", json={"firstExperimentId": 11}).status_code == 200
    assert alice.get(url).json["total"] == 1
    assert alice.post(url, json={"sessionId": None}).status_code == 422
