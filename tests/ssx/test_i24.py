"""The dialect of beamline i24, with the bodies of mx-bluesky's DCID."""

import pytest

from tests.matrix import Route, holders
from tests.ssx.conftest import API
from tests.ssx.test_ssx_webservices import merged

URL = "/ispyb/i24/dc"
COLUMNS = {
    **{"detectorDistance": 120.0, "detectorId": 94, "exposureTime": 0.01},
    **{"fileTemplate": "chip03_00001_master.h5", "imageDirectory": "/dls/x/mx2-1/chip03"},
    **{"numberOfImages": 25600, "resolution": 1.31, "startImageNumber": 1},
    **{"transmission": 100.0, "wavelength": 0.6199, "xBeam": 115.2, "yBeam": 121.8},
    **{"beamSizeAtSampleX": 0.007, "beamSizeAtSampleY": 0.007},
}
PROBE = {"name": "Xray probe", "offset": 0, "duration": 0.01, "period": 0.01, "repetition": 1}
LASER = {"name": "Laser probe", "offset": -0.005, "duration": 0.001, "repetition": 1}
EVENTS = [PROBE | {"eventType": "XrayDetection"}, LASER | {"eventType": "LaserExcitation"}]
RUN = {
    **{"visit": "mx2-1", **COLUMNS, "startTime": "2026-11-20T11:05:12.104000+00:00"},
    **{"group": {"experimentType": "Serial Fixed"}, "ssx": {"eventChain": {"events": EVENTS}}},
}
END = {"endTime": "2026-11-20T12:05:12.9+01:00", "runStatus": "DataCollection Successful"}

ROUTES = [
    Route(
        "post /ispyb/i24/dc",
        holders(201),
        body={
            **{"visit": "mx1-1", "startTime": "2026-11-20T10:00:00+00:00"},
            "group": {"experimentType": "Serial Jet"},
        },
        sent_as_is=True,
    ),
    Route("patch /ispyb/i24/dc/{collection_id}", holders()),
]


@pytest.fixture
def i24(as_, facility):
    """The software of beamline i24."""
    return as_("i24", None, "ssx_write", service=True, beamlines=["i24"])


def test_a_run_begins_and_ends(i24, bob, alice, time_zone, content):
    time_zone("IST-5:30")
    answer = i24.post(URL, json=RUN)
    assert answer.status_code == 201, answer.json
    assert answer.json.keys() == {"dataCollectionId", "dataCollectionGroupId"}
    key = answer.json["dataCollectionId"]
    run = bob.get(f"{API}/ssx/runs/{key}").json
    collection = run["DataCollection"]
    assert {name: collection[name] for name in COLUMNS} == pytest.approx(COLUMNS)
    assert collection["startTime"] == "2026-11-20T16:35:12"
    group = collection["DataCollectionGroup"]
    assert (group["sessionId"], group["experimentType"]) == (2, "Serial Fixed")
    assert (group["startTime"], group["endTime"]) == ("2026-11-20T16:35:12", None)
    (chain,) = run["EventChain"]
    assert chain["name"] is None
    assert [event["EventType"]["name"] for event in chain["Event"]] == [
        "XrayDetection",
        "LaserExcitation",
    ]
    assert [event["offset"] for event in chain["Event"]] == pytest.approx([0, -0.005])
    assert [event["period"] for event in chain["Event"]] == [pytest.approx(0.01), None]
    assert chain["_metadata"]["pumpProbeDelay"] == pytest.approx(0.005)
    (row,) = content()["DataCollectionGroup"]
    assert row.experimentTypeId == 38
    sent_again = i24.post(URL, json=RUN)
    assert (sent_again.status_code, sent_again.json) == (200, answer.json)

    assert i24.patch(f"{URL}/{key}", json=END).json == answer.json
    cancelled = {"runStatus": "DataCollection Cancelled", "unknown": 1}
    for body, end, status in (
        (END, "2026-11-20T16:35:12", END["runStatus"]),
        (cancelled | {"endTime": "2026-11-20T11:06:00+00:00"}, "2026-11-20T16:36:00", None),
        ({"endTime": "2026-11-20T11:05:30Z"}, "2026-11-20T16:35:30", None),
    ):
        assert i24.patch(f"{URL}/{key}", json=body).status_code == 200
        collection = bob.get(f"{API}/ssx/runs/{key}").json["DataCollection"]
        assert collection["endTime"] == collection["DataCollectionGroup"]["endTime"] == end
        assert collection["runStatus"] == (status or "DataCollection Cancelled")
    assert alice.get(f"{API}/ssx/runs/{key}").status_code == 404


@pytest.mark.parametrize(
    ("path", "value", "status", "field"),
    [
        ("visit", "mx2-9", 404, None),
        ("visit", "mx1-1", 404, None),
        ("group", ..., 422, "group"),
        ("group.experimentType", "Mesh", 422, "group"),
        ("startTime", "yesterday", 422, "startTime"),
        ("detectorId", 99, 422, "detectorId"),
        ("ssx.eventChain.events.0.eventType", "Xray", 422, "ssx.eventChain"),
        ("ssx.eventChain.events.0.offset", None, 422, "ssx"),
    ],
)
def test_a_refusal_writes_nothing(i24, content, path, value, status, field):
    before = content()
    answer = i24.post(URL, json=merged(RUN, path, value))
    assert answer.status_code == status, answer.json
    assert field is None or field in answer.json["errors"]
    assert content() == before


def test_the_least_body_and_the_tokens(i24, as_, bob):
    least = {name: RUN[name] for name in ("visit", "startTime")}
    least |= {"group": {"experimentType": "serial jet", "x": 1}, "x": 2, "ssx": None}
    key = i24.post(URL, json=least).json["dataCollectionId"]
    run = bob.get(f"{API}/ssx/runs/{key}").json
    assert run["EventChain"] == []
    assert run["DataCollection"]["DataCollectionGroup"]["experimentType"] == "Serial Jet"
    reader = as_("reader", None, service=True, beamlines=["i24"])
    assert reader.post(URL, json=RUN).status_code == 403
    elsewhere = as_("i24", None, "ssx_write", service=True, beamlines=["id29"])
    assert elsewhere.patch(f"{URL}/{key}", json=END).status_code == 404
    reader.environ_base.pop("HTTP_AUTHORIZATION")  # as DCID without a file of credentials
    assert reader.post(URL, json=RUN).status_code == 401
