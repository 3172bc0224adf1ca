"""Runs: whole serial experiments, stored in one request."""

from copy import deepcopy
from functools import reduce

import pytest
from sqlalchemy import select

from services.ssx.app import create_app
from services.ssx.models import Component, EventChain, SSXDataCollection
from shared.models import (
    BLSample,
    DataCollection,
    DataCollectionGroup,
    ProcessingJob,
    Protein,
)
from tests.matrix import Route, holders, inside, signed_in
from tests.ssx.conftest import API

URL = f"{API}/ssx/runs"
ROUTES = [
    Route("get /ssx/runs", signed_in(), list_key="dataCollectionId"),
    Route(
        "post /ssx/runs",
        holders(201),
        body={
            "jetSize": 4.5,
            "DataCollection": {
                "startTime": "2024-05-01T10:00:00",
                "DataCollectionGroup": {"sessionId": 1, "experimentType": "SSX-Jet"},
            },
            "EventChain": [{"name": "probe", "Event": [{"eventTypeId": 1, "offset": 1}]}],
        },
        sent_as_is=True,
    ),
    Route("get /ssx/runs/{run_id}", inside()),
    Route("patch /ssx/runs/{run_id}", holders()),
    Route("delete /ssx/runs/{run_id}", holders(409)),
]
LASER = {"name": "532 nm", "EventType": {"name": "LaserExcitation"}, "offset": 0.0}
LASER |= {"duration": 1e-8, "period": 0.0043, "repetition": 138600}
PROBE = {"EventType": {"name": "XrayDetection"}, "offset": 0.003, "duration": 9e-05}
PROBE |= {"period": 0.0043, "repetition": 138600}
SAMPLE = {
    "name": "br_b4",
    "support": "LCP injector",
    "Crystal": {
        **{"size_X": 0.01, "size_Y": 0.01, "size_Z": 0.004, "abundance": 0.3},
        "Protein": {"name": "Bacteriorhodopsin", "acronym": "BR"},
        "CrystalComposition": [
            {
                "Component": {
                    "name": "retinal",
                    "composition": "C20H28O",
                    "ComponentType": {"name": "Ligand"},
                },
                "abundance": 1.0,
            }
        ],
    },
    "SampleComposition": [
        {
            "Component": {"name": "monoolein", "ComponentType": {"name": "JetMaterial"}},
            "abundance": 60.0,
        },
        {"Component": {"name": "tris", "ComponentType": {"name": "buffer"}}, "pH": 8.0},
    ],
}
RUN = {
    "repetitionRate": 231.25,
    "energyBandwidth": 0.5,
    "jetSize": 75.0,
    "jetSpeed": 0.0002,
    "experimentName": "dark + 3 ms",
    "DataCollection": {
        "startTime": "2026-11-20T10:01:00",
        "imageDirectory": "/data/mx1/br/",
        "imagePrefix": "BR-br_b4",
        "exposureTime": 0.0009,
        "numberOfImages": 138600,
        "detectorId": 5,
        "DataCollectionGroup": {
            "session": "mx1-1",
            "experimentType": "SSX-Jet",
            "startTime": "2026-11-20T10:00:00",
            "comments": "LCP, night run",
            "BLSample": SAMPLE,
        },
    },
    "EventChain": [{"name": "pump-probe", "Event": [LASER, PROBE]}],
}


def change(document, path, value):
    """A copy of ``document`` with ``value`` at the dotted ``path``; without it for None."""
    copy = deepcopy(document)
    *above, last = path.split(".")
    place = reduce(lambda part, name: part[int(name) if name.isdigit() else name], above, copy)
    place[last] = value
    if value is None:
        del place[last]
    return copy


def store(client, document=RUN, status=201):
    answer = client.post(URL, json=document)
    assert answer.status_code == status, answer.json
    return answer.json


def at_time(time, document=RUN):
    """Another run than that of ``document``: it starts at another time."""
    return change(document, "DataCollection.startTime", f"2026-11-20T{time}")


def test_a_run_is_stored_in_one_request(writer, alice, bob, same):
    run = store(writer)
    one = f"{URL}/{run['dataCollectionId']}"
    assert alice.get(one).json == run
    same(bob.get(one), bob.get(f"{URL}/999"))
    collection = run["DataCollection"]
    group = collection["DataCollectionGroup"]
    sample, (chain,) = group["BLSample"], run["EventChain"]
    for stored, sent in (
        (run, RUN),
        (collection, RUN["DataCollection"]),
        (group, RUN["DataCollection"]["DataCollectionGroup"]),
        (sample["Crystal"], SAMPLE["Crystal"]),
        (sample["Crystal"]["Protein"], SAMPLE["Crystal"]["Protein"]),
        (chain["Event"][0], {k: v for k, v in LASER.items() if k != "EventType"}),
    ):
        plain = {
            k: v for k, v in sent.items() if not isinstance(v, dict | list) and k != "session"
        }
        assert {name: stored[name] for name in plain} == plain
    assert (group["sessionId"], sample["name"]) == (1, "br_b4")
    (retinal,) = sample["Crystal"]["CrystalComposition"]
    assert (retinal["Component"]["composition"], retinal["abundance"]) == ("C20H28O", 1)
    assert [
        (row["Component"]["name"], row["Component"]["ComponentType"]["name"], row["pH"])
        for row in sample["SampleComposition"]
    ] == [("monoolein", "JetMaterial", None), ("tris", "Buffer", 8)]
    assert chain["_metadata"] == {"pumpProbeDelay": pytest.approx(0.003)}
    (row,) = alice.get(URL).json["results"]
    listed = row["DataCollection"]["DataCollectionGroup"].pop("BLSample")
    assert (listed["blSampleId"], listed["name"]) == (sample["blSampleId"], "br_b4")
    assert listed["Crystal"]["Protein"]["acronym"] == "BR"
    assert alice.get(f"{API}/ssx/data_collections/{run['dataCollectionId']}").json == row
    assert bob.get(URL).json["total"] == 0


def test_other_readers_find_the_columns_of_the_group(writer, engine):
    run = store(writer)
    with engine.connect() as connection:
        (row,) = connection.execute(select(DataCollection.__table__)).mappings()
        (group,) = connection.execute(select(DataCollectionGroup.__table__)).mappings()
    sample_id = run["DataCollection"]["DataCollectionGroup"]["blSampleId"]
    assert (row["SESSIONID"], row["BLSAMPLEID"], row["experimenttype"]) == (
        *(1, sample_id, "SSX-Jet"),
    )
    assert group["experimentTypeId"] == 42


def test_a_run_that_is_sent_again_is_stored_once(writer, count):
    run = store(writer)
    assert store(writer, status=200) == run
    assert store(writer, run, 200) == run
    assert store(writer, at_time("11:00:00"))["dataCollectionId"] != run["dataCollectionId"]
    assert (count(SSXDataCollection), count(EventChain)) == (2, 2)


def test_samples_and_their_parts_are_those_of_the_proposal(writer, count):
    """A second run on the sample; one on another sample of the protein, with its own crystals."""
    first, second = store(writer), store(writer, at_time("11:00:00"))
    group, other = (run["DataCollection"]["DataCollectionGroup"] for run in (first, second))
    assert group["BLSample"] == other["BLSample"]
    assert group["dataCollectionGroupId"] != other["dataCollectionGroupId"]
    path = "DataCollection.DataCollectionGroup.BLSample"
    third = change(change(RUN, f"{path}.name", "br_b5"), f"{path}.Crystal.Protein.acronym", "br")
    sample = store(writer, at_time("12:00:00", third))["DataCollection"]["DataCollectionGroup"][
        "BLSample"
    ]
    assert sample["Crystal"]["Protein"] == group["BLSample"]["Crystal"]["Protein"]
    assert sample["Crystal"]["crystalId"] != group["BLSample"]["Crystal"]["crystalId"]
    assert count(Component) == 3
    bigger = change(RUN, f"{path}.Crystal.size_X", 0.5)
    problem = store(writer, at_time("13:00:00", bigger), 409)
    assert [*problem["errors"]] == ["name"]
    fewer = change(RUN, f"{path}.SampleComposition", SAMPLE["SampleComposition"][:1])
    assert store(writer, at_time("13:00:00", fewer), 409)["status"] == 409
    stated = change(change(RUN, f"{path}.SampleComposition", None), f"{path}.Crystal.size_X", None)
    same = store(writer, at_time("13:00:00", stated))["DataCollection"]["DataCollectionGroup"]
    assert same["BLSample"] == group["BLSample"]
    elsewhere = change(RUN, "DataCollection.DataCollectionGroup.session", "mx2-1")
    protein = store(writer, elsewhere)["DataCollection"]["DataCollectionGroup"]["BLSample"][
        "Crystal"
    ]["Protein"]
    assert protein["proteinId"] not in (1, 2, group["BLSample"]["Crystal"]["Protein"]["proteinId"])
    assert count(Component) == 6


def test_a_run_in_a_group_and_on_a_sample_that_are_there(writer):
    group = {"sessionId": 1, "experimentType": "Serial Fixed", "blSampleId": 1}
    first = store(writer, change(RUN, "DataCollection.DataCollectionGroup", group))
    shown = first["DataCollection"]["DataCollectionGroup"]
    assert (shown["BLSample"]["name"], shown["BLSample"]["SampleComposition"]) == ("x1", [])
    inside = change(RUN, "DataCollection.DataCollectionGroup", None)
    inside["DataCollection"]["dataCollectionGroupId"] = shown["dataCollectionGroupId"]
    second = store(writer, at_time("11:00:00", inside))
    assert second["DataCollection"]["DataCollectionGroup"] == shown
    without = change(RUN, "DataCollection.DataCollectionGroup.BLSample", None)
    run = store(writer, at_time("12:00:00", without))
    assert run["DataCollection"]["DataCollectionGroup"]["BLSample"] is None


GROUP = "DataCollection.DataCollectionGroup"
CRYSTAL = f"{GROUP}.BLSample.Crystal"
KIND = f"{GROUP}.BLSample.SampleComposition.0.Component.ComponentType.name"
REFUSED = {  # the place of a value, a wrong value, the status, and the place of the error
    "kind of event": ("EventChain.0.Event.0.EventType.name", "Laser", 422, ...),
    "order of events": ("EventChain.0.Event.1.offset", -1, 422, ...),
    "times": ("DataCollection.endTime", "2026-11-20T09:00:00", 422, "endTime"),
    "times of the group": (f"{GROUP}.endTime", "2026-11-20T09:00:00", 422, "endTime"),
    "kind of component": (KIND, "Bufer", 422, ...),
    "name of a component": (KIND.replace("ComponentType.name", "name"), "", 422, ...),
    "name": (f"{GROUP}.BLSample.name", "br b4", 422, ...),
    "acronym": (f"{CRYSTAL}.Protein.acronym", "B R", 422, ...),
    "experiment": (f"{GROUP}.experimentType", "OSC", 422, ...),
    "no start": ("DataCollection.startTime", None, 422, ...),
    "no group": (GROUP, None, 422, "DataCollection.dataCollectionGroupId"),
    "no session": (f"{GROUP}.session", None, 422, f"{GROUP}.sessionId"),
    "unknown field": ("jetsize", 3, 422, ...),
    "unknown detector": ("DataCollection.detectorId", 77, 424, "detectorId"),
    "hidden session": (f"{GROUP}.session", "mx2-1", 404, None),
    "unknown session": (f"{GROUP}.session", "mx7-1", 404, None),
    "hidden sample": (f"{GROUP}.blSampleId", 2, 404, None),
    "unknown sample": (f"{GROUP}.blSampleId", 77, 404, None),
    "hidden group": ("DataCollection.dataCollectionGroupId", 2, 404, None),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_run_leaves_nothing_behind(as_, facility, add, count, name):
    path, value, status, place = REFUSED[name]
    add(DataCollectionGroup(dataCollectionGroupId=2, sessionId=2))
    tables = (BLSample, Protein, DataCollectionGroup, DataCollection, Component, EventChain)
    before = [count(each) for each in tables]
    limited = as_("software", None, "ssx_write", "all_sessions", service=True, beamlines=["id29"])
    problem = store(limited, change(RUN, path, value), status)
    errors = problem.get("errors")
    for part in (path if place is ... else place or "").split("."):
        errors = errors[part] if part else errors
    assert (errors is None) is (place is None)
    assert [count(each) for each in tables] == before


def test_a_sample_of_another_proposal_is_refused(writer):
    document = change(RUN, f"{GROUP}.blSampleId", 2)
    errors = store(writer, document, 422)["errors"]["DataCollection"]["DataCollectionGroup"]
    assert errors == {"blSampleId": ["Must be a sample of the proposal of the session."]}


def test_new_proteins_where_the_site_makes_none(site, token, facility):
    app = create_app({**site, "shipping": {"create_proteins": False}})
    client = app.test_client()
    signed = token("software", None, "ssx_write", "all_sessions", service=True)
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {signed}"
    errors = store(client, status=422)["errors"]["DataCollection"]["DataCollectionGroup"]
    protein = errors["BLSample"]["Crystal"]["Protein"]
    assert protein == {"acronym": ["The proposal has no protein BR."]}


def test_a_run_is_changed_while_it_goes_on_and_at_its_end(writer, alice):
    run = store(writer)
    one = f"{URL}/{run['dataCollectionId']}"
    half = writer.patch(one, json={"DataCollection": {"numberOfImages": 5}}).json
    assert half["DataCollection"]["numberOfImages"] == 5
    end = {"endTime": "2026-11-20T10:11:00", "runStatus": "DataCollection Successful"}
    ended = writer.patch(one, json={"jetSize": None, "DataCollection": end}).json
    expected = change(half, "DataCollection.endTime", end["endTime"]) | {"jetSize": None}
    expected["DataCollection"] |= end
    expected["DataCollection"]["DataCollectionGroup"]["endTime"] = end["endTime"]
    assert ended == expected == alice.get(one).json
    early = writer.patch(one, json={"DataCollection": {"endTime": "2026-11-20T10:05:00"}}).json
    assert early["DataCollection"]["DataCollectionGroup"]["endTime"] == "2026-11-20T10:05:00"
    for body, name in (
        ({"DataCollection": {"endTime": "2026-11-20T10:00:00"}}, "endTime"),
        ({"EventChain": []}, "EventChain"),
    ):
        refused = writer.patch(one, json=body)
        assert (refused.status_code, [*refused.json["errors"]]) == (422, [name])
    assert alice.patch(one, json={"jetSize": 1}).status_code == 403
    stale = writer.patch(one, json={"jetSize": 1}, headers={"If-Match": '"old"'})
    assert stale.status_code == 412


def test_an_empty_run_is_deleted_with_its_group(writer, alice, add, count):
    first, second = store(writer), store(writer, at_time("11:00:00"))
    one, other = (f"{URL}/{run['dataCollectionId']}" for run in (first, second))
    assert alice.delete(one).status_code == 403
    assert writer.delete(one).json == first
    tables = (DataCollection, DataCollectionGroup, SSXDataCollection, EventChain)
    assert [count(each) for each in tables] == [1, 1, 1, 1]
    assert (writer.delete(one).status_code, count(BLSample)) == (404, 3)
    job = {"processingJobId": 1, "dataCollectionId": second["dataCollectionId"]}
    add(ProcessingJob(**job))
    kept = writer.delete(other)
    assert (kept.status_code, alice.get(other).json) == (409, second)


def test_two_at_once_make_one_sample(writer, together, count):
    """Two beamlines of one proposal start their first runs on the sample at one time."""
    documents = [at_time(f"1{number}:00:00") for number in range(4)]
    answers = together(*(lambda d=each: writer.post(URL, json=d) for each in documents))
    assert [answer.status_code for answer in answers] == [201] * 4
    assert (count(BLSample), count(Protein), count(Component)) == (3, 3, 3)


def test_a_repeat_at_the_same_time_is_stored_once(writer, together, count):
    answers = together(*(lambda: writer.post(URL, json=RUN) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert count(SSXDataCollection) == 1


def test_a_run_takes_a_constant_number_of_statements(writer, statements):
    def measure(document):
        with statements() as made:
            store(writer, document)
        return len(made)

    measure(RUN)
    parts = [
        {"Component": {"name": f"part {n}", "ComponentType": {"name": "Buffer"}}}
        for n in range(50)
    ]
    path = "DataCollection.DataCollectionGroup.BLSample"
    large = change(change(RUN, f"{path}.SampleComposition", parts), f"{path}.name", "br_b5")
    new = measure(at_time("10:30:00", change(RUN, f"{path}.name", "br_b6")))
    assert measure(at_time("10:40:00", large)) <= new + 3  # the components, and two more INSERTs
    events = [LASER, *({**PROBE, "offset": 0.003 + n / 1e4} for n in range(40))]
    chains = [{"name": f"{n}", "Event": events} for n in range(100)]
    few = measure(at_time("11:00:00"))
    assert measure({**at_time("12:00:00"), "EventChain": chains}) <= few + 1


def test_core_shows_a_run_in_its_timeline(writer, core):
    run = store(writer)
    key, alice = run["dataCollectionId"], core("alice", 1)
    (event,) = alice.get(f"{API}/events?session=mx1-1").json["results"]
    assert (event["id"], event["startTime"]) == (key, "2026-11-20T10:00:00")
    sample = run["DataCollection"]["DataCollectionGroup"]["BLSample"]
    assert alice.get(f"{API}/samples/{sample['blSampleId']}").json["name"] == "br_b4"
    shown = alice.get(f"{API}/data_collections/{key}").json
    assert shown["DataCollectionGroup"]["experimentType"] == "SSX-Jet"
    assert core("bob", 2).get(f"{API}/events").json["total"] == 0
