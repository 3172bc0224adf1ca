"""Jobs: created by pipelines, and by people on all data that they see."""

import pytest

from shared.models import (
    AutoProcProgram,
    DataCollection,
    ProcessingJob,
    ProcessingJobImageSweep,
    ProcessingJobParameter,
)
from tests.core.processing_rows import JOBS, PIPELINE, collect


@pytest.fixture
def data(facility, add):
    collect(add)


def sweeps(result):
    names = ("dataCollectionId", "startImage", "endImage")
    return [tuple(sweep[name] for name in names) for sweep in result["sweeps"]]


def test_a_person_asks_for_reprocessing(as_, data, count):
    body = {
        "dataCollectionId": 111,
        "displayName": "xia2 in P1",
        "recipe": "postprocessing-xia2-dials",
        "comments": "c" * 256,
        "automatic": False,
        "parameters": [
            {"parameterKey": "spacegroup", "parameterValue": "P1"},
            {"parameterKey": "d_min"},
            {"parameterKey": "spacegroup", "parameterValue": "P2"},
        ],
        "sweeps": [
            {"dataCollectionId": 111, "startImage": 1, "endImage": 50},
            {"dataCollectionId": 112},
        ],
    }
    alice = as_("alice", 1)
    made = alice.post(JOBS, json=body)
    assert made.status_code == 201
    answer = made.json
    assert answer["warnings"] == ["comments: cut to 255 characters"]
    assert [each["parameterKey"] for each in answer["parameters"]] == ["spacegroup", "d_min"] + [
        "spacegroup"
    ], "keys may repeat"
    assert sweeps(answer) == [(111, 1, 50), (112, 1, 100)]
    assert answer["automatic"] is False and answer["programs"] == []
    assert answer["recordTimestamp"]
    current = alice.get(f"{JOBS}/{answer['processingJobId']}").json
    assert current == {name: value for name, value in answer.items() if name != "warnings"}
    assert count(ProcessingJobParameter) == 3


def test_without_sweeps_the_whole_collection_is_meant(as_, data):
    assert sweeps(as_("alice", 1).post(JOBS, json={"dataCollectionId": 112}).json) == [
        (112, 1, 100)
    ]


def test_a_collection_without_images_gets_no_sweep(as_, data, add):
    add(DataCollection(dataCollectionId=119, dataCollectionGroupId=11))
    made = as_("alice", 1).post(JOBS, json={"dataCollectionId": 119})
    assert made.status_code == 201 and made.json["sweeps"] == []


def test_the_first_sweep_is_the_main_collection(as_, data):
    body = {"sweeps": [{"dataCollectionId": 112}, {"dataCollectionId": 111}]}
    made = as_("alice", 1).post(JOBS, json=body).json
    assert made["dataCollectionId"] == 112 and [s[0] for s in sweeps(made)] == [112, 111]


@pytest.mark.parametrize(
    "body, field",
    [
        ({}, "dataCollectionId"),
        ({"dataCollectionId": 111, "displayName": "d" * 81}, "displayName"),
        ({"dataCollectionId": 111, "recipe": "r" * 51}, "recipe"),
        ({"dataCollectionId": 111, "parameters": [{"parameterKey": "k" * 81}]}, "parameters"),
        (
            {"dataCollectionId": 111}
            | {"parameters": [{"parameterKey": "k", "parameterValue": "v" * 1025}]},
            "parameters",
        ),
        ({"sweeps": [{"dataCollectionId": 111, "startImage": 9, "endImage": 8}]}, "sweeps"),
        ({"sweeps": [{"dataCollectionId": 111, "endImage": 16_777_216}]}, "sweeps"),
        ({"sweeps": [{"startImage": 1}]}, "sweeps"),
        ({"sweeps": [{"dataCollectionId": 111, "startImage": 101}]}, "sweeps"),  # of 100
        ({"sweeps": [{"dataCollectionId": 111, "endImage": 0}]}, "sweeps"),
        ({"dataCollectionId": 119}, "sweeps"),  # whose images have greater numbers than fit
        ({"dataCollectionId": 111, "unknown": 1}, "unknown"),
    ],
)
def test_limits(as_, data, add, count, body, field):
    add(DataCollection(dataCollectionId=119, dataCollectionGroupId=11, numberOfImages=2**24))
    answer = as_("alice", 1).post(JOBS, json=body)
    assert answer.status_code == 422 and answer.json["errors"].keys() == {field}
    assert count(ProcessingJob) == 0


def test_all_collections_must_be_visible(as_, data, same, count):
    alice = as_("alice", 1)
    hidden = {"sweeps": [{"dataCollectionId": 111}, {"dataCollectionId": 211}]}
    absent = {"sweeps": [{"dataCollectionId": 111}, {"dataCollectionId": 999}]}
    same(alice.post(JOBS, json=hidden), alice.post(JOBS, json=absent))
    assert alice.post(JOBS, json={"dataCollectionId": 211}).status_code == 424
    assert count(ProcessingJob) == count(ProcessingJobImageSweep) == 0
    assert as_("i03", None, service=True).post(JOBS, json=hidden).status_code == 403
    assert as_(*PIPELINE, service=True).post(JOBS, json=hidden).status_code == 201


def test_who_sees_which_job(as_, data, add):
    add(*(ProcessingJob(processingJobId=n, dataCollectionId=c) for n, c in ((1, 111), (2, 211))))
    add(ProcessingJob(processingJobId=3, dataCollectionId=111))
    add(ProcessingJob(processingJobId=4), ProcessingJob(processingJobId=5))
    add(
        ProcessingJobImageSweep(processingJobId=3, dataCollectionId=221),
        ProcessingJobImageSweep(processingJobId=4, dataCollectionId=112),
        AutoProcProgram(autoProcProgramId=7, processingJobId=1, processingStatus=1),
    )
    for caller, expected in (
        (as_("alice", 1), [4, 1]),
        (as_("carol", 3), [2]),
        (as_("dave", 4), []),
        (as_("staff", 5, "mx_admin"), [4, 3, 1]),
        (as_("erin", 5), []),
        (as_("overseer", 5, "all_proposals", "industry_read"), [5, 4, 3, 2, 1]),
    ):
        assert [row["processingJobId"] for row in caller.get(JOBS).json["results"]] == expected
        for n in range(1, 6):
            assert caller.get(f"{JOBS}/{n}").status_code == (200 if n in expected else 404)
    overseer = as_("overseer", 5, "all_proposals")
    for query, expected in (
        ("dataCollectionId=221", [3]),
        ("dataCollectionId=111", [3, 1]),
        ("sessionId=21", [2]),
        ("dataCollectionId=999", []),
    ):
        answer = overseer.get(f"{JOBS}?{query}").json["results"]
        assert [row["processingJobId"] for row in answer] == expected
    assert overseer.get(f"{JOBS}/1").json["programs"][0]["processingStatus"] == 1
