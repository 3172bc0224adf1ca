"""The dialect of py-ISPyB's web services, with the bodies that its clients send."""

import json
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy
import pytest

from services.ssx.modules import result_files
from shared.models import AutoProcIntegration, AutoProcProgram, AutoProcProgramAttachment
from tests.matrix import Route, holders, signed_in
from tests.ssx.conftest import API

ROOT = f"{API}/webservices/ssx"
GROUPS, COLLECTIONS = f"{ROOT}/datacollectiongroup", f"{ROOT}/datacollection"
READS = f"{API}/ssx/datacollection/processing"
RETINAL = {"name": "retinal", "componentType": "Ligand", "composition": "C20H28O"}
CRYSTAL = {
    **{"size_X": 0.01, "size_Y": 0.01, "size_Z": 0.004, "abundance": 0.3},
    "protein": {"name": "Bacteriorhodopsin", "acronym": "BR"},
    "components": [{**RETINAL, "abundance": 1.0}],
}
SAMPLE = {
    **{"name": "br_b4", "support": "LCP injector", "crystal": CRYSTAL},
    "components": [
        {"name": "monoolein", "componentType": "JetMaterial", "abundance": 60.0},
        {"name": "tris pH 8", "componentType": "Buffer"},
    ],
}
GROUP = {
    **{"sessionId": 1, "startTime": "2026-11-20T10:00:00", "experimentType": "SSX-Jet"},
    **{"comments": "LCP, night run", "sample": SAMPLE},
}
LASER = {"type": "LaserExcitation", "name": "532 nm", "offset": 0.0, "duration": 1e-8}
PROBE = {"type": "XrayDetection", "offset": 0.003, "duration": 0.00009}
REPEATED = {"period": 0.0043, "repetition": 138600}
COLUMNS = {
    **{"startTime": "2026-11-20T10:01:00", "endTime": "2026-11-20T10:11:00"},
    **{"exposureTime": 0.0009, "numberOfImages": 138600, "wavelength": 1.072},
    **{"detectorDistance": 150.0, "flux": 8.0e13, "transmission": 100.0},
    **{"imagePrefix": "BR-br_b4", "detectorId": 5},
}
SERIAL = {
    **{"repetitionRate": 231.25, "energyBandwidth": 0.5, "monoStripe": "Pd/B4C"},
    **{"jetSize": 75.0, "jetSpeed": 0.0002, "experimentName": "dark + 3 ms"},
}
CHAINS = [{"name": "pump-probe", "events": [LASER | REPEATED, PROBE | REPEATED]}]
COLLECTION = COLUMNS | SERIAL | {"event_chains": CHAINS}
PROCESSING = {
    "processingPrograms": "CrystFEL 0.11",
    "processingCommandLine": "indexamajig -i hits.lst",
    "processingStartTime": "2026-11-20T10:12:00",
    "processingEndTime": "2026-11-20T10:19:00",
    "results": [f"/data/ssx/run7/{n}" for n in ("ssx_stats.json", "ssx_cells.json", "out.stream")],
}
# MXCuBE's PyISPyBClient fills in places it has no value for.
MXCUBE_GROUP = {
    **{"sessionId": 1, "startTime": "2026-11-20T10:00:00.123456", "experimentType": "SSX-CHIP"},
    "experimentName": "a label",
    "sample": {
        **{"name": "b4", "support": "support_example", "components": []},
        "crystal": {"protein": {"name": "b4", "acronym": "LYS"}, "components": []},
    },
}
MXCUBE_COLLECTION = {
    **{"exposureTime": 0.0009, "transmission": 100.0, "flux": 8e13, "xBeam": 115.2},
    **{"yBeam": 121.8, "wavelength": 1.072, "detectorDistance": 150.0},
    **{"beamSizeAtSampleX": 0.004, "beamSizeAtSampleY": 0.002, "average_temperature": 0.0},
    **{f"xtalSnapshotFullPath{number}": "" for number in range(1, 5)},
    **{"imagePrefix": "LYS-b4", "numberOfPasses": 1, "numberOfImages": 400, "resolution": 1.8},
    **{"resolutionAtCorner": 0.0, "flux_end": 7e13, "detector_id": 5},
    **{"startTime": "2026-11-20T10:01:00", "endTime": "2026-11-20T10:02:00"},
    **{"repetitionRate": 0.0, "energyBandwidth": 0.5, "monoStripe": "Pd/B4C", "jetSize": 0},
    **{"jetSpeed": 0, "laserEnergy": 0, "chipModel": "Oxford", "chipPattern": ""},
    **{"beamShape": "ellipse", "polarisation": 0.99, "underlator_gap1": 0},
    "event_chains": [
        {
            "name": "name",
            "events": [
                {"type": "XrayDetection", "name": "name", "offset": 0.0}
                | dict.fromkeys(("duration", "period", "repetition"), 0.0)
            ],
        }
    ],
}

EARLY = "2026-11-20T10:00:00"
FILES = "get /ssx/datacollection/processing"
ROUTES = [
    Route(
        "post /webservices/ssx/datacollectiongroup",
        holders(200, 422),
        body={"sessionId": 1, "startTime": EARLY, "sampleId": 1},
        sent_as_is=True,
    ),
    Route(
        "post /webservices/ssx/datacollection",
        holders(200, 422),
        body={"dataCollectionGroupId": 1, "startTime": EARLY, "event_chains": []},
        sent_as_is=True,
    ),
    Route(
        "post /webservices/ssx/datacollection/{collection_id}/processing",
        holders(),
        body={"results": ["/data/1/ssx_stats.json"]},
        sent_as_is=True,
        absent=422,
    ),
    Route(f"{FILES}/stats", signed_in(), query={"dataCollectionIds": "1"}, in_files=True),
    Route(f"{FILES}/cells", signed_in(404), query={"dataCollectionId": 1}),
    Route(f"{FILES}/cells/histogram", signed_in(), query={"dataCollectionIds": "1"}),
    Route("get /eventchains", signed_in()),
]


@pytest.fixture
def sync(as_, facility):
    """MXCuBE at all beamlines."""
    return as_("mxcube", None, "ssx_sync", "all_sessions", service=True)


@pytest.fixture
def send(sync):
    """``send(GROUP)`` and ``send(COLLECTION, 7)`` store and return the bare key."""

    def post(body, group_id=None, client=sync):
        link = {} if group_id is None else {"dataCollectionGroupId": group_id}
        answer = client.post(GROUPS if group_id is None else COLLECTIONS, json=body | link)
        assert (answer.status_code, type(answer.json)) == (200, int), answer.text
        return answer.json

    return post


def merged(body, path, value):
    """A copy of ``body`` with ``value`` at ``path``; without it for ``...``."""
    copy = json.loads(json.dumps(body))
    *above, name = path.split(".")
    part = copy
    for each in above:
        part = part[int(each) if each.isdigit() else each]
    if value is ...:
        del part[name]
    else:
        part[name] = value
    return copy


def test_a_jet_experiment_is_stored(send, sync, alice, bob, engine):
    group_id = send(GROUP)
    key = send(COLLECTION, group_id)
    run = alice.get(f"{API}/ssx/runs/{key}").json
    assert {name: run[name] for name in SERIAL} == pytest.approx(SERIAL)
    collection = run["DataCollection"]
    assert {name: collection[name] for name in COLUMNS} == pytest.approx(COLUMNS)
    group = collection["DataCollectionGroup"]
    assert (group["dataCollectionGroupId"], group["sessionId"]) == (group_id, 1)
    assert (group["experimentType"], group["comments"]) == ("SSX-Jet", "LCP, night run")
    sample = group["BLSample"]
    assert (sample["name"], sample["support"]) == ("br_b4", "LCP injector")
    parts = [
        (part["Component"]["name"], part["Component"]["ComponentType"]["name"], part["abundance"])
        for part in sample["SampleComposition"]
    ]
    assert parts == [("monoolein", "JetMaterial", 60.0), ("tris pH 8", "Buffer", None)]
    crystal = sample["Crystal"]
    assert [crystal[name] for name in ("size_X", "size_Z", "abundance")] == [0.01, 0.004, 0.3]
    assert crystal["Protein"]["acronym"] == "BR"
    (retinal,) = crystal["CrystalComposition"]
    assert (retinal["Component"]["composition"], retinal["abundance"]) == ("C20H28O", 1.0)
    (chain,) = run["EventChain"]
    assert chain["name"] == "pump-probe"
    assert [event["EventType"]["name"] for event in chain["Event"]] == [
        "LaserExcitation",
        "XrayDetection",
    ]
    assert [event["offset"] for event in chain["Event"]] == pytest.approx([0.0, 0.003])
    assert chain["_metadata"]["pumpProbeDelay"] == pytest.approx(0.003)
    with engine.connect() as connection:
        copies = connection.exec_driver_sql(
            "SELECT SESSIONID, BLSAMPLEID, experimenttype FROM DataCollection"
        ).one()
        kind = connection.exec_driver_sql("SELECT experimentTypeId FROM DataCollectionGroup").one()
    assert (*copies, *kind) == (1, sample["blSampleId"], "SSX-Jet", 42)

    page = alice.get(f"{API}/eventchains?dataCollectionId={key}&limit=5").json
    assert {name: page[name] for name in ("total", "skip", "limit")} == {
        "total": 1,
        "skip": 0,
        "limit": 5,
    }
    (listed,) = page["results"]
    assert listed["dataCollectionId"] == key and listed["name"] == "pump-probe"
    first, second = listed["events"]
    assert first["EventType"] == {"eventTypeId": 3, "name": "LaserExcitation"}
    assert second.keys() == {
        *("eventId", "eventChainId", "eventTypeId", "offset", "duration", "period"),
        *("repetition", "EventType"),
    }
    for hidden in ("", f"?dataCollectionId={key}"):
        page = bob.get(f"{API}/eventchains{hidden}").json
        assert (page["total"], page["results"]) == (0, [])
    assert sync.post(GROUPS, json=GROUP).json != group_id


def test_proteins_components_and_samples_are_reused(send, alice, content):
    """A sample of the same name that differs is another one, with a number."""
    first = send(COLLECTION, send(GROUP))
    before = content()
    second = send(COLLECTION, send(GROUP))
    other = merged(GROUP, "sample.components", [])
    other = merged(other, "sample.crystal.components.0.composition", "C20H30O")
    third, fourth = (send(COLLECTION, send(other)) for _ in range(2))
    samples = [
        alice.get(f"{API}/ssx/runs/{key}").json["DataCollection"]["DataCollectionGroup"][
            "BLSample"
        ]
        for key in (first, second, third, fourth)
    ]
    assert samples[0] == samples[1] and samples[2] == samples[3]
    assert [sample["name"] for sample in samples[1:3]] == ["br_b4", "br_b4_2"]
    rows = content()
    new = {name: len(rows[name]) - len(before.get(name, ())) for name in rows}
    assert (new["Protein"], new["Component"], new["BLSample"], new["Crystal"]) == (0, 1, 1, 1)
    assert all(row.proposalId == 1 for row in rows["Component"])


def test_the_bodies_of_mxcube(send, alice):
    key = send(MXCUBE_COLLECTION, send(MXCUBE_GROUP))
    run = alice.get(f"{API}/ssx/runs/{key}").json
    collection = run["DataCollection"]
    group = collection["DataCollectionGroup"]
    assert (group["experimentType"], group["startTime"]) == ("SSX-Chip", "2026-11-20T10:00:00")
    assert group["BLSample"]["Crystal"]["Protein"]["proteinId"] == 1
    assert (group["BLSample"]["name"], group["BLSample"]["support"]) == ("b4", "support_example")
    stored = {
        **{"detectorId": 5, "averageTemperature": 0.0, "undulatorGap1": 0.0, "polarisation": 0.99},
        **{"xtalSnapshotFullPath1": None, "resolutionAtCorner": 0.0, "beamShape": "ellipse"},
    }
    assert {name: collection[name] for name in stored} == pytest.approx(stored)
    stored = {"chipModel": "Oxford", "chipPattern": None, "jetSize": 0.0, "experimentName": None}
    assert {name: run[name] for name in stored} == stored
    (chain,) = run["EventChain"]
    assert (chain["name"], chain["Event"][0]["offset"]) == ("name", 0.0)
    names = merged(merged(MXCUBE_GROUP, "sample.name", None), "sample.crystal.protein.acronym", "")
    run = alice.get(f"{API}/ssx/runs/{send(MXCUBE_COLLECTION, send(names))}").json
    sample = run["DataCollection"]["DataCollectionGroup"]["BLSample"]
    assert (sample["name"], sample["Crystal"]["Protein"]["acronym"]) == ("b4", "b4")


@pytest.mark.parametrize(
    ("body", "path", "value", "field"),
    [
        (GROUP, "sessionId", 99, None),
        (GROUP, "sessionId", ..., "sessionId"),
        (GROUP, "startTime", None, "startTime"),
        (GROUP, "experimentType", "Mesh", "experimentType"),
        (GROUP, "sample", ..., "sampleId"),
        (GROUP, "sampleId", 1, "sampleId"),
        (MXCUBE_GROUP | {"sample": None}, "sampleId", 99, None),
        (MXCUBE_GROUP | {"sample": None}, "sampleId", 2, None),
        (GROUP, "sample.components", ..., "sample.components"),
        (GROUP, "sample.crystal.protein", {}, "sample.crystal.protein.acronym"),
        (GROUP, "sample.components.0.name", None, "sample.components.0.name"),
        (
            GROUP,
            "sample.crystal.components.0.componentType",
            "Salt",
            "sample.crystal.components.0.componentType.name",
        ),
        (COLLECTION, "dataCollectionGroupId", 99, None),
        (COLLECTION, "dataCollectionGroupId", ..., "dataCollectionGroupId"),
        (COLLECTION, "detectorId", 99, "detectorId"),
        (COLLECTION, "event_chains", ..., "event_chains"),
        (COLLECTION, "event_chains.0.events.1.type", "Xray", "event_chains.0.events.1.type"),
        (COLLECTION, "event_chains.0.events.1.offset", None, "event_chains.0.events.1.offset"),
    ],
)
def test_a_refusal_writes_nothing(send, sync, content, body, path, value, field):
    if body is COLLECTION:
        body = body | {"dataCollectionGroupId": send(GROUP)}
    before = content()
    is_group = "sessionId" in body
    answer = sync.post(GROUPS if is_group else COLLECTIONS, json=merged(body, path, value))
    assert answer.status_code == 422, answer.json
    errors = answer.json.get("errors")
    for name in field.split(".") if field else ():
        errors = errors[name]
    assert content() == before


def test_writes_need_a_permission_and_a_visible_session(as_, send, alice, facility):
    group_id = send(GROUP)
    body = COLLECTION | {"dataCollectionGroupId": group_id}
    assert as_("bob", 2, "ssx_sync").post(COLLECTIONS, json=body).status_code == 422
    assert as_("bob", 2, "ssx_sync").post(GROUPS, json=GROUP).status_code == 422
    assert alice.post(GROUPS, json=GROUP).status_code == 403
    assert as_("alice", 1, "ssx_write").post(COLLECTIONS, json=body).status_code == 200
    anonymous = as_("alice")
    anonymous.environ_base.pop("HTTP_AUTHORIZATION")
    assert anonymous.post(GROUPS, json=GROUP).status_code == 401


def test_processing_is_a_program_with_files(send, sync, as_, content):
    key = send(COLLECTION, send(GROUP))
    url = f"{COLLECTIONS}/{key}/processing"
    program = sync.post(url, json=PROCESSING)
    assert (program.status_code, type(program.json)) == (200, int)
    again = PROCESSING | {"results": PROCESSING["results"][::-1] + PROCESSING["results"][:1]}
    assert sync.post(url, json=again).json == program.json
    rows = content()
    (job,), (row,) = rows["ProcessingJob"], rows["AutoProcProgram"]
    assert (job.dataCollectionId, job.recipe) == (key, "CrystFEL 0.11")
    assert (row.processingJobId, row.processingStatus) == (job.processingJobId, 1)
    assert row.processingCommandLine == "indexamajig -i hits.lst"
    assert f"{row.processingEndTime}" == "2026-11-20 10:19:00"
    files = {
        (each.fileType, each.filePath, each.fileName) for each in rows["AutoProcProgramAttachment"]
    }
    assert files == {
        ("Result", "/data/ssx/run7", name)
        for name in ("ssx_stats.json", "ssx_cells.json", "out.stream")
    }
    at_once = PROCESSING | {"processingPrograms": "DIALS"}
    with ThreadPoolExecutor(4) as pool:
        answers = [
            *pool.map(
                lambda _: sync.application.test_client()
                .post(
                    url,
                    json=at_once,
                    headers={"Authorization": sync.environ_base["HTTP_AUTHORIZATION"]},
                )
                .json,
                range(4),
            )
        ]
    assert len({*answers}) == 1
    other = PROCESSING | {"results": PROCESSING["results"][:1]}
    pipeline = as_("pipeline", None, "processing_write", service=True, beamlines=["id29"])
    assert pipeline.post(url, json=other).json not in (None, program.json)
    assert sync.post(url, json={"results": []}).status_code == 200
    for body in (
        {},
        {"results": ["out.stream"]},
        {"results": ["/data/"]},
        {"results": ["/" + "x" * 256]},
    ):
        assert sync.post(url, json=body).status_code == 422
    assert sync.post(f"{COLLECTIONS}/999/processing", json=PROCESSING).status_code == 422
    elsewhere = as_("pipeline", None, "ssx_sync", service=True, beamlines=["i24"])
    assert elsewhere.post(url, json=PROCESSING).status_code == 404


# ------------------------------------------------------------------ reads


@pytest.fixture
def process(send, sync, folder):
    """``process(key, "ssx_stats.json", text)`` stores a program of a run that wrote the file."""
    numbers = Counter()

    def store(key, name, text):
        numbers["program"] += 1
        path = folder / f"run{numbers['program']}" / name
        path.parent.mkdir()
        if text is not None:
            path.write_text(text if isinstance(text, str) else json.dumps(text))
        body = {"results": [str(path)]}
        assert sync.post(f"{COLLECTIONS}/{key}/processing", json=body).status_code == 200
        return path

    return store


@pytest.fixture
def run_ids(send):
    """Three runs of a group."""
    group_id = send(GROUP)
    return [send(COLLECTION, group_id) for _ in range(3)]


STATS = {
    **{"nbHits": 41210, "nbIndexed": 30544, "laticeType": "orthorhombic"},
    "estimatedResolution": 1.92,
}
CELL = [61.9, 107.4, 150.9, 90.0, 90.0, 90.0]


def test_hits_are_those_of_the_newest_file_that_can_be_read(run_ids, process, alice, bob, add):
    first, second, third = run_ids
    url = f"{READS}/stats?dataCollectionIds={second},{first},{third},99,999999999999999999"
    assert alice.get(url).json == []
    process(first, "ssx_stats.json", STATS | {"nbHits": 1})
    process(first, "ssx_stats.json", STATS | {"unknown": 1})
    process(first, "ssx_stats.json", None)
    os.truncate(process(first, "ssx_stats.json", STATS), result_files.LARGEST + 1)
    for text in ("", "[]", '{"nbHits": 1}', json.dumps(STATS | {"nbIndexed": "x"})):
        process(first, "ssx_stats.json", text)
        process(third, "ssx_stats.json", text)
    process(second, "ssx_stats.json", STATS | {"estimatedResolution": 2})
    path = process(second, "SSX_stats.json", STATS | {"nbHits": 2})
    add(  # failed, linked by an integration as other pipelines do, and outside of the roots
        *(AutoProcProgram(autoProcProgramId=900 + n, processingStatus=n) for n in (0, 1)),
        *(
            AutoProcIntegration(
                autoProcIntegrationId=n + 1, autoProcProgramId=900 + n, dataCollectionId=third
            )
            for n in (0, 1)
        ),
        *(
            AutoProcProgramAttachment(
                autoProcProgramId=900 + n, fileType="Result", fileName=name, filePath=place
            )
            for n, name, place in (
                (0, "ssx_stats.json", str(path.parent.parent / "run2")),
                (1, "ssx_stats.json", "/etc"),
            )
        ),
    )
    assert alice.get(url).json == [
        {"dataCollectionId": second, **STATS, "estimatedResolution": 2.0},
        {"dataCollectionId": first, **STATS},
    ]
    assert bob.get(url).json == []
    for wrong in ("", "1,", "a", "1;2", "-1"):
        assert alice.get(f"{READS}/stats?dataCollectionIds={wrong}").status_code == 422


def test_cells_and_their_histograms(run_ids, process, alice, bob):
    first, second, _ = run_ids
    empty = alice.get(f"{READS}/cells/histogram?dataCollectionIds={first}").json
    names = ("a", "b", "c", "alpha", "beta", "gamma")
    assert empty == dict.fromkeys(names) | {"dataCollectionIds": [first]}
    assert alice.get(f"{READS}/cells?dataCollectionId={first}").status_code == 404
    random = numpy.random.default_rng(12)
    cells = random.normal(CELL, [0.3, 0.4, 0.5, 0, 0.1, 0.2], (400, 6))
    cells[7] = [90, 20, 300, 90, 120, 60]
    process(first, "ssx_cells.json", {"unit_cells": cells[:300].tolist()})
    for text in ({"unit_cells": [CELL, CELL[:5]]}, {"unit_cells": [[*CELL[:5], "90"]]}, {}):
        process(first, "ssx_cells.json", text)
    path = process(second, "ssx_cells.json", {"unit_cells": cells[300:].tolist(), "more": 1})
    assert alice.get(f"{READS}/cells?dataCollectionId={first}").json == {
        "unit_cells": cells[:300].tolist()
    }
    assert bob.get(f"{READS}/cells?dataCollectionId={first}").status_code == 404
    url = f"{READS}/cells/histogram?dataCollectionIds={first},{second}"
    answer = alice.get(url).json
    assert answer.pop("dataCollectionIds") == [first, second]
    assert answer.keys() == {*names}
    for name, values in zip(names, cells.T, strict=True):
        low, high = numpy.percentile(values, [25, 75])
        margin = 1.5 * (high - low)
        kept = values[(values >= low - margin) & (values <= high + margin)]
        y, x = numpy.histogram(kept, 50)
        assert answer[name].keys() == {"x", "y", "median"}
        assert answer[name]["x"] == pytest.approx(x)
        assert answer[name]["y"] == y.tolist()
        assert answer[name]["median"] == pytest.approx(numpy.median(values))
    assert (answer["alpha"]["x"][0], answer["alpha"]["x"][-1]) == (89.5, 90.5)
    path.write_text(json.dumps({"unit_cells": [CELL]}))  # written again: another version
    assert alice.get(f"{READS}/cells?dataCollectionId={second}").json == {"unit_cells": [CELL]}


def test_a_run_without_images_has_the_numbers_of_its_files(run_ids, process, writer, alice):
    first, second, _ = run_ids
    process(first, "ssx_stats.json", STATS)
    process(first, "ssx_cells.json", {"unit_cells": [CELL, [62.5, *CELL[1:]]]})
    url = f"{API}/ssx/runs/{first}"
    shown = alice.get(f"{url}/statistics").json
    expected = {"source": "file", "images": COLLECTION["numberOfImages"], "hits": 41210}
    expected |= {"indexed": 30544, "estimatedResolution": 1.92, "medianCell": None}
    expected |= {"hitRate": 41210 / COLLECTION["numberOfImages"], "indexRate": 30544 / 41210}
    assert {name: shown[name] for name in expected} == expected
    columns = ("cell_a", "cell_b", "cell_c", "cell_alpha", "cell_beta", "cell_gamma")
    row = {name: [value] for name, value in zip(columns, CELL)} | {"imageNumber": [1]}
    assert writer.put(f"{API}/ssx/runs/{second}/images", json=row).status_code == 200
    both = alice.get(f"{API}/ssx/cells/histogram?dataCollectionId__in={first},{second}").json
    assert (both["cell_a"]["median"], both["cell_a"]["kept"]) == (61.9, 3)
    assert writer.put(f"{url}/images", json=row).status_code == 200
    assert alice.get(f"{url}/statistics").json["source"] == "images"
