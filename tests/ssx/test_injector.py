"""Injector tasks of MAX IV, by the mapping that docs/reference/ssx-injector.md describes."""

import json
import re

import pytest

from tests.conftest import ROOT
from tests.ssx.conftest import API

PAGE = (ROOT / "docs/reference/ssx-injector.md").read_text()
BLOCKS = dict(re.findall(r"^```(json|python)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
TASK = json.loads(BLOCKS["json"])
COLUMNS = {"startTime": "2026-11-20T10:01:00", "dataCollectionNumber": 3, "detectorId": 5}
USER = "user_collection_parameters"


@pytest.fixture
def send(writer):
    """``send(task)`` stores the run of a task, and returns it."""
    names: dict = {}
    exec(BLOCKS["python"], names)  # the page is ours

    def post(task, *period):
        run = names["build_run"](task, "mx1-1", "/data/mx1", COLUMNS, *period)
        answer = writer.post(f"{API}/ssx/runs", json=run)
        assert answer.status_code == 201, answer.json
        assert writer.post(f"{API}/ssx/runs", json=run).json == answer.json
        return answer.json

    return post


def test_a_triggered_task_is_a_run(send):
    run = send(TASK, 0.1)
    assert run["experimentName"] == "pump-probe"
    collection = run["DataCollection"]
    stored = {
        **{"imageDirectory": "/data/mx1/BR/BR-br_b4/", "imagePrefix": "BR-br_b4"},
        **{"numberOfImages": 20000, "startImageNumber": 1, "numberOfPasses": 1, "detectorId": 5},
        **{"exposureTime": 0.0001, "wavelength": 12.39841984 / 12.4, "resolution": 1.8},
        **{"transmission": 100.0, "dataCollectionNumber": 3},
    }
    assert {name: collection[name] for name in stored} == pytest.approx(stored)
    group = collection["DataCollectionGroup"]
    assert (group["experimentType"], group["comments"]) == (
        "SSX-Jet",
        "SSX Injector Time Resolved",
    )
    sample, crystal = group["BLSample"], group["BLSample"]["Crystal"]
    assert (sample["name"], crystal["Protein"]["acronym"]) == ("br_b4", "BR")
    assert (crystal["spaceGroup"], crystal["cell_c"], crystal["cell_gamma"]) == ("P63", 110.2, 120)
    (chain,) = run["EventChain"]
    events = [
        (each["EventType"]["name"], each["offset"], each["duration"], each["repetition"])
        for each in chain["Event"]
    ]
    assert events == [
        ("XrayDetection", 0.0, pytest.approx(0.0001), 1000.0),
        ("LaserExcitation", pytest.approx(0.0005), pytest.approx(0.00001), 1000.0),
    ]
    assert chain["_metadata"]["pumpProbeDelay"] == pytest.approx(-0.0005)


def test_older_and_newer_tasks(send):
    plain = {"exp_time": 0.01, "num_images": 1000, "energy": 12.4, "resolution": 2.0, "cellA": 0}
    common = TASK["common_parameters"] | {"type": "ssx_injector"}
    path = TASK["path_parameters"] | {"prefix": "LYS", "subdir": "x", "experiment_name": None}
    run = send(TASK | {USER: plain, "common_parameters": common, "path_parameters": path})
    assert (run["experimentName"], run["EventChain"][0]["name"]) == (
        common["label"],
        "ssx_injector",
    )
    assert [each["period"] for each in run["EventChain"][0]["Event"]] == [None]
    assert run["DataCollection"]["resolution"] == 2.0
    group = run["DataCollection"]["DataCollectionGroup"]
    assert group["BLSample"]["name"] == group["BLSample"]["Crystal"]["Protein"]["acronym"] == "LYS"
    newer = {"exp_time": 0.0001, "images_per_trigger": 20, "total_images": 10000}
    run = send(TASK | {USER: newer}, 0.1)
    assert run["DataCollection"]["numberOfImages"] == 10000
    assert run["EventChain"][0]["Event"][0]["repetition"] == 500


def test_the_page_names_each_key():
    table = PAGE.split("## The mapping")[1].split("## As a function")[0]
    keys = {key for part in TASK.values() for key in part}
    assert {key for key in keys if f"`{key}`" not in table and not key.startswith("cell")} == set()
