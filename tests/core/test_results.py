"""Results of processing: whole or not at all, once for a repeat, by those who see the data."""

import pytest

from services.core.models import AutoProc, AutoProcIntegration, AutoProcScalingStatistics
from shared.models import (
    AutoProcProgram,
    AutoProcProgramAttachment,
    AutoProcProgramMessage,
    ProcessingJob,
    ProcessingPipeline,
)
from tests.core.processing import PIPELINE, PROGRAMS, RESULTS, SHELLS, collect, document


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


def without_keys(found):
    """A tree without what only the database knows."""
    if isinstance(found, list):
        return [without_keys(each) for each in found]
    if isinstance(found, dict):
        return {
            name: without_keys(value)
            for name, value in found.items()
            if not (name.endswith("Id") and name != "dataCollectionId")
            and not name.startswith("recordTime")
        }
    return found


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


def test_put_replaces(zocalo):
    made = stored(zocalo.post(RESULTS, json=document()))
    url = f"{RESULTS}/{made['program']['autoProcProgramId']}"
    body = document(autoProc=None, messages=[], attachments=[])
    found = stored(zocalo.put(url, json=body), 200)
    assert (found["autoProc"], found["messages"], found["attachments"]) == (None, [], [])
    assert found["dataCollectionId"] == 111, "it can still be found"
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
    for change in (lambda found: found[:2], lambda found: [*found[:2], found[0]]):
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
    (found,) = made["mxmrRuns"]
    assert found["rFreeValueEnd"] == 0.25 and len(found["blobs"]) == 2
    assert blob.items() <= found["blobs"][0].items()
    again = stored(zocalo.post(RESULTS, json=body), 200)
    assert without_keys(again) == without_keys(made)
    assert stored(zocalo.get(f"{RESULTS}/{program_id}"), 200)["mxmrRuns"] == []
    redelivered = stored(zocalo.post(RESULTS, json=document()), 200)
    assert redelivered["autoProc"]["scalings"][0]["autoProcScalingId"] == scaling
    body["mxmrRuns"][0]["autoProcScalingId"] = 999
    assert zocalo.post(RESULTS, json=body).status_code == 424
    del body["mxmrRuns"][0]["autoProcScalingId"]
    assert zocalo.post(RESULTS, json=body).status_code == 422


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


def test_a_document_takes_few_statements(zocalo, statements):
    with statements() as seen:
        stored(zocalo.post(RESULTS, json=document()))
    few = len(seen)
    body = document()
    body["program"]["processingStartTime"] = "2024-05-12T10:00:00"
    body["attachments"] = [{"fileName": f"{n}", "filePath": "/data"} for n in range(50)]
    body["messages"] = [{"severity": "INFO", "message": f"{n}"} for n in range(50)]
    with statements() as seen:
        stored(zocalo.post(RESULTS, json=body))
    assert few <= 28 and len(seen) <= few + 1, (few, len(seen))  # attachments without a rank
