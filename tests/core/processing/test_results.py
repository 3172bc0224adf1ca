"""Results of processing: one transaction each, one row for repeats, visibility of the data."""

import pytest

from services.core.models import (
    AutoProc,
    AutoProcIntegration,
    AutoProcScalingHasInt,
    AutoProcScalingStatistics,
    PhasingProgramRun,
    Screening,
)
from shared.inserts import MOST_VALUES
from shared.models import (
    AutoProcProgram,
    AutoProcProgramAttachment,
    AutoProcProgramMessage,
    ProcessingJob,
    ProcessingPipeline,
)
from tests.core.processing_rows import (
    PIPELINE,
    PROGRAMS,
    RESULTS,
    SHELLS,
    at_once,
    collect,
    document,
)


@pytest.fixture
def data(facility, add):
    collect(add)
    add(ProcessingPipeline(processingPipelineId=8, name="autoPROC", discipline="MX"))


@pytest.fixture
def zocalo(as_, data):
    return as_(*PIPELINE, service=True)


def stored(response, status=201):
    assert response.status_code == status, response.json
    return response.json


def without_keys(tree):
    """A tree without the keys and times that the database gives."""
    if isinstance(tree, list):
        return [without_keys(each) for each in tree]
    if isinstance(tree, dict):
        return {
            name: without_keys(value)
            for name, value in tree.items()
            if not (name.endswith("Id") and name != "dataCollectionId")
            and not name.startswith("recordTime")
        }
    return tree


def test_a_document_is_stored_and_shown_whole(zocalo, count):
    sent = document()
    made = stored(zocalo.post(RESULTS, json=sent))
    assert made["program"]["processingStatus"] == 1
    assert made["program"]["ProcessingPipeline"] == {"processingPipelineId": 8, "name": "autoPROC"}
    assert made["dataCollectionId"] == 111 and made["warnings"] == []
    assert [file["fileType"] for file in made["attachments"]] == ["Result", "Log"]
    assert made["messages"][0]["severity"] == "WARNING"
    (scaling,) = made["autoProc"]["scalings"]
    assert {each["scalingStatisticsType"] for each in scaling["statistics"]} == {*SHELLS}
    sent_scaling = sent["autoProc"].pop("scalings")[0]
    assert sent["autoProc"].items() <= made["autoProc"].items()
    assert sent_scaling["integrations"][0].items() <= scaling["integrations"][0].items()
    assert scaling["integrations"][0]["anomalous"] is False
    program_id = made["program"]["autoProcProgramId"]
    assert stored(zocalo.get(f"{RESULTS}/{program_id}"), 200) == made
    assert count(AutoProcScalingStatistics) == 3


def test_a_repeat_by_natural_key_replaces_and_keeps_keys(zocalo, count):
    first = stored(zocalo.post(RESULTS, json=document()))
    again = stored(zocalo.post(RESULTS, json=document()), 200)
    assert without_keys(again) == without_keys(first)
    files = [
        {"fileType": "Result", "fileName": "a.mtz", "filePath": "/data/p", "importanceRank": 2},
        {"fileType": "Graph", "fileName": "b.png", "filePath": "/data/p"},
    ]
    again = document(attachments=files, messages=[])
    again["autoProc"]["spaceGroup"] = "P 41 21 2"
    second = stored(zocalo.post(RESULTS, json=again), 200)
    assert second["program"]["autoProcProgramId"] == first["program"]["autoProcProgramId"]
    key = "autoProcProgramAttachmentId"
    assert second["attachments"][0][key] == first["attachments"][0][key]
    assert second["attachments"][0]["importanceRank"] == 2
    assert [file["fileName"] for file in second["attachments"]] == ["a.mtz", "b.png"]
    assert second["messages"] == []
    assert second["autoProc"]["spaceGroup"] == "P 41 21 2"
    assert second["autoProc"]["autoProcId"] == first["autoProc"]["autoProcId"]
    for model, number in (
        (AutoProcProgram, 1),
        (AutoProc, 1),
        (AutoProcIntegration, 1),
        (AutoProcScalingStatistics, 3),
        (AutoProcProgramAttachment, 2),
        (AutoProcProgramMessage, 0),
    ):
        assert count(model) == number


@pytest.mark.parametrize(
    "change",
    [{"processingStartTime": "2024-05-11T14:10:01"}, {"processingPrograms": "xia2 dials"}],
)
def test_another_start_or_name_is_another_program(zocalo, count, change):
    stored(zocalo.post(RESULTS, json=document()))
    other = document()
    other["program"] |= change
    stored(zocalo.post(RESULTS, json=other))
    assert count(AutoProcProgram) == 2


def test_a_replay_with_its_idempotency_key_changes_nothing(zocalo, count):
    headers = {"Idempotency-Key": "one"}
    body = document()
    del body["program"]["processingStartTime"]
    first = zocalo.post(RESULTS, json=body, headers=headers)
    again = zocalo.post(RESULTS, json=body, headers=headers)
    assert again.get_data() == first.get_data() and again.status_code == 201
    assert count(AutoProcProgram) == 1


def test_a_program_that_was_registered_gets_its_result(zocalo, count):
    made = zocalo.post(PROGRAMS, json={"processingPrograms": "x", "dataCollectionId": 111}).json
    body = document()
    body["program"] = {"autoProcProgramId": made["autoProcProgramId"]}
    done = stored(zocalo.post(RESULTS, json=body), 200)
    assert done["program"]["processingPrograms"] == "x"
    assert done["program"]["processingStatus"] == 1
    assert done["program"]["processingEndTime"] is not None
    assert count(AutoProcIntegration) == 1, "the one that was prepared is used"


def test_many_files_are_shown_in_their_order_with_their_keys(zocalo):
    """They are more values than one INSERT takes."""
    names = [f"{number}.log" for number in range(MOST_VALUES // 6)]
    files = [{"fileType": "log", "fileName": name, "filePath": "/d"} for name in names]
    made = stored(zocalo.post(RESULTS, json=document(attachments=files)))
    assert [file["fileName"] for file in made["attachments"]] == names
    assert stored(zocalo.get(f"{RESULTS}/{made['program']['autoProcProgramId']}"), 200) == made


def test_put_replaces(zocalo):
    made = stored(zocalo.post(RESULTS, json=document()))
    url = f"{RESULTS}/{made['program']['autoProcProgramId']}"
    body = document(autoProc=None, messages=[], attachments=[])
    answer = stored(zocalo.put(url, json=body), 200)
    assert (answer["autoProc"], answer["messages"], answer["attachments"]) == (None, [], [])
    assert answer["dataCollectionId"] == 111, "it can still be found"
    other = {**body, "program": {"autoProcProgramId": 999}}
    assert zocalo.put(url, json=other).status_code == 422
    assert zocalo.put(f"{RESULTS}/999", json=body).status_code == 404


def test_a_failed_program_has_no_result(zocalo):
    body = document(autoProc=None, dataCollectionId=112)
    body["program"]["processingStatus"] = "failure"
    made = stored(zocalo.post(RESULTS, json=body))
    assert made["program"]["processingStatus"] == 0
    assert made["autoProc"] is None and len(made["attachments"]) == 2
    assert made["dataCollectionId"] == 112
    again = stored(zocalo.post(RESULTS, json=body), 200)
    assert again["program"]["autoProcProgramId"] == made["program"]["autoProcProgramId"]


def test_a_final_status_stays_unless_forced(zocalo):
    made = stored(zocalo.post(RESULTS, json=document()))
    failed = document()
    failed["program"]["processingStatus"] = "failure"
    answer = zocalo.post(RESULTS, json=failed)
    assert answer.status_code == 409 and "success" in answer.json["detail"]
    forced = stored(zocalo.post(f"{RESULTS}?force=true", json=failed), 200)
    assert forced["program"]["processingStatus"] == 0
    assert forced["program"]["autoProcProgramId"] == made["program"]["autoProcProgramId"]


@pytest.mark.parametrize(
    "query, expected", [("", 1), ("?processingStatus=0", 0), ("?processingStatus=1", 1)]
)
def test_no_status_is_that_of_the_caller_else_success_with_a_result(zocalo, query, expected):
    body = document()
    del body["program"]["processingStatus"]
    made = stored(zocalo.post(RESULTS + query, json=body))
    assert made["program"]["processingStatus"] == expected


def test_free_text_is_cut_and_paths_are_refused(zocalo, count):
    body = document()
    body["program"]["processingEnvironment"] = "line\n" * 100
    body["messages"] = [{"severity": "INFO", "message": "m" * 201}]
    made = stored(zocalo.post(RESULTS, json=body))
    assert made["warnings"] == [
        "program.processingEnvironment: cut to 255 characters",
        "messages.0.message: cut to 200 characters",
    ]
    assert made["program"]["processingEnvironment"] == ("line\n" * 100)[:255]
    assert made["messages"][0]["message"] == "m" * 200
    body["attachments"][0]["filePath"] = "/" + "p" * 255
    answer = zocalo.post(RESULTS, json=body)
    assert answer.status_code == 422
    assert "filePath" in answer.json["errors"]["attachments"]["0"]
    assert count(AutoProcProgram) == 1


def test_fewer_than_three_shells_are_refused(zocalo, count):
    for change in (lambda shells: shells[:2], lambda shells: [*shells[:2], shells[0]]):
        body = document()
        scaling = body["autoProc"]["scalings"][0]
        scaling["statistics"] = change(scaling["statistics"])
        answer = zocalo.post(RESULTS, json=body)
        assert answer.status_code == 422
        assert "statistics" in answer.json["errors"]["autoProc"]["scalings"]["0"]
    assert count(AutoProcProgram) == 0


def test_the_caller_must_see_every_collection(as_, zocalo, same, count):
    body = document()
    integrations = body["autoProc"]["scalings"][0]["integrations"]
    integrations.append({**integrations[0], "dataCollectionId": 211})
    i03 = as_("i03", None, "processing_write", service=True, beamlines=["i03"])
    hidden = i03.post(RESULTS, json=body)
    assert hidden.status_code == 424
    integrations[1]["dataCollectionId"] = 999
    same(hidden, i03.post(RESULTS, json=body))
    integrations[1]["dataCollectionId"] = 221
    made = stored(i03.post(RESULTS, json=body))
    assert count(AutoProcProgram) == 1
    url = f"{RESULTS}/{made['program']['autoProcProgramId']}"
    assert as_("alice", 1).get(url).status_code == 404, "she does not see 221"
    assert as_("staff", 5, "mx_admin").get(url).status_code == 200
    body["program"]["processingJobId"] = 999
    assert i03.post(RESULTS, json=body).status_code == 424


def test_nothing_named_is_refused(zocalo):
    answer = zocalo.post(RESULTS, json={"program": {"processingPrograms": "x"}})
    assert answer.status_code == 422 and "dataCollectionId" in answer.json["errors"]


def test_a_result_of_a_job_belongs_to_its_collection(as_, zocalo, add):
    add(ProcessingJob(processingJobId=5, dataCollectionId=112))
    body = document()
    body["program"]["processingJobId"] = 5
    del body["autoProc"]["scalings"][0]["integrations"][0]["dataCollectionId"]
    made = stored(zocalo.post(RESULTS, json=body))
    assert made["autoProc"]["scalings"][0]["integrations"][0]["dataCollectionId"] == 112
    assert stored(zocalo.post(RESULTS, json=body), 200)["program"] == made["program"]
    url = f"{RESULTS}/{made['program']['autoProcProgramId']}"
    assert as_("alice", 1).get(url).status_code == 200
    assert as_("dave", 4).get(url).status_code == 404


def test_molecular_replacement_hangs_under_the_scaling(zocalo):
    parent = stored(zocalo.post(RESULTS, json=document()))
    scaling = parent["autoProc"]["scalings"][0]["autoProcScalingId"]
    blob = {"x": 0.5, "height": 7.5, "nearestAtomName": "CA", "mapType": "difference"}
    run = {"autoProcScalingId": scaling, "rFreeValueEnd": 0.25, "blobs": [blob, {"x": 0.25}]}
    program = {"processingPrograms": "dimple", "processingStartTime": "2024-05-11T15:00:00"}
    body = {"program": {**program, "processingStatus": "success"}, "mxmrRuns": [run]}
    made = stored(zocalo.post(RESULTS, json=body))
    program_id = parent["program"]["autoProcProgramId"]
    assert made["program"]["parentAutoProcProgramId"] == program_id
    assert made["dataCollectionId"] == 111
    (row,) = made["mxmrRuns"]
    assert row["rFreeValueEnd"] == 0.25 and len(row["blobs"]) == 2
    assert blob.items() <= row["blobs"][0].items()
    again = stored(zocalo.post(RESULTS, json=body), 200)
    assert without_keys(again) == without_keys(made)
    assert stored(zocalo.get(f"{RESULTS}/{program_id}"), 200)["mxmrRuns"] == []
    redelivered = stored(zocalo.post(RESULTS, json=document()), 200)
    assert redelivered["autoProc"]["scalings"][0]["autoProcScalingId"] == scaling
    body["mxmrRuns"][0]["autoProcScalingId"] = 999
    assert zocalo.post(RESULTS, json=body).status_code == 424
    del body["mxmrRuns"][0]["autoProcScalingId"]
    assert zocalo.post(RESULTS, json=body).status_code == 422


def test_what_is_read_of_a_result_is_what_its_post_answered(zocalo, engine):
    """MariaDB keeps a FLOAT in four bytes, and shows six digits of it."""
    body = document()
    (scaling,) = body["autoProc"]["scalings"]
    body["autoProc"] |= {"refinedCell_a": 78.123456789, "refinedCell_b": 1e-7}
    scaling["recordTimeStamp"] = "2024-05-11T14:24:40.75"
    scaling["statistics"][0] |= {"rMerge": 0.1 + 0.2, "completeness": 99.99995, "ccHalf": -0.05}
    scaling["statistics"][1] |= {"meanIOverSigI": 1e30, "rMerge": 1 / 3, "anomalous": True}
    scaling["integrations"][0] |= {"refinedXBeam": 1234567.891, "cell_a": 100}
    made = stored(zocalo.post(RESULTS, json=body))
    url = f"{RESULTS}/{made['program']['autoProcProgramId']}"
    assert stored(zocalo.get(url), 200) == made
    exact = engine.dialect.name == "sqlite"
    assert made["autoProc"]["refinedCell_a"] == (78.123456789 if exact else 78.1235)
    again = stored(zocalo.post(RESULTS, json=body), 200)
    assert stored(zocalo.get(url), 200) == again


@pytest.mark.parametrize("way", ["by name and start", "by key"])
def test_deliveries_at_once_are_one(zocalo, count, way):
    body, codes = document(), [200, 200, 200, 201]
    if way == "by key":
        made = zocalo.post(PROGRAMS, json={"processingPrograms": "x", "dataCollectionId": 111})
        body["program"] = {"autoProcProgramId": made.json["autoProcProgramId"]}
        codes = [200] * 4
    assert at_once(lambda: zocalo.post(RESULTS, json=body)) == codes
    kinds = (AutoProcProgram, AutoProc, AutoProcIntegration, AutoProcScalingHasInt)
    assert [count(kind) for kind in kinds] == [1, 1, 1, 1]
    assert (count(AutoProcScalingStatistics), count(AutoProcProgramAttachment)) == (3, 2)
    assert count(AutoProcProgramMessage) == 1


def test_results_of_several_programs_at_once_do_not_hinder_each_other(zocalo, count):
    bodies = []
    for number in range(8):
        made = zocalo.post(PROGRAMS, json={"processingPrograms": "x", "dataCollectionId": 111})
        bodies.append(document(program={"autoProcProgramId": made.json["autoProcProgramId"]}))
    todo = iter(bodies * 2)

    def work():
        answers = [zocalo.post(RESULTS, json=next(todo)) for _ in range(2)]
        return max(answers, key=lambda answer: answer.status_code)

    assert at_once(work, 8) == [200] * 8
    assert (count(AutoProc), count(AutoProcScalingStatistics)) == (8, 24)
    assert (count(AutoProcProgramAttachment), count(AutoProcProgramMessage)) == (16, 8)


def test_deliveries_at_once_that_are_found_by_an_image_are_one(zocalo, count):
    body = document()
    (scaling,) = body["autoProc"]["scalings"]
    del scaling["integrations"][0]["dataCollectionId"]
    picture = {"fileLocation": "/data/11", "fileName": "xtal_1_00001.cbf"}
    scaling["integrations"][0]["Image"] = picture
    codes = at_once(lambda: zocalo.post(RESULTS, json=body))
    assert codes == [200, 200, 200, 201]
    assert (count(AutoProcProgram), count(AutoProc), count(AutoProcIntegration)) == (1, 1, 1)


def test_runs_and_phasing_of_hidden_data_are_not_shown(as_, zocalo):
    """A program on data that alice sees, which used a scaling of hidden data."""
    other = document(dataCollectionId=211)
    other["autoProc"]["scalings"][0]["integrations"][0]["dataCollectionId"] = 211
    other = stored(zocalo.post(RESULTS, json=other))
    scaling = other["autoProc"]["scalings"][0]["autoProcScalingId"]
    of = {"autoProcScalingId": scaling}
    body = {
        "dataCollectionId": 111,
        "program": {"processingPrograms": "x"},
        "mxmrRuns": [{**of, "rFreeValueEnd": 0.25}],
        "phasing": {**of, "steps": [{"phasingStepType": "PHASING"}]},
        "screenings": [{"dataCollectionId": 211}, {}],
    }
    made = stored(zocalo.post(RESULTS, json=body))
    assert len(made["mxmrRuns"]) == 1 and made["phasing"] and len(made["screenings"]) == 2
    url = f"{RESULTS}/{made['program']['autoProcProgramId']}"
    assert stored(zocalo.get(url), 200) == made
    seen = stored(as_("alice", 1).get(url), 200)
    assert (seen["mxmrRuns"], seen["phasing"]) == ([], None)
    assert [each["dataCollectionId"] for each in seen["screenings"]] == [111]


def test_a_put_without_the_scaling_of_a_run_takes_both(zocalo):
    made = stored(zocalo.post(RESULTS, json=document(mxmrRuns=[{"rFreeValueEnd": 0.25}])))
    assert len(made["mxmrRuns"]) == 1
    url = f"{RESULTS}/{made['program']['autoProcProgramId']}"
    answer = stored(zocalo.put(url, json=document(autoProc=None)), 200)
    assert (answer["mxmrRuns"], answer["autoProc"]) == ([], None)


def test_screenings_come_with_the_program_that_did_them(zocalo, count):
    strategy = {"phiStart": 5.5, "wedges": [{"subWedges": [{"axisStart": 1.5}, {}]}]}
    output = {"mosaicity": 0.25, "strategies": [strategy], "lattices": [{"unitCell_a": 78.25}]}
    body = document(screenings=[{"programVersion": "EDNA", "outputs": [output]}])
    made = stored(zocalo.post(RESULTS, json=body))
    (row,) = made["screenings"]
    assert (row["dataCollectionId"], row["dataCollectionGroupId"]) == (111, 11)
    (item,) = row["outputs"]
    assert item["lattices"][0]["unitCell_a"] == 78.25
    (wedge,) = item["strategies"][0]["wedges"]
    assert [each["subWedgeNumber"] for each in wedge["subWedges"]] == [1, 2]
    url = f"{RESULTS}/{made['program']['autoProcProgramId']}"
    assert stored(zocalo.get(url), 200) == made
    stored(zocalo.post(RESULTS, json=body), 200)
    assert count(Screening) == 1
    assert len(stored(zocalo.post(RESULTS, json=document()), 200)["screenings"]) == 1
    assert stored(zocalo.post(RESULTS, json=document(screenings=[])), 200)["screenings"] == []
    answer = zocalo.post(RESULTS, json=document(screenings=[{}, {"dataCollectionId": 999}]))
    assert answer.status_code == 424
    assert [*answer.json["errors"]] == ["screenings.1.dataCollectionId"]


@pytest.fixture
def phased(zocalo):
    """``phased(**program)`` posts a phasing on the scaling of ``document``."""
    parent = stored(zocalo.post(RESULTS, json=document()))
    scaling = parent["autoProc"]["scalings"][0]["autoProcScalingId"]

    def post(status=201, **program):
        steps = [{"phasingStepType": "PHASING", "method": "SAD"}]
        phasing = {"autoProcScalingId": scaling, "steps": steps}
        body = {"program": {"processingPrograms": "fast_ep", **program}, "phasing": phasing}
        return stored(zocalo.post(RESULTS, json=body), status)

    return post


def test_a_phasing_stays_with_its_program_when_that_changes(zocalo, phased, rows):
    """The tables of phasing have the name and start of a program, and no key."""
    made = phased()
    assert made["program"]["processingStartTime"] is not None
    program_id = made["program"]["autoProcProgramId"]
    change = {"processingStatus": "success", "processingMessage": "solved"}
    assert zocalo.patch(f"{PROGRAMS}/{program_id}", json=change).status_code == 200
    change = {"processingPrograms": "fast_ep 2", "processingStartTime": "2024-05-11T15:00:00"}
    url = f"{PROGRAMS}/{program_id}?force=true"
    assert zocalo.patch(url, json=change).status_code == 200
    answer = stored(zocalo.get(f"{RESULTS}/{program_id}"), 200)
    assert answer["phasing"] == made["phasing"]
    (run,) = rows(PhasingProgramRun)
    assert (run.phasingPrograms, run.phasingStatus, run.phasingMessage) == (
        *("fast_ep 2", 1),
        "solved",
    )
    body = {"program": {"processingPrograms": "other"}, "dataCollectionId": 111}
    answer = stored(zocalo.put(f"{RESULTS}/{program_id}", json=body), 200)
    assert answer["phasing"] is None and rows(PhasingProgramRun) == []


def test_a_phasing_is_not_taken_for_that_of_another_program(zocalo, phased, add, rows):
    first = phased(processingStartTime="2024-05-11T15:00:00")
    second = phased(processingStartTime="2024-05-11T15:00:01")
    assert second["phasing"]["phasingProgramRunId"] != first["phasing"]["phasingProgramRunId"]
    parent = first["program"]["parentAutoProcProgramId"]
    same = {"processingPrograms": "fast_ep", "processingStartTime": "2024-05-11T15:00:00"}
    other = zocalo.post(PROGRAMS, json={**same, "dataCollectionId": 112}).json
    phased(409, autoProcProgramId=other["autoProcProgramId"])
    assert len(rows(PhasingProgramRun)) == 2
    bare = {"processingPrograms": "fast_ep", "parentAutoProcProgramId": parent}
    bare = zocalo.post(PROGRAMS, json={**bare, "dataCollectionId": 111}).json
    assert zocalo.get(f"{RESULTS}/{bare['autoProcProgramId']}").json["phasing"] is None


def test_phasing_is_kept_with_its_steps(zocalo):
    parent = stored(zocalo.post(RESULTS, json=document()))
    figure = {"metric": "FOM", "statisticsValue": 0.625, "binNumber": 999}
    steps = [
        {"phasingStepType": "SUBSTRUCTUREDETERMINATION", "method": "SAD"},
        {"phasingStepType": "PHASING", "solventContent": "0.5", "statistics": [figure]},
    ]
    phasing = {
        "autoProcScalingId": parent["autoProc"]["scalings"][0]["autoProcScalingId"],
        "steps": steps,
        "attachments": [{"fileType": "Map", "fileName": "a.map", "filePath": "/data/p"}],
    }
    program = {"processingPrograms": "fast_ep", "processingStartTime": "2024-05-11T15:00:00"}
    body = {"program": program, "phasing": phasing}
    made = stored(zocalo.post(RESULTS, json=body))
    first, second = made["phasing"]["steps"]
    assert second["previousPhasingStepId"] == first["phasingStepId"]
    assert figure.items() <= second["statistics"][0].items()
    assert made["phasing"]["attachments"][0]["fileName"] == "a.map"
    again = stored(zocalo.post(RESULTS, json=body), 200)
    assert without_keys(again) == without_keys(made)
    del body["phasing"]
    body["dataCollectionId"] = 111
    assert stored(zocalo.post(RESULTS, json=body), 200)["phasing"] is None


def count_own(statements):
    """The number of statements without those of every write: its token, transaction and log."""
    common = ("RevokedToken", "SET TRANSACTION", "Activity")
    return sum(not any(name in text for name in common) for text in statements)


@pytest.mark.parametrize("beamlines", [None, ["i03"]])
def test_a_document_takes_one_statement_per_table_and_three(as_, data, statements, beamlines):
    """It locks the data collection, reads the pipeline and the repeat, and the samples at last."""
    caller = PIPELINE if beamlines is None else ("i03", None, "processing_write")
    client = as_(*caller, service=True, beamlines=beamlines)
    with statements() as seen:
        made = stored(client.post(RESULTS, json=document()))
    assert count_own(seen) == 11 and len(seen) <= 14, seen
    assert stored(client.get(f"{RESULTS}/{made['program']['autoProcProgramId']}"), 200) == made
    body = document()
    body["program"]["processingStartTime"] = "2024-05-12T10:00:00"
    body["attachments"] = [{"fileName": f"{n}", "filePath": "/data"} for n in range(50)]
    body["messages"] = [{"severity": "INFO", "message": f"{n}"} for n in range(50)]
    (scaling,) = body["autoProc"]["scalings"]
    body["autoProc"]["scalings"] = [scaling] * 20
    with statements() as seen:
        stored(client.post(RESULTS, json=body))
    assert count_own(seen) == 11, seen
