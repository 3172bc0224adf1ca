"""Time lines of event chains, as JSON and drawn."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from services.ssx.models import Event, EventChain, SSXDataCollection
from services.ssx.modules import chain_drawings, chain_timelines
from shared.models import DataCollection, DataCollectionGroup
from tests.ssx.chain_figures import CHAINS, FOLDER, draw_all
from tests.ssx.conftest import API

SVG = {"Accept": "image/svg+xml"}
NAMESPACE = "{http://www.w3.org/2000/svg}"
HOSTILE = "</title><script>alert(1)</script> \"'&"
DETECTION, EXPOSURE, LASER, TRIGGER = 1, 2, 3, 4


@pytest.fixture(autouse=True)
def chains(facility, add):
    """Runs 1 of alice and 2 of bob; run 1 has chains 11, pump and probe, 12 without events."""
    for key in (1, 2):
        add(
            DataCollectionGroup(
                dataCollectionGroupId=key, sessionId=key, experimentType="SSX-Jet"
            ),
            DataCollection(dataCollectionId=key, dataCollectionGroupId=key),
            SSXDataCollection(dataCollectionId=key),
            EventChain(eventChainId=10 * key + 1, dataCollectionId=key, name="pump-probe"),
        )
    add(EventChain(eventChainId=12, dataCollectionId=1, name=HOSTILE))
    for kind, offset, duration in ((LASER, 0.0, 1e-8), (DETECTION, 0.25, 0.125)):
        times = {"offset": offset, "duration": duration, "period": 0.5, "repetition": 138600.0}
        add(Event(eventChainId=11, eventTypeId=kind, name=f"event {kind}", **times))


def parse(answer):
    """The texts of a drawing, by name of their element."""
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
    texts = {}
    for element in ElementTree.fromstring(answer.data).iter():
        assert element.tag.startswith(NAMESPACE)
        name = element.tag.removeprefix(NAMESPACE)
        texts.setdefault(name, []).append("".join(element.itertext()))
    return texts


def test_the_times_of_a_chain(alice, bob):
    url = f"{API}/ssx/event_chains/11/timeline"
    timeline = alice.get(url).json
    laser, detection = timeline["Event"]
    assert (timeline["begin"], timeline["end"]) == (0, pytest.approx(0.25 + 138599 * 0.5 + 0.125))
    assert (timeline["pump"], timeline["probe"], timeline["pumpProbeDelay"]) == (0, 0.25, 0.25)
    assert laser["EventType"]["name"] == "LaserExcitation"
    assert detection["spans"][:2] == [[0.25, 0.375], [0.75, 0.875]]
    assert (len(detection["spans"]), detection["end"]) == (10, timeline["end"])
    assert bob.get(url).status_code == 404
    assert alice.get(url, headers={"Accept": "text/csv"}).status_code == 406


def test_the_drawing_of_a_chain(alice):
    answer = alice.get(f"{API}/ssx/event_chains/11/timeline", headers=SVG)
    texts = parse(answer)
    assert texts["title"][0] == "Time line of pump-probe"
    assert texts["desc"] == [
        "pump-probe: 2 events. Laser excitation event 3 at 0 s for 10 ns every 500 ms"
        " × 138\u202f600. X-ray detection event 1 at 250 ms for 125 ms every 500 ms"
        " × 138\u202f600. The pump–probe delay is 250 ms."
    ]
    assert {"Laser excitation", "X-ray detection", "pump–probe delay 250 ms"} <= {*texts["text"]}
    assert texts["text"].count("… × 138\u202f600") == 2
    tag = {**SVG, "If-None-Match": answer.headers["ETag"]}
    assert alice.get(f"{API}/ssx/event_chains/11/timeline", headers=tag).status_code == 304


def test_the_chains_of_a_run(alice, bob):
    url = f"{API}/ssx/runs/1/timeline"
    timelines = alice.get(url).json
    assert (timelines["dataCollectionId"], timelines["total"]) == (1, 2)
    one, two = timelines["EventChain"]
    assert one == alice.get(f"{API}/ssx/event_chains/11/timeline").json
    assert (two["eventChainId"], two["Event"], two["begin"]) == (12, [], None)
    texts = parse(alice.get(url, headers=SVG))
    assert "script" not in texts
    assert f"pump-probe, {HOSTILE}" in texts["title"][0]
    assert "No events" in texts["text"]
    assert bob.get(url).status_code == 404
    assert bob.get(f"{API}/ssx/runs/2/timeline").json["total"] == 1
    empty = parse(bob.get(f"{API}/ssx/runs/2/timeline", headers=SVG))
    assert "No events" in empty["text"]


def test_any_times_and_names_are_drawn():
    """Also those of dialects, which are stored unchecked."""
    numbers = (None, 0.0, 1e-30, 5e-9, 1.0, 3e38, -1.0)
    kinds = ("XrayDetection", "LaserExcitation", HOSTILE)
    events = [
        {
            **{"eventId": 1, "name": name, "EventType": {"name": kind}, "offset": offset},
            **{"duration": duration, "period": period, "repetition": repetition},
        }
        for number, (offset, duration, period, repetition) in enumerate(
            (o, d, p, r)
            for o in (-3e38, -0.005, 0.0, 1000.0, 3e38)
            for d in numbers
            for p in numbers
            for r in (None, 0.0, 3.0, 1e30)
        )
        for name, kind in [
            ((None, "", "\x00\ud800\u202e<", "\u6f22" * 255)[number % 4], kinds[number % 3])
        ]
    ]
    for at in range(0, len(events), 3):
        row = {"eventChainId": 1, "dataCollectionId": 1, "name": None}
        picture = chain_drawings.draw(
            [chain_timelines.compute({**row, "Event": events[at : at + 3]})], 1
        )
        assert "nan" not in picture and "inf" not in picture
        assert len(picture) < 40_000
        ElementTree.fromstring(picture)


def test_drawings_are_bounded():
    event = {**CHAINS["laser-and-frames"]["Event"][0], "period": None, "repetition": None}
    chain = {"eventChainId": 1, "dataCollectionId": 1, "name": "long", "Event": [event] * 1000}
    timelines = [{**chain_timelines.compute(chain), "eventChainId": key} for key in range(100)]
    picture = chain_drawings.draw(timelines, 1000)
    assert "… and 960 more events" in picture and "… and 988 more event chains" in picture
    assert len(picture) < 600_000


def test_the_drawings_of_the_documents_are_made_by_this_code():
    for name, picture in draw_all().items():
        assert Path(FOLDER, name).read_text() == picture, "run python -m tests.ssx.chain_figures"
