"""Tables of visible results, the best of them, and the states of processing."""

import csv
import io

import pytest

from services.core.models import AutoProcIntegration, AutoProcScaling
from shared.models import (
    AutoProcProgram,
    BLSample,
    DataCollectionGroup,
    ProcessingJob,
    ProcessingJobImageSweep,
    ProcessingPipeline,
)
from tests.core.processing_rows import PIPELINE, RESULTS, SHELLS, URL, collect, document

STAFF = ("staff", None, "all_sessions", "industry_read")
TABLE, BEST, STATUS = (f"{URL}/autoproc/{name}" for name in ("table", "best", "status"))


def result(name, collections, r_merge, completeness=99.0, resolution=1.5):
    """A result of a program of that name on some data collections."""
    made = document()
    made["program"] |= {"processingPrograms": name}
    made["program"].pop("pipeline")
    (scaling,) = made["autoProc"]["scalings"]
    scaling["statistics"] = [
        {
            "scalingStatisticsType": shell,
            "resolutionLimitHigh": resolution,
            "rMerge": r_merge * (number + 1),
            "completeness": completeness,
            "ccHalf": 0.5,
            "meanIOverSigI": 12.5,
        }
        for number, shell in enumerate(SHELLS)
    ]
    (integration,) = scaling["integrations"]
    scaling["integrations"] = [{**integration, "dataCollectionId": key} for key in collections]
    return made


@pytest.fixture
def results(facility, add, as_):
    """The keys of scalings by their names in the tests."""
    collect(add)
    add(
        BLSample(blSampleId=1, name="lys"),
        DataCollectionGroup(dataCollectionGroupId=99, sessionId=11, blSampleId=1),
        ProcessingPipeline(processingPipelineId=8, name="autoPROC", discipline="MX"),
        ProcessingPipeline(processingPipelineId=6, name="xia2/DIALS", discipline="MX"),
    )
    client, keys = as_(*PIPELINE, service=True), {}
    for called, made in {
        "dials": result("xia2 dials", [111], 0.0625),
        "auto": result("autoPROC", [111], 0.125, resolution=1.25),
        "poor": result("fast_dp", [111], 0.03125, completeness=40.0),
        "second": result("xia2 dials", [112], 0.25),
        "other": result("autoPROC", [211], 0.5),
        "both": result("multiplex", [112, 211], 0.015625),
    }.items():
        answer = client.post(RESULTS, json=made)
        assert answer.status_code == 201, answer.json
        (scaling,) = answer.json["autoProc"]["scalings"]
        keys[called] = scaling["autoProcScalingId"]
    return keys


def names_of(response, results):
    assert response.status_code == 200, response.json
    names = {key: name for name, key in results.items()}
    return {names[row["autoProcScalingId"]] for row in response.json["results"]}


@pytest.mark.parametrize(
    "caller, seen",
    [
        (("alice", 1), {"dials", "auto", "poor", "second"}),
        (("carol", 3), {"other"}),
        (("dave", 4), set()),
        (STAFF, {"dials", "auto", "poor", "second", "other", "both"}),
    ],
)
def test_the_table_has_what_is_seen_whole(as_, results, caller, seen):
    answer = as_(*caller).get(TABLE)
    assert names_of(answer, results) == seen
    assert answer.json["total"] == len(seen)


def test_symmetries_and_cells(as_, results):
    alice = as_("alice", 1)
    answer = alice.get(f"{URL}/autoproc?spaceGroup=P 43 21 2&limit=2").json
    assert (answer["total"], len(answer["results"])) == (4, 2)
    row = answer["results"][0]
    assert row["AutoProcProgram"]["processingPrograms"] == "xia2 dials"
    url = f"{URL}/autoproc/{row['autoProcId']}"
    assert alice.get(url).json == row and as_("carol", 3).get(url).status_code == 404
    assert alice.get(f"{URL}/autoproc?search=P 41").json["total"] == 0


def test_the_table_has_nothing_of_a_program_that_uses_hidden_data(as_, results, add):
    """Though the scaling itself is of visible data only."""
    alice = as_("alice", 1)
    programs = {
        row["AutoProc"]["AutoProcProgram"]["processingPrograms"]: row["AutoProc"]
        for row in alice.get(f"{TABLE}?dataCollectionId=111").json["results"]
    }
    first, second = (
        programs[name]["AutoProcProgram"]["autoProcProgramId"] for name in ("autoPROC", "fast_dp")
    )
    add(AutoProcIntegration(autoProcProgramId=first, dataCollectionId=211))
    assert names_of(alice.get(TABLE), results) == {"dials", "poor", "second"}
    add(AutoProcIntegration(autoProcProgramId=second, dataCollectionId=211))
    (best,) = alice.get(f"{BEST}?dataCollectionId=111").json["best"]
    assert best["AutoProcScaling"]["autoProcScalingId"] == results["dials"]
    assert "auto" in names_of(as_(*STAFF).get(TABLE), results)


@pytest.mark.parametrize(
    "query, seen",
    [
        ("sessionId=11", {"dials", "auto", "poor", "second", "both"}),
        ("session=mx2-1", {"other", "both"}),
        ("proposal=mx2", {"other", "both"}),
        ("dataCollectionId=111", {"dials", "auto", "poor"}),
        ("dataCollectionGroupId=21", {"other", "both"}),
        ("blSampleId=1", set()),
        ("pipeline=XIA2/dials", {"dials", "second"}),
        ("pipeline=autoproc&sessionId=11", {"auto"}),
        ("sessionId=22", set()),
    ],
)
def test_filters_of_the_table(as_, results, query, seen):
    assert names_of(as_(*STAFF).get(f"{TABLE}?{query}"), results) == seen


def test_a_row_of_the_table(as_, results):
    (row,) = as_("alice", 1).get(f"{TABLE}?pipeline=autoPROC").json["results"]
    assert (row["AutoProc"]["spaceGroup"], row["AutoProc"]["refinedCell_a"]) == (
        "P 43 21 2",
        78.25,
    )
    program = row["AutoProc"]["AutoProcProgram"]
    assert (program["processingPrograms"], program["processingStatus"]) == ("autoPROC", 1)
    assert program["ProcessingPipeline"]["name"] == "autoPROC"
    shells = {each["scalingStatisticsType"]: each for each in row["AutoProcScalingStatistics"]}
    assert [shells[shell]["rMerge"] for shell in SHELLS] == [0.125, 0.25, 0.375]
    (link,) = row["AutoProcScaling_has_Int"]
    assert link["AutoProcIntegration"]["dataCollectionId"] == 111


def test_the_table_as_csv(as_, results):
    answer = as_("alice", 1).get(f"{TABLE}?sessionId=11", headers={"Accept": "text/csv"})
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    rows = {row["program"]: row for row in csv.DictReader(io.StringIO(answer.text))}
    assert len(rows) == 3  # two are called the same
    line = rows["autoPROC"]
    assert (line["spaceGroup"], line["refinedCell_a"], line["pipeline"]) == (
        *("P 43 21 2", "78.25", "autoPROC"),
    )
    assert (line["dataCollectionIds"], line["overall_completeness"]) == ("111", "99.0")
    assert (line["innerShell_rMerge"], line["outerShell_ccHalf"]) == ("0.25", "0.5")
    few = as_("alice", 1).get(f"{TABLE}?format=csv&limit=1&fields=AutoProc.spaceGroup")
    assert few.text == "AutoProc.spaceGroup\r\nP 43 21 2\r\n"


def test_the_table_as_csv_is_all_of_it(as_, results, add):
    """It is longer than a page of 25."""
    add(*(AutoProcScaling(autoProcScalingId=1000 + n) for n in range(30)))
    staff = as_(*STAFF)

    def lines(query=""):
        answer = staff.get(f"{TABLE}{query}", headers={"Accept": "text/csv"})
        assert answer.status_code == 200, answer.json
        return len(answer.text.splitlines()) - 1

    assert lines() == 36 == staff.get(TABLE).json["total"]
    assert (lines("?limit=3"), lines("?limit=10&skip=30")) == (3, 6)


def test_what_failed_and_what_is_no_value_is_not_the_best(as_, results):
    """Programs write 0 for unknown values."""
    zocalo, failed = as_(*PIPELINE, service=True), result("broken", [111], 0.001)
    failed["program"]["processingStatus"] = "failure"
    for made in (failed, result("zero", [111], 0.0)):
        assert zocalo.post(RESULTS, json=made).status_code == 201
    (best,) = as_("alice", 1).get(f"{BEST}?dataCollectionId=111").json["best"]
    assert best["AutoProcScaling"]["autoProcScalingId"] == results["poor"]


@pytest.mark.parametrize(
    "query, expected",
    [
        ("sessionId=11", {111: "poor", 112: "second"}),
        ("sessionId=11&minCompleteness=90", {111: "dials", 112: "second"}),
        ("sessionId=11&criterion=resolutionLimitHigh", {111: "auto", 112: "second"}),
        ("sessionId=11&criterion=completeness", {111: "auto", 112: "second"}),
        ("sessionId=11&pipeline=xia2/dials", {111: "dials", 112: "second"}),
        ("sessionId=11&of=session", {11: "poor"}),
        ("proposal=mx1&of=session&minCompleteness=90", {11: "dials"}),
        ("sessionId=11&of=sample", {}),
        ("dataCollectionId=111&criterion=ccHalf&shell=innerShell", {111: "poor"}),
        ("sessionId=21", {}),
    ],
)
def test_the_best(as_, results, query, expected):
    answer = as_("alice", 1).get(f"{BEST}?{query}")
    assert answer.status_code == 200, answer.json
    names = {key: name for name, key in results.items()}
    owners = ("dataCollectionId", "blSampleId", "sessionId")
    best = {
        next(each[name] for name in owners if name in each): names[
            each["AutoProcScaling"]["autoProcScalingId"]
        ]
        for each in answer.json["best"]
    }
    assert best == expected


@pytest.mark.parametrize(
    "query, expected",
    [
        ("sessionId=11", {111: 0.03125, 112: 0.015625}),
        ("proposal=mx1", {111: 0.03125, 112: 0.015625}),
        ("dataCollectionId=112", {112: 0.015625}),
        ("sessionId=21&dataCollectionId=112", {}),
    ],
)
def test_the_best_is_of_the_collections_that_are_asked_for(as_, results, query, expected):
    """A scaling of several collections is not shown for the others of them."""
    answer = as_(*STAFF).get(f"{BEST}?{query}").json
    assert {each["dataCollectionId"]: each["value"] for each in answer["best"]} == expected


def test_the_best_of_a_sample(as_, results, add, engine):
    table = DataCollectionGroup.__table__
    with engine.begin() as connection:
        of = table.update().where(table.c.dataCollectionGroupId == 11)
        connection.execute(of.values(blSampleId=1))
    (best,) = as_("alice", 1).get(f"{BEST}?blSampleId=1&of=sample").json["best"]
    assert (best["blSampleId"], best["value"]) == (1, 0.03125)
    assert best["AutoProcScaling"]["autoProcScalingId"] == results["poor"]


@pytest.mark.parametrize(
    "url, name",
    [
        (BEST, "sessionId"),
        (f"{BEST}?sessionId=11&criterion=luck", "criterion"),
        (f"{BEST}?session=11&sessionId=21", "sessionId"),
        (f"{TABLE}?colour=red", "colour"),
        (STATUS, "dataCollectionIds"),
        (f"{STATUS}?dataCollectionIds=1,x", "dataCollectionIds"),
    ],
)
def test_what_is_not_known_is_refused(as_, results, url, name):
    answer = as_(*STAFF).get(url)
    assert (answer.status_code, [*answer.json["errors"]]) == (422, [name])


def test_the_state_of_a_job_on_several_collections_is_that_of_each(as_, results, add):
    """Those of its job, its sweeps and the integrations of its program, if all are visible."""
    add(
        ProcessingJob(processingJobId=500, dataCollectionId=111, recipe="multi"),
        ProcessingJobImageSweep(processingJobId=500, dataCollectionId=111),
        ProcessingJobImageSweep(processingJobId=500, dataCollectionId=112),
        ProcessingJob(processingJobId=600, dataCollectionId=211, recipe="elsewhere"),
        AutoProcProgram(autoProcProgramId=601, processingJobId=600, processingStatus=1),
        AutoProcIntegration(autoProcProgramId=601, dataCollectionId=112),
    )

    def of(caller, job):
        answer = as_(*caller).get(f"{STATUS}?dataCollectionIds=111,112,211").json
        return [
            (each["dataCollectionId"], run["status"])
            for each in answer["statuses"]
            for run in each["runs"]
            if run["processingJobId"] == job
        ]

    assert of(("alice", 1), 500) == [(111, "Submitted"), (112, "Submitted")]
    assert of(STAFF, 600) == [(112, "Success"), (211, "Success")]
    assert of(("alice", 1), 600) == [], "its main data collection is hidden from her"


def test_the_state_of_many_collections(as_, results, add):
    add(ProcessingJob(processingJobId=500, dataCollectionId=112, recipe="again"))
    answer = as_("alice", 1).get(f"{STATUS}?dataCollectionIds=112,111,211,999")
    assert answer.status_code == 200, answer.json
    words = {
        each["dataCollectionId"]: sorted((run["name"], run["status"]) for run in each["runs"])
        for each in answer.json["statuses"]
    }
    assert words == {
        111: [("autoPROC", "Success"), ("fast_dp", "Success"), ("xia2 dials", "Success")],
        112: [("again", "Submitted"), ("xia2 dials", "Success")],
    }


@pytest.mark.parametrize(
    "query, expected",
    [
        ("session=mx1-1", [111, 112]),
        ("sessionId=11&dataCollectionIds=112,211", [112]),
        ("dataCollectionGroupId=11", [111, 112]),
        ("dataCollectionGroupId=21", []),
        (f"dataCollectionIds={','.join(map(str, range(10**9, 10**9 + 500)))}", []),
    ],
)
def test_whose_state_is_asked(as_, results, query, expected):
    answer = as_("alice", 1).get(f"{STATUS}?{query}").json["statuses"]
    assert [each["dataCollectionId"] for each in answer] == expected
    assert all(each["runs"] for each in answer)
    assert as_("alice", 1).get(f"{STATUS}?session=mx2-1").status_code == 404
