"""Inspections of plates, their kinds, and the imagers that take the pictures."""

from shared.models import ContainerInspection, Imager, InspectionType
from tests.core.conftest import ALICE, BOB
from tests.matrix import Route, inside, signed_in

ROOT = "/ispyb/api/v1"
LIST = "/containers/{container_id}/inspections"
ONE = "/containers/inspections/{inspection_id}"
BODY = {"inspectionTypeId": 1}
FREE = {"inspectionTypeId", "imagerId"}
ROUTES = [
    Route(f"get {LIST}", inside()),
    Route(f"post {LIST}", inside(201, reader=403), body=BODY, schema="Inspection"),
    Route(f"get {ONE}", inside()),
    Route(f"patch {ONE}", inside(reader=403)),
    Route(f"delete {ONE}", inside(reader=403)),
    Route("get /containers/inspection_types", signed_in()),
    Route("get /containers/inspection_types/{inspection_type_id}", signed_in()),
    Route("get /containers/imagers", signed_in()),
    Route("get /containers/imagers/{imager_id}", signed_in()),
]


def rows(key):
    """Inspection ``key`` of container ``key``, by imager ``key``."""
    kind = {"inspectionTypeId": key}
    return [
        InspectionType(**kind, name=f"kind {key}"),
        Imager(imagerId=key, name=f"imager {key}"),
        ContainerInspection(containerInspectionId=key, containerId=key, **kind),
    ]


def test_a_plate_is_inspected(as_, stock, add):
    add(InspectionType(inspectionTypeId=1, name="Visible"), InspectionType(inspectionTypeId=2))
    add(Imager(imagerId=1, name="RI1000", temperature=20.0, capacity=1000))
    alice, bob = as_("alice", ALICE), as_("bob", BOB)
    url = f"{ROOT}/containers/1/inspections"
    body = {"inspectionTypeId": 1, "imagerId": 1, "state": "Queued", "manual": True}
    made = alice.post(url, json=body).json
    assert (made["InspectionType"]["name"], made["Imager"]["name"]) == ("Visible", "RI1000")
    later = alice.post(url, json={"inspectionTypeId": 2}).json
    keys = [row["containerInspectionId"] for row in alice.get(url).json["results"]]
    assert keys == [later["containerInspectionId"], made["containerInspectionId"]]
    assert bob.post(url, json=body).status_code == bob.get(url).status_code == 404
    one = f"{ROOT}/containers/inspections/{made['containerInspectionId']}"
    done = {"state": "Completed", "completedTimeStamp": "2024-05-01T12:00:00"}
    assert alice.patch(one, json=done).json == {**made, **done}
    assert bob.get(one).status_code == 404 and alice.delete(one).status_code == 200
    assert alice.get(url).json["results"] == [later]
    (imager,) = alice.get(f"{ROOT}/containers/imagers").json["results"]
    assert (imager["temperature"], imager["capacity"]) == (20.0, 1000)
