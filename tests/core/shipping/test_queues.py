"""The queue for unattended collection: who queues which containers, and how they leave it."""

from datetime import datetime

from services.core.models import ContainerQueue, ContainerQueueSample
from shared.models import BLSample, BLSubSample, Container
from tests.core.conftest import ALICE, BOB
from tests.matrix import KEY, Route, inside, signed_in

ROOT = "/ispyb/api/v1"
ENTRY, QUEUED = "/containers/queue/{container_queue_id}", "/containers/{container_id}/queue"
ONE = f"{QUEUED}/{{container_queue_sample_id}}"
COPIES = frozenset(("ContainerQueueSample", key) for key in range(800, 810))
ROUTES = [
    Route(
        "get /containers/queue",
        signed_in(),
        list_key="containerQueueId",
        filters={"beamLineName": ["i03"]},
    ),
    Route(f"get {ENTRY}", inside()),
    Route(f"patch {ENTRY}", inside(reader=403)),
    Route(f"get {QUEUED}", inside()),
    Route(
        f"post {QUEUED}",
        inside(201, reader=403),
        path={"container_id": 3},
        sent_as_is=True,
        schema="NewQueue",
    ),
    Route(f"delete {QUEUED}", inside(reader=403), also=COPIES),
    Route(f"delete {ONE}", inside(reader=403)),
]


def rows(key):
    """Sample ``key`` of container ``key`` waits; container ``key`` + 2 has a sample, too."""
    entry, other = {"containerQueueId": key}, {"containerId": key + 2}
    return [
        ContainerQueue(**entry, containerId=key),
        ContainerQueueSample(containerQueueSampleId=key, **entry, blSampleId=key),
        Container(**other, dewarId=key),
        BLSample(blSampleId=key + 2, crystalId=key, **other),
    ]


def mixed(beamline):
    """A sample of others in the queue entry of row 1."""
    queued = {"containerQueueId": 1, "blSampleId": KEY}
    return [ContainerQueueSample(containerQueueSampleId=KEY, **queued)]


def varied():
    """An entry of a container at a beamline, and one that was measured."""
    yield Container(containerId=102, sessionId=101, beamlineLocation="i03")
    yield ContainerQueue(containerQueueId=101, containerId=102)
    measured = {"containerId": 101, "completedTimeStamp": datetime(2024, 5, 1)}
    yield ContainerQueue(containerQueueId=102, **measured)


def test_a_user_queues_a_container_and_the_beamline_measures_it(as_, stock, add):
    add(BLSubSample(blSubSampleId=1, blSampleId=1), BLSubSample(blSubSampleId=4, blSampleId=4))
    alice, bob = as_("alice", ALICE), as_("bob", BOB)
    i03 = as_("gda", None, "mx_write", service=True, beamlines=["i03"])
    url = f"{ROOT}/containers/1/queue"
    assert (bob.post(url, json={}).status_code, alice.get(url).status_code) == (404, 404)
    entry = alice.post(url, json={}).json
    items = entry["ContainerQueueSample"]
    plans = [(row["blSampleId"], row["dataCollectionPlanId"]) for row in items]
    assert plans == [(1, 1), (4, None)]
    assert items[0]["BLSample"]["Crystal"]["Protein"]["acronym"] == "LYS"
    assert (entry["personId"], entry["_metadata"]) == (ALICE, {"ready": False})
    again = alice.post(url, json={})
    assert (again.status_code, again.json["detail"]) == (
        409,
        "container puck 1 is in the queue already",
    )
    assert (
        i03.patch(f"{ROOT}/containers/1", json={"sampleChangerLocation": "7"}).status_code == 200
    )
    listed = f"{ROOT}/containers/queue?completed=false&beamLineName="
    (row,) = i03.get(f"{listed}i03").json["results"]
    assert (row["_metadata"]["ready"], row["Container"]["sampleChangerLocation"]) == (True, "7")
    assert i03.get(f"{listed}i04").json["total"] == 0
    done = {"completedTimeStamp": "2024-05-01T12:00:00"}
    entry_url = f"{ROOT}/containers/queue/{row['containerQueueId']}"
    assert i03.patch(entry_url, json=done).json["completedTimeStamp"] == done["completedTimeStamp"]
    assert i03.get(f"{listed}i03").json["total"] == alice.get(url).json.get("total", 0) == 0
    parts = [{"blSampleId": 1, "blSubSampleId": 1, "dataCollectionPlanId": 4}]
    second = alice.post(url, json={"samples": [*parts, {"blSampleId": 4}]}).json
    first, last = second["ContainerQueueSample"]
    assert (first["blSubSampleId"], first["dataCollectionPlanId"]) == (1, 4)
    for item, left in ((first, 200), (last, 404)):
        gone = alice.delete(f"{url}/{item['containerQueueSampleId']}")
        assert gone.json["blSampleId"] == item["blSampleId"]
        assert alice.get(url).status_code == left
    third = alice.post(url, json={}).json
    assert alice.delete(url).json["containerQueueId"] == third["containerQueueId"]
    assert (
        alice.delete(url).status_code,
        alice.get(f"{ROOT}/containers/queue").json["total"],
    ) == (
        404,
        1,
    )


def test_a_container_is_queued_only_if_it_may_be_measured_unattended(as_, stock, add):
    add(Container(containerId=7, dewarId=1, code="empty"))
    alice, dave = as_("alice", ALICE), as_("dave", 4)
    url = f"{ROOT}/containers/1/queue"

    def refuse(client, key, status, text, body=None):
        answer = client.post(f"{ROOT}/containers/{key}/queue", json=body or {})
        assert (answer.status_code, text in answer.text) == (status, True), answer.text

    refuse(alice, 7, 409, "container empty has no samples")
    for samples, status, text in (
        ([{"blSampleId": 2}], 422, "is not a sample of the container"),
        ([{"blSampleId": 3}], 424, "BLSample"),
        ([{"blSampleId": 1, "dataCollectionPlanId": 5}], 424, "dataCollectionPlanId"),
        ([], 422, "samples"),
    ):
        refuse(alice, 1, status, text, {"samples": samples})
    alice.patch(f"{ROOT}/samples/proteins/1", json={"safetyLevel": "YELLOW"})
    refuse(alice, 1, 409, "protein LYS is YELLOW")
    alice.patch(f"{ROOT}/samples/proteins/1", json={"safetyLevel": "GREEN"})
    alice.patch(f"{ROOT}/shipments/1", json={"safetyLevel": "Red"})
    refuse(alice, 1, 409, "the shipment is Red")
    alice.patch(f"{ROOT}/shipments/1", json={"safetyLevel": "Green"})
    assert alice.post(url, json={}).status_code == 201
    assert alice.patch(f"{ROOT}/shipments/1", json={"safetyLevel": "Red"}).status_code == 409
    assert dave.patch(f"{ROOT}/containers/5", json={"beamlineLocation": None}).status_code == 200
    refuse(dave, 5, 409, "is at no place")
