"""Merged results: one table with the runs that each result merges."""

import pytest

from services.ssx.models import Event, EventChain, SSXDataCollection
from shared.models import (
    AutoProc,
    AutoProcIntegration,
    AutoProcProgram,
    AutoProcScaling,
    AutoProcScalingHasInt,
    AutoProcScalingStatistics,
    DataCollection,
    DataCollectionGroup,
    ProcessingJob,
)
from tests.matrix import Route, signed_in
from tests.ssx.conftest import API

URL = f"{API}/ssx/merged_results"
ROUTES = [
    Route(
        "get /ssx/merged_results",
        signed_in(),
        query={"dataCollectionIds": "1,2,3,4,5,6,7,8"},
    )
]


@pytest.fixture
def series(add, facility):
    """Runs 1 to 3 of mx1-1 with pumps 0, 1 and 2 ms before the probe, 4 of mx2-1; collection 5.

    Result 1 merges runs 1 and 2, result 2 run 3, result 3 runs 3 and 4, result 4 is of rotation.
    """
    for key in (1, 2):
        add(DataCollectionGroup(dataCollectionGroupId=key, sessionId=key))
    for key in range(1, 6):
        group = 2 if key == 4 else 1
        add(
            DataCollection(
                dataCollectionId=key, dataCollectionGroupId=group, totalAbsorbedDose=key / 10
            ),
            ProcessingJob(processingJobId=key, dataCollectionId=key),
        )
    for key in range(1, 5):
        add(
            SSXDataCollection(dataCollectionId=key, experimentName=f"{key} ms"),
            EventChain(eventChainId=key, dataCollectionId=key),
            Event(eventChainId=key, eventTypeId=3, offset=0),
            Event(eventChainId=key, eventTypeId=1, offset=(key - 1) / 1000),
        )
    for key, merged in {1: (1, 2), 2: (3,), 3: (3, 4), 4: (5,)}.items():
        add(
            AutoProcProgram(
                autoProcProgramId=key, processingJobId=merged[0], processingPrograms="xia2.ssx"
            ),
            AutoProc(autoProcId=key, autoProcProgramId=key, spaceGroup="P 21 21 21"),
            AutoProcScaling(autoProcScalingId=key, autoProcId=key),
            AutoProcScalingStatistics(autoProcScalingId=key, ccHalf=0.9 + key / 100),
        )
        for run in merged:
            link = AutoProcIntegration(dataCollectionId=run, autoProcProgramId=key)
            add(link)
            add(
                AutoProcScalingHasInt(
                    autoProcScalingId=key, autoProcIntegrationId=link.autoProcIntegrationId
                )
            )


def table(client, query):
    """The runs that each result merges, by the key of the result."""
    answer = client.get(f"{URL}?{query}")
    assert answer.status_code == 200, answer.json
    return {
        row["autoProcScalingId"]: [run["dataCollectionId"] for run in row["SSXDataCollection"]]
        for row in answer.json["results"]
    }


def test_the_table_of_a_series(alice, series):
    row = alice.get(f"{URL}?session=mx1-1&sort=autoProcScalingId").json["results"][0]
    assert row["AutoProc"]["AutoProcProgram"]["processingPrograms"] == "xia2.ssx"
    assert [shell["ccHalf"] for shell in row["AutoProcScalingStatistics"]] == [pytest.approx(0.91)]
    runs = row["SSXDataCollection"]
    assert [run["experimentName"] for run in runs] == ["1 ms", "2 ms"]
    delays = [run["EventChain"][0]["_metadata"]["pumpProbeDelay"] for run in runs]
    assert delays == [0, pytest.approx(0.001)]
    doses = [run["DataCollection"]["totalAbsorbedDose"] for run in runs]
    assert doses == [pytest.approx(0.1), pytest.approx(0.2)]


def test_a_caller_sees_results_of_visible_runs_only(as_, alice, bob, series):
    staff = as_("staff", None, "all_sessions")
    assert table(staff, "session=1") == {1: [1, 2], 2: [3], 3: [3, 4]}
    assert table(staff, "dataCollectionIds=3,4") == {2: [3], 3: [3, 4]}
    assert table(staff, "dataCollectionGroupId=2") == {3: [3, 4]}
    assert table(staff, "dataCollectionIds=5") == {}
    assert table(alice, "session=mx1-1") == {1: [1, 2], 2: [3]}
    assert table(alice, "dataCollectionIds=1,4") == {1: [1, 2]}
    assert table(bob, "dataCollectionIds=4") == {}
    assert bob.get(f"{URL}?session=mx1-1").status_code == 404


def test_a_selection_is_needed(alice, series):
    answer = alice.get(URL)
    assert (answer.status_code, [*answer.json["errors"]]) == (422, ["session"])


def test_fields(alice, series):
    rows = alice.get(f"{URL}?dataCollectionIds=3&fields=autoProcScalingId").json["results"]
    assert rows == [{"autoProcScalingId": 2}]
    rows = alice.get(f"{URL}?dataCollectionIds=3&fields=SSXDataCollection").json["results"]
    assert [[run["experimentName"] for run in row["SSXDataCollection"]] for row in rows] == [
        ["3 ms"]
    ]


def test_the_table_takes_a_constant_number_of_statements(alice, series, statements):
    def measure(query):
        with statements() as made:
            table(alice, query)
        return len(made)

    few = measure("dataCollectionIds=1&limit=1")
    assert measure("dataCollectionIds=1,2,3") <= few


def test_the_result_of_several_runs_comes_by_core(alice, core, series):
    pipeline = core("pipeline", None, "processing_write", "all_sessions", service=True)
    shells = [
        {"scalingStatisticsType": shell, "ccHalf": 0.98}
        for shell in ("overall", "innerShell", "outerShell")
    ]
    document = {
        "program": {"processingPrograms": "CrystFEL", "processingStatus": "success"},
        "autoProc": {
            "spaceGroup": "P 21 21 21",
            "scalings": [
                {
                    "statistics": shells,
                    "integrations": [{"dataCollectionId": key} for key in (1, 2, 3)],
                }
            ],
        },
    }
    answer = pipeline.post(f"{API}/autoproc/results", json=document)
    assert answer.status_code == 201, answer.text
    rows = alice.get(f"{URL}?dataCollectionIds=2&limit=1").json["results"]
    assert [run["dataCollectionId"] for run in rows[0]["SSXDataCollection"]] == [1, 2, 3]
    assert rows[0]["AutoProcScalingStatistics"][0]["ccHalf"] == pytest.approx(0.98)
