"""Histories of shipments, dewars and containers, and scans by the logistics of a facility."""

from datetime import datetime

from services.core.models import ContainerHistory, DewarTransportHistory
from shared.models import Dewar
from shared.service_tables import StatusChange
from tests.core.conftest import ALICE, BOB
from tests.matrix import Route, holders, inside, signed_in

ROOT = "/ispyb/api/v1"
DEWAR = "/dewars/{dewar_id}/history"
SCAN = {"barCode": "BAR-1", "storageLocation": "stores-in"}
ROUTES = [
    Route(f"get {DEWAR}", inside()),
    Route(
        f"post {DEWAR}",
        inside(201, reader=403),
        body={"dewarStatus": "at facility"},
        also=frozenset({("Container", 800), ("Container", 802)}),  # which are in the dewar
        schema="DewarHistory",
    ),
    Route("get /containers/{container_id}/history", inside()),
    Route("get /shipments/{shipment_id}/history", inside()),
    Route("get /shipments/statuses", signed_in()),
    Route("post /dewars/scan", holders() | {"all_proposals": 200}, body=SCAN, schema="Scan"),
]


def rows(key):
    """Row ``key`` of the history of dewar and container ``key``, and a dewar with a bar code."""
    return [
        Dewar(dewarId=key + 2, shippingId=key, barCode=f"BAR-{key}"),
        DewarTransportHistory(
            **{"dewarTransportHistoryId": key, "dewarId": key, "dewarStatus": "opened"},
            **{"storageLocation": "", "arrivalDate": datetime(2024, 5, 1, 9)},
        ),
        ContainerHistory(containerHistoryId=key, containerId=key, status="opened"),
    ]


def varied():
    """Changes of one shipment."""
    row = {"shippingId": 3, "dewarId": 1, "containerId": 1, "place": "b"}
    row |= {"login": "alice", "time": datetime(2024, 5, 1)}
    return [StatusChange(**row, status=status) for status in ("05", "06")]


def test_the_way_of_a_dewar_is_kept(as_, stock, add):
    """Scans without a status arrive, but keep a dispatch that is asked for."""
    alice, bob = as_("alice", ALICE), as_("bob", BOB)
    stores = as_("stores", None, "all_proposals", "mx_write", service=True)
    made = alice.post(f"{ROOT}/dewars", json={"shippingId": 1}).json
    url, code = f"{ROOT}/dewars/{made['dewarId']}", made["barCode"]
    puck = alice.post(f"{ROOT}/containers", json={"dewarId": made["dewarId"]}).json
    body = {"dewarStatus": "sent to facility", "storageLocation": "off-site"}
    sent = alice.post(f"{url}/history", json={**body, "arrivalDate": "2024-05-01T08:00:00"})
    assert (sent.status_code, sent.json["arrivalDate"]) == (201, "2024-05-01T08:00:00")
    assert alice.post(f"{url}/history", json={"dewarStatus": ""}).status_code == 422
    assert alice.post(f"{ROOT}/dewars/scan", json={**SCAN, "barCode": code}).status_code == 403
    for wrong in ("mx1-%", code[:-1] + "_", code[:-1]):
        answer = stores.post(f"{ROOT}/dewars/scan", json={**SCAN, "barCode": wrong})
        assert answer.status_code == 404

    def scan(place, **more):
        body = {"barCode": code.upper(), "storageLocation": place, **more}
        answer = stores.post(f"{ROOT}/dewars/scan", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json["dewarStatus"], answer.json["storageLocation"]

    assert scan("STORES-in") == ("at facility", "stores-in")
    assert alice.get(f"{ROOT}/shipments/1").json["shippingStatus"] == "at facility"
    assert scan("stores-in") == ("at facility", "stores-in")
    alice.patch(url, json={"dewarStatus": "Dispatch_requested"})
    assert scan("i03-rack") == ("Dispatch_requested", "i03-rack")
    back = scan("stores-out", dewarStatus="returned", trackingNumberFromSynchrotron="17")
    assert back == ("returned", "stores-out")
    assert alice.get(url).json["trackingNumberFromSynchrotron"] == "17"
    results = alice.get(f"{url}/history").json["results"]
    way = [(row["dewarStatus"], row["storageLocation"]) for row in results]
    assert way == [
        ("returned", "stores-out"),
        ("Dispatch_requested", "i03-rack"),
        ("Dispatch_requested", "stores-in"),
        ("at facility", "stores-in"),
        ("at facility", "stores-in"),
        ("opened", ""),
        ("sent to facility", "off-site"),
    ]
    history = alice.get(f"{ROOT}/containers/{puck['containerId']}/history").json["results"]
    statuses = ["returned", "Dispatch_requested", "at facility", "sent to facility", "opened"]
    assert [row["status"] for row in history] == statuses
    changes = f"{ROOT}/shipments/1/history"
    assert bob.get(changes).status_code == bob.get(f"{url}/history").status_code == 404
    last = alice.get(f"{changes}?dewarId={made['dewarId']}&limit=2&login=stores").json
    of_puck, of_dewar = last["results"]
    assert (last["total"], of_puck["containerId"]) == (6, puck["containerId"])
    assert (of_dewar["status"], of_dewar["place"]) == ("returned", "stores-out")


def test_the_words_of_the_site_are_in_order(as_, stock):
    words = as_("alice", ALICE).get(f"{ROOT}/shipments/statuses").json
    assert (words["statuses"][0], words["statuses"][-1]) == ("opened", "returned")
    assert (words["sent"], words["arrived"]) == ("sent to facility", "at facility")
