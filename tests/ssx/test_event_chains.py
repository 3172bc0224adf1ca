"""Event chains: documents with events, whose times are checked."""

import pytest

from services.ssx.models import Event, EventChain, EventType, SSXDataCollection
from shared.models import DataCollection, DataCollectionGroup
from tests.matrix import Route, beside, holders, inside, signed_in
from tests.ssx.conftest import API

URL = f"{API}/ssx/event_chains"
WHOLE = {
    "dataCollectionId": 1,
    "name": "pump-probe",
    "Event": [
        {"eventTypeId": 2, "componentId": 1, "name": "slow", "offset": -0.5, "duration": 9.5},
        {"eventTypeId": 1, "offset": 0, "duration": 0.25, "period": 0.5, "repetition": 4},
    ],
}
ONE = "/ssx/event_chains/{event_chain_id}"
WRITTEN = {"body": WHOLE, "sent_as_is": True, "also": beside("Event")}
ROUTES = [
    Route("get /ssx/event_chains", signed_in(), list_key="eventChainId"),
    Route("post /ssx/event_chains", holders(201, 424), **WRITTEN),
    Route(f"get {ONE}", inside()),
    Route(f"put {ONE}", holders(), **WRITTEN),
    Route(f"patch {ONE}", holders(), **WRITTEN),
    Route(f"delete {ONE}", holders(), also=beside("Event")),
]
SHARED = {"EventType"}


def rows(key):
    """Chain ``key`` of data collection ``key``, with event ``key``."""
    return [
        EventType(eventTypeId=key, name={1: "XrayDetection", 2: "XrayExposure"}[key]),
        EventChain(eventChainId=key, dataCollectionId=key, name=f"chain {key}"),
        Event(eventId=key, eventChainId=key, eventTypeId=key, offset=0),
    ]


@pytest.fixture
def collection(add, facility):
    """Data collection 1 of session mx1-1."""
    add(
        DataCollectionGroup(dataCollectionGroupId=1, sessionId=1),
        DataCollection(dataCollectionId=1, dataCollectionGroupId=1),
        SSXDataCollection(dataCollectionId=1),
    )


def event(kind, offset, **more):
    return {"EventType": {"name": kind}, "offset": offset, **more}


LASER, PROBE = event("LaserExcitation", 0), event("XrayDetection", 0.003)


def send(client, *events, status=201, **more):
    answer = client.post(URL, json={"dataCollectionId": 1, "Event": [*events], **more})
    assert answer.status_code == status, answer.json
    return answer.json


def test_a_chain_is_written_read_and_replaced(writer, alice, bob, collection):
    chain = send(writer, LASER, PROBE, name="pump-probe")
    one = f"{URL}/{chain['eventChainId']}"
    assert alice.get(one).json == chain
    assert [(e["EventType"]["eventTypeId"], e["offset"]) for e in chain["Event"]] == [
        (3, 0),
        (1, 0.003),
    ]
    assert bob.get(one).status_code == 404
    assert alice.patch(one, json={"name": "mine"}).status_code == 403
    renamed = writer.patch(one, json={"name": "renamed"}).json
    assert renamed == {**chain, "name": "renamed"}
    assert writer.put(one, json=renamed).json["Event"][0]["offset"] == 0
    later = {**PROBE, "offset": 0.01}
    replaced = writer.put(one, json={"dataCollectionId": 1, "Event": [LASER, later]}).json
    assert (replaced["name"], replaced["_metadata"]) == (None, {"pumpProbeDelay": 0.01})
    assert alice.get(f"{URL}?dataCollectionId=1").json["results"] == [replaced]
    assert writer.patch(one, json={"Event": []}).json["Event"] == []
    assert writer.delete(one).json["eventChainId"] == chain["eventChainId"]
    assert alice.get(URL).json["total"] == 0


TRAIN = {"period": 0.01, "repetition": 5}
DELAYS = {
    "no pump": ([PROBE], None),
    "no probe": ([LASER], None),
    "one pump": ([LASER, PROBE], 0.003),
    "the last pump before": ([LASER, event("ReactionTrigger", 0.001), PROBE], 0.002),
    "the last repeat before": ([{**LASER, **TRAIN}, event("XrayDetection", 0.025)], 0.005),
    "after the last repeat": ([{**LASER, **TRAIN}, event("XrayDetection", 0.5)], 0.46),
    "later pump": ([event("XrayDetection", -1), LASER], -1),
    "exposure": ([LASER, event("XrayExposure", 2, duration=1)], 2),
    "detection in an exposure": (
        [LASER, event("XrayExposure", 2, duration=1), event("XrayDetection", 2.5, duration=0.5)],
        2.5,
    ),
}


@pytest.mark.parametrize("name", DELAYS)
def test_the_pump_probe_delay(writer, collection, name):
    events, delay = DELAYS[name]
    shown = send(writer, *events)["_metadata"]["pumpProbeDelay"]
    assert shown == (None if delay is None else pytest.approx(delay, rel=1e-6))


def test_the_delay_needs_the_events(writer, alice, collection):
    send(writer, LASER, PROBE)
    (row,) = alice.get(f"{URL}?fields=name,_metadata").json["results"]
    assert row == {"name": None, "_metadata": {"pumpProbeDelay": None}}


WRONG = {
    "kind": (
        [event("LaserExitation", 0)],
        {
            "0": {
                "EventType": {"name": ["Is an unknown event type, did you mean LaserExcitation?"]}
            }
        },
    ),
    "key of a kind": (
        [{"eventTypeId": 77, "offset": 0}],
        {
            "0": {
                "eventTypeId": [
                    "Must be the key of one of XrayDetection, XrayExposure, LaserExcitation,"
                    " ReactionTrigger."
                ]
            }
        },
    ),
    "two kinds": (
        [{**LASER, "eventTypeId": 1}],
        {"0": {"EventType": {"name": ["Is another kind than that of eventTypeId."]}}},
    ),
    "no kind": ([{"offset": 0}], None),
    "order": (
        [PROBE, LASER],
        {"1": {"offset": ["Must not be before that of the event above it."]}},
    ),
    "period": (
        [{**LASER, "repetition": 5}],
        {"0": {"period": ["Is needed for an event that is repeated, s."]}},
    ),
    "duration": (
        [{**LASER, "period": 1, "duration": 2}],
        {"0": {"duration": ["Must not be longer than the period."]}},
    ),
    "negative": ([{**LASER, "duration": -1}], {"0": {"duration": ["Must not be negative."]}}),
    "outside": (
        [event("XrayExposure", 0, duration=1), event("XrayDetection", 0.5, duration=0.6)],
        {"1": {"offset": ["The detection must be inside an X-ray exposure of the chain."]}},
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_events_that_cannot_be_are_named_and_nothing_is_stored(
    writer, alice, collection, name, count
):
    events, errors = WRONG[name]
    problem = send(writer, *events, status=422)
    assert errors is None or problem["errors"] == {"Event": errors}
    assert [*problem["errors"]] == ["Event"]
    assert (count(EventChain), count(Event)) == (0, 0)
    chain = send(writer, LASER)
    refused = writer.patch(f"{URL}/{chain['eventChainId']}", json={"Event": events})
    assert refused.status_code == 422
    assert alice.get(f"{URL}/{chain['eventChainId']}").json == chain


def test_the_first_of_many_faults_are_named(writer, collection):
    kinds = [event(f"Lazer{number}", 0) for number in range(400)]
    assert len(send(writer, *kinds, status=422)["errors"]["Event"]) == 20
    order = [event("LaserExcitation", -number) for number in range(400)]
    assert len(send(writer, *order, status=422)["errors"]["Event"]) == 20


def test_a_detection_is_in_any_of_many_exposures(writer, collection):
    """In the long first one, which does not begin last before it."""
    exposures = [event("XrayExposure", 0, duration=10), event("XrayExposure", 1, duration=1)]
    send(writer, *exposures, event("XrayDetection", 3, duration=7))
    outside = send(writer, *exposures, event("XrayDetection", 3, duration=7.1), status=422)
    assert [*outside["errors"]["Event"]] == ["2"]


def test_a_reagent_is_a_visible_component(writer, as_, collection):
    reagent = (
        as_("alice", 1)
        .post(
            f"{API}/ssx/components",
            json={"proposalId": 1, "componentTypeId": 1, "name": "retinal"},
        )
        .json
    )
    mixing = event("ReactionTrigger", 0, componentId=reagent["componentId"])
    stored = send(writer, mixing, PROBE)["Event"][0]
    assert stored["Component"] == {"componentId": reagent["componentId"], "name": "retinal"}
    absent = event("ReactionTrigger", 0, componentId=999)
    assert send(writer, absent, status=424)["errors"] == {"componentId": ["no such Component"]}
