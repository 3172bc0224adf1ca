"""Lists of commands: one transaction each, and one effect for repeats."""

import json
import re
from pathlib import Path

import pytest

from services.core.models import (
    AutoProc,
    AutoProcIntegration,
    AutoProcScalingHasInt,
    AutoProcScalingStatistics,
    Screening,
    ScreeningStrategySubWedge,
    XrayCentring,
    ZocaloBuffer,
)
from services.core.modules.zocalo.commands import COMMANDS as COMMANDS_KNOWN
from shared.models import (
    AutoProcProgram,
    AutoProcProgramAttachment,
    AutoProcProgramMessage,
    DataCollectionFileAttachment,
    ImageQualityIndicators,
)
from tests.core.processing_rows import COMMANDS, PIPELINE, RESULT, URL, at_once, message

PARAMETERS = (
    *("autoproc_id", "integration_id", "scaling_id", "rpid", "environment", "program", "status"),
    *("message", "severity", "file_name", "file_path", "file_type", "overall", "innerShell"),
    *("outerShell", "spacegroup", "parameters", "sweeps", "recipe", "file-number", "type"),
    *("results", "mxmrrun", "blobs", "auto_proc_program", "attachments", "visit", "session_id"),
    *("buffer_lookup", "buffer_store", "store_result", "screening_id", "upstream_source"),
    *("phasing_results", "pdb_files", "source", "message_id"),
)


def test_a_result_is_written_by_a_list(zocalo, rows):
    made = zocalo.post(COMMANDS, json=message(RESULT))
    assert made.status_code == 201
    names = [each["ispyb_command"] for each in made.json["results"]]
    assert names == [command["ispyb_command"] for command in RESULT]
    autoproc, scaling, integration, _, program = (e["result"] for e in made.json["results"])
    assert made.json["environment"] == {
        "ispyb_autoprocprogram_id": 50,
        "ispyb_autoproc_id": autoproc,
        "ispyb_autoprocscaling_id": scaling,
        "ispyb_integration_id": integration,
    }
    assert program == 50
    (result,) = rows(AutoProc)
    assert (result.spaceGroup, result.refinedCell_c, result.autoProcProgramId) == (
        *("P 43 21 2", 37.5),
        50,
    )
    shells = {row.scalingStatisticsType: row for row in rows(AutoProcScalingStatistics)}
    assert shells["overall"].ccHalf == 0.5 and shells["overall"].resolutionLimitLow == 39
    assert shells["innerShell"].nTotalObservations == 1200
    assert shells["innerShell"].meanIOverSigI is None
    assert shells["outerShell"].rMeasAllIPlusIMinus == 1.125
    (result,) = rows(AutoProcIntegration)
    assert (result.dataCollectionId, result.endImageNumber, result.rotationAxisX) == (111, 100, 1)
    (link,) = rows(AutoProcScalingHasInt)
    assert (link.autoProcScalingId, link.autoProcIntegrationId) == (scaling, integration)
    (file,) = rows(AutoProcProgramAttachment)
    assert (file.fileType, file.fileName) == ("Result", "$HOME.mtz")
    assert file.filePath == "/d/$ispyb_autoproc_id"
    stored = {row.autoProcProgramId: row for row in rows(AutoProcProgram)}[50]
    assert stored.processingStatus == 1
    assert stored.processingMessage == f"processed as {autoproc}"


def test_the_documented_lists_are_done(send, count):
    text = (Path(__file__).parents[3] / "docs/how-to/send-zocalo-commands.md").read_text()
    whole, buffered = map(json.loads, re.findall(r"^```json\n(.*?)^```$", text, re.M | re.S))
    assert len(send(whole)) == 4
    send(buffered, 424)
    before = {"ispyb_command": "write_autoproc"}
    send({**buffered, "buffer_store": 1001, "buffer_lookup": {}, "buffer_command": before})
    assert count(AutoProcScalingStatistics) == 3
    send({**buffered, "n": 2})
    assert count(AutoProcScalingStatistics) == 6
    named = set(re.findall(r"`(\w+)`", text.partition("| about |")[2].partition("Where they")[0]))
    assert named - {"mx_write"} == {*COMMANDS_KNOWN}


def test_a_list_that_comes_again_is_not_done_again(zocalo, rows, as_):
    first = zocalo.post(COMMANDS, json=message(RESULT))
    again = zocalo.post(COMMANDS, json=message(RESULT))
    assert again.json == first.json and again.headers["Idempotent-Replayed"] == "true"
    assert len(rows(AutoProc)) == 1
    zocalo.post(COMMANDS, json=message(RESULT[:1]), headers={"Idempotency-Key": "meant"})
    assert len(rows(AutoProc)) == 2


def test_a_failure_undoes_all_and_is_named(send, rows):
    broken = [*RESULT[:2], {**RESULT[2], "dcid": 999}]
    problem = send(message(broken), 424)
    assert problem["errors"] == {"ispyb_command_list.2.dcid": ["no such DataCollection"]}
    assert problem["detail"].startswith("command 2, upsert_integration: ")
    assert not rows(AutoProc) and not rows(AutoProcScalingStatistics)
    made = send(message(RESULT))
    assert len(made) == 5


def test_unknown_commands_are_named_before_anything_is_done(send, rows):
    inside = {"ispyb_command": "buffer", "program_id": 50, "buffer_command": {}}
    commands = [RESULT[0], {"ispyb_command": "insert_ctf"}, {"program_id": 50}, inside]
    problem = send(message(commands), 422)
    assert problem["errors"] == {
        "ispyb_command_list.1.ispyb_command": ["Not a known command: insert_ctf."],
        "ispyb_command_list.2.ispyb_command": ["Not a known command: None."],
        "ispyb_command_list.3.ispyb_command": ["Not a known command: None."],
    }
    assert not rows(AutoProc)


@pytest.mark.parametrize("wrong", ["$nobody", "x", 0, -1, 1.5, True, 2**32, {}, []])
def test_what_is_no_key_is_refused(send, wrong):
    problem = send("write_autoproc", 422, program_id=wrong)
    assert problem["errors"] == {"ispyb_command_list.0.program_id": ["Not the key of a row."]}


def test_names_are_replaced_the_longest_first(send, rows):
    commands = [{"ispyb_command": "add_program_message", "program_id": "$id", "severity": "info"}]
    commands[0] |= {"message": "$id $idx ${id}x $unknown"}
    body = {"ispyb_command_list": commands, "environment": {"id": 50, "idx": "other"}}
    send(body)
    assert [row.message for row in rows(AutoProcProgramMessage)] == ["50 other 50x $unknown"]


def test_references_do_not_fill_the_memory(zocalo):
    """A few kilobytes of references to references would become gigabytes."""
    command = {"ispyb_command": "add_program_message", "message": "$big" * 1000}
    body = {"ispyb_command_list": [command], "environment": {"big": "x" * 10_000}}
    problem = zocalo.post(COMMANDS, json=body)
    assert (problem.status_code, [*problem.json["errors"]]) == (422, ["ispyb_command_list.0.$"])
    body["environment"] = {f"{number}": 1 for number in range(1001)}
    problem = zocalo.post(COMMANDS, json=body)
    assert (problem.status_code, [*problem.json["errors"]]) == (422, ["environment"])


def test_what_a_command_lacks_is_looked_for_in_the_parameters(send, rows):
    commands = [
        {"ispyb_command": "add_program_message", "message": "its own"},
        {"ispyb_command": "add_program_message"},
    ]
    common = {"program_id": "50", "severity": "INFO", "message": "of all"}
    send({"ispyb_command_list": commands, "parameters": common})
    assert [row.message for row in rows(AutoProcProgramMessage)] == ["its own", "of all"]


def test_a_program_is_registered(send, rows):
    environment = {"host": "node17", "note": "x" * 300}
    parameters = {"program": "xia2 dials", "cmdline": "xia2", "environment": environment}
    (key,) = send("register_processing", rpid="5", **parameters)
    stored_rows = {row.autoProcProgramId: row for row in rows(AutoProcProgram)}[key]
    assert (stored_rows.processingJobId, stored_rows.processingPipelineId) == (5, 63)
    assert stored_rows.processingPrograms == "xia2 dials" and stored_rows.processingStatus is None
    assert stored_rows.processingEnvironment == f"host=node17, note={'x' * 300}"[:255]
    (name,) = send("update_program_name", program_id=key, program="xia2 3dii")
    assert name == key


def test_a_program_is_registered_after_that_of_a_scaling(send, rows):
    _, scaling, *_ = send(message(RESULT))
    (key,) = send(
        "register_processing", program="dimple", rpid=5, environment={"scaling_id": [scaling]}
    )
    stored_rows = {row.autoProcProgramId: row for row in rows(AutoProcProgram)}[key]
    assert stored_rows.parentAutoProcProgramId == 50


def test_a_final_status_stays(send):
    send("update_processing_status", program_id=50, status="failure", message="no spots")
    problem = send("update_processing_status", 409, program_id=50, status="success")
    assert problem["detail"].startswith("command 0, update_processing_status: ")


def test_a_link_that_was_there_becomes_the_integration(send, rows, add):
    add(AutoProcIntegration(autoProcIntegrationId=7, dataCollectionId=111, autoProcProgramId=50))
    assert send(message(RESULT))[2] == 7
    (changed,) = send("upsert_integration", integration_id=7, refined_xbeam=150.5, cell_a=None)
    (row,) = rows(AutoProcIntegration)
    assert changed == 7 and (row.refinedXBeam, row.cell_a) == (150.5, 78.25)


def test_three_shells_are_needed(send):
    (autoproc,) = send("write_autoproc", program_id=50)
    problem = send("insert_scaling", 422, autoproc_id=autoproc, overall={}, innerShell={})
    assert problem["errors"].keys() == {"ispyb_command_list.0.outerShell"}


def test_files_of_data_collections(send, rows):
    parameters = {"dcid": 111, "file_name": "a.json", "file_path": "/d/p/"}
    (first,) = send("add_datacollection_attachment", **parameters, file_type="recip")
    (again,) = send("add_datacollection_attachment", **parameters, file_type="other")
    (row,) = rows(DataCollectionFileAttachment)
    assert (row.fileFullPath, row.fileType) == ("/d/p/a.json", "log") and first == again
    problem = send("add_datacollection_attachment", 422, **{**parameters, "file_path": "d" * 255})
    assert problem["errors"].keys() == {"ispyb_command_list.0.file_name"}


def test_a_job_is_made(send, zocalo):
    (key,) = send(
        "create_ispyb_job",
        DCID=111,
        recipe="autoprocessing-xia2",
        source="automatic",
        displayname="xia2",
        parameters=[{"key": "spacegroup", "value": "P1"}, {"key": "d_min", "value": 1.5}],
        sweeps=[{"DCID": 111, "start": 0, "end": "50"}, {"DCID": 112, "start": 1, "end": 100}],
    )
    job = zocalo.get(f"{URL}/processing_jobs/{key}").json
    assert job["automatic"] is True and job["displayName"] == "xia2"
    assert [each["parameterValue"] for each in job["parameters"]] == ["P1", "1.5"]
    assert [(s["dataCollectionId"], s["endImage"]) for s in job["sweeps"]] == [
        (111, 50),
        (112, 100),
    ]
    (key,) = send("create_ispyb_job", DCID=111)
    (sweep,) = zocalo.get(f"{URL}/processing_jobs/{key}").json["sweeps"]
    assert (sweep["startImage"], sweep["endImage"]) == (1, 100)


def test_quality_of_images(send, rows):
    parameters = {"dcid": 111, "n_spots_total": 210, "n_spots_no_ice": 198, "dozor_score": 8.5}
    assert send(
        "store_per_image_analysis_results",
        **parameters,
        **{"file-pattern-index": "3", "estimated_d_min": 1.75},
    ) == [3]
    send("store_per_image_analysis_results", dcid=111, **{"file-number": 3}, method2_res=2.5)
    (row,) = rows(ImageQualityIndicators)
    assert (row.imageNumber, row.spotTotal, row.inResTotal) == (3, 210, 210)
    assert (row.goodBraggCandidates, row.dozor_score) == (198, 8.5)
    assert (row.method1Res, row.method2Res) == (1.75, 2.5)


@pytest.mark.parametrize(
    "sent, stored",
    [
        ({}, (1.75, 1.75)),
        ({"method1_res": 2}, (2, 1.75)),
        ({"method1_res": None, "method2_res": "3.5"}, (1.75, 3.5)),
    ],
    ids=["estimate", "first", "second"],
)
def test_an_estimated_resolution_is_that_of_both_methods(send, rows, sent, stored):
    """Plots of the resolution read method2Res."""
    image = {"dcid": 111, "file-number": 1, "estimated_d_min": "1.75"}
    send("store_per_image_analysis_results", **image, **sent)
    (row,) = rows(ImageQualityIndicators)
    assert (row.method1Res, row.method2Res) == stored


def test_a_screening_grows_row_by_row(send, rows, zocalo):
    sub_wedge = {"screening_strategy_wedge_id": "$wedge", "axisstart": 1.5, "noimages": "90"}
    commands = [
        ("insert_screening", {"dcid": 111, "shortcomments": "EDNA-1" * 5, "store": "s"}),
        ("insert_screening_input", {"screening_id": "$s", "beamx": 1.5}),
        ("insert_screening_output", {"screening_id": "$s", "mosaicity": 0.25, "store": "o"}),
        ("insert_screening_output_lattice", {"screening_output_id": "$o", "unitcella": 78.25}),
        ("insert_screening_strategy", {"screening_output_id": "$o", "phistart": 5, "store": "t"}),
        ("insert_screening_strategy_wedge", {"screening_strategy_id": "$t", "store": "wedge"}),
        *[("insert_screening_strategy_sub_wedge", sub_wedge)] * 2,
    ]
    listed = []
    for name, parameters in commands:
        command = {"ispyb_command": name, **parameters}
        command["store_result"] = command.pop("store", "nothing")
        listed.append(command)
    answer = zocalo.post(COMMANDS, json={"ispyb_command_list": listed})
    assert answer.status_code == 201, answer.json
    warnings = [each["warnings"] for each in answer.json["results"]]
    assert warnings == [["shortComments: cut to 20 characters"], *[[]] * 7]
    (screening,) = rows(Screening)
    assert screening.dataCollectionGroupId == 11
    current = zocalo.get(f"{URL}/screenings/{screening.screeningId}").json
    (output,) = current["outputs"]
    assert (output["indexingSuccess"], output["strategySuccess"]) == (True, True)
    assert (output["mosaicityEstimated"], output["alignmentSuccess"]) == (True, False)
    assert output["lattices"][0]["unitCell_a"] == 78.25
    stored_rows = rows(ScreeningStrategySubWedge)
    assert [(row.subWedgeNumber, row.numberOfImages) for row in stored_rows] == [(1, 90), (2, 90)]


def test_a_centring_is_stored(send, rows):
    crystal = {
        "centre_of_mass": [1.5, 2.5, 3.5],
        "max_voxel": [1, 2, 3],
        "max_count": 50,
        "n_voxels": 12,
        "total_count": 300,
        "bounding_box": [[1, 1, 1], [3, 4, 5]],
    }
    flat = {"centre_of_mass": [1.5, 2.5], "bounding_box": [[1, 1], [3, 4]]}
    results = {"results": [crystal, flat]}
    (key,) = send("insert_xray_centring", dcgid=11, status="success", type="3d", **results)
    (row,) = rows(XrayCentring)
    assert (row.xrayCentringId, row.status, row.xrayCentringType) == (key, "success", "3d")


def test_a_message_of_one_command_is_a_list_of_one(zocalo, rows):
    data = {"ispyb_command": "add_program_message", "program_id": "50", "severity": "INFO"}
    answer = zocalo.post(COMMANDS, json={**data, "message": "hello"})
    assert answer.status_code == 201, answer.json
    assert [row.message for row in rows(AutoProcProgramMessage)] == ["hello"]
    answer = zocalo.post(COMMANDS, json={**data, "ispyb_command": "insert_luck"})
    assert answer.json["errors"].keys() == {"ispyb_command_list.0.ispyb_command"}


def test_what_stands_in_the_message_is_for_all_its_commands(zocalo, rows):
    """A parameter is looked for in the command, in the message, then in the recipe."""
    say = {"ispyb_command": "add_program_message"}
    body = {
        "ispyb_command": "multipart_message",
        "ispyb_command_list": [{**say, "message": "its own"}, say],
        "program_id": 50,
        "message": "of the message",
        "parameters": {"program_id": 60, "message": "of the recipe", "severity": "INFO"},
        "store_result": "last",
    }
    answer = zocalo.post(COMMANDS, json=body)
    assert answer.status_code == 201, answer.json
    stored_rows = rows(AutoProcProgramMessage)
    assert [(row.autoProcProgramId, row.message) for row in stored_rows] == [
        (50, "its own"),
        (50, "of the message"),
    ]
    assert answer.json["environment"] == {"last": stored_rows[1].autoProcProgramMessageId}


def test_a_list_that_only_reads_is_done_each_time(send):
    """Its answer changes, so its body is no Idempotency-Key."""
    assert send("retrieve_programs_for_job_id", rpid=5)[0][0]["processingPrograms"] is None
    send("update_program_name", program_id=50, program="xia2 dials")
    assert send("retrieve_programs_for_job_id", rpid=5)[0][0]["processingPrograms"] == "xia2 dials"


def test_a_file_of_a_data_collection_that_comes_twice_at_once_is_one(zocalo, rows):
    def post(numbers=iter(range(9))):
        command = {"ispyb_command": "add_datacollection_attachment", "dcid": 111}
        command |= {"file_name": "a", "file_path": "/d", "n": next(numbers)}
        return zocalo.post(COMMANDS, json=command)

    assert at_once(post) == [201] * 4
    assert len(rows(DataCollectionFileAttachment)) == 1


def test_reads(send, zocalo):
    send(message(RESULT))
    (programs,) = send("retrieve_programs_for_job_id", rpid=5)
    assert [each["autoProcProgramId"] for each in programs] == [50]
    (files,) = send("retrieve_program_attachments_for_program_id", program_id=50)
    assert [each["fileName"] for each in files] == ["$HOME.mtz"]
    assert send("retrieve_proposal_title", visit="mx1-1") == [None]
    assert send("retrieve_proposal_title", 404, visit="mx99-1")["status"] == 404


@pytest.mark.parametrize("value", [7, 1.5, "x", "", [], [1], [[]], {}, {"a": 1}, True, None])
def test_no_value_breaks_a_command(as_, processed, value):
    """Each value of a parameter is accepted or refused."""
    client = as_(*PIPELINE, "mx_write", service=True)
    for name in [*COMMANDS_KNOWN, "buffer"]:
        command = {**dict.fromkeys(PARAMETERS, value), "ispyb_command": name}
        command |= {"program_id": 50, "dcid": 111, "dcgid": 11}
        command |= {"buffer_command": {"ispyb_command": "write_autoproc"}, "Buffer_Command": value}
        answer = client.post(COMMANDS, json={"ispyb_command_list": [command]})
        assert answer.status_code in (201, 404, 409, 422, 424), (name, answer.json)
        odd = {**command, "results": [{"bounding_box": value, "max_voxel": value}]}
        odd |= {"blobs": [{"xyz": value, "nearest_atom": value}], "sweeps": [{"DCID": value}]}
        answer = client.post(COMMANDS, json={"ispyb_command_list": [odd]})
        assert answer.status_code in (201, 404, 409, 422, 424), (name, answer.json)


# ------------------------------------------------------------------ numbers of clients


def buffered(command, store=None, **lookup):
    data = {"ispyb_command": "buffer", "program_id": 50, "buffer_command": command}
    return data | {"buffer_lookup": lookup} | ({"buffer_store": store} if store else {})


def test_numbers_stand_for_rows(send, rows):
    write = {"ispyb_command": "write_autoproc", "spacegroup": "P 1"}
    scale = {**RESULT[1]}
    del scale["autoproc_id"], scale["store_result"]
    autoproc, scaling = send([buffered(write, 1), buffered(scale, 2, autoproc_id=1)])
    stored = {row.UUID: row.Reference for row in rows(ZocaloBuffer)}
    assert stored == {1: autoproc, 2: scaling}
    again = send(
        [
            buffered({**write, "spacegroup": "C 2"}, 1),
            buffered(scale, 2, autoproc_id=1),
        ]
    )
    assert again == [autoproc, scaling]
    assert [row.spaceGroup for row in rows(AutoProc)] == ["C 2"]
    assert len(rows(AutoProcScalingStatistics)) == 3


def test_lists_of_several_programs_at_once_do_not_hinder_each_other(as_, zocalo, add, count):
    """A lock of an absent row is a gap lock, for which the INSERTs of all others would wait."""
    keys, codes = iter(range(100, 108)), []
    add(*(AutoProcProgram(autoProcProgramId=n, processingJobId=5) for n in range(100, 108)))
    write = {"ispyb_command": "write_autoproc"}
    file = {"ispyb_command": "add_program_attachment", "file_path": "/d"}

    def work():
        key = next(keys)
        for number in range(4):
            name = {"program_id": key, "file_name": f"{number}"}
            listed = [{**buffered(write, number + 1), "program_id": key}, {**file, **name}]
            codes.append(zocalo.post(COMMANDS, json={"ispyb_command_list": listed}).status_code)
            name = {"fileName": f"{number}", "filePath": "/elsewhere"}
            answer = zocalo.post(f"{URL}/autoproc/programs/{key}/attachments", json=name)
            codes.append(answer.status_code)
        return answer

    assert at_once(work, 8) == [201] * 8 and {*codes} == {201}
    assert (count(ZocaloBuffer), count(AutoProcProgramAttachment)) == (32, 64)


def test_a_number_that_is_not_there_yet_is_waited_for(send, rows):
    scale = {"ispyb_command": "insert_scaling"}
    problem = send([RESULT[0] | {"program_id": 50}, buffered(scale, autoproc_id=9)], 424)
    assert problem["errors"] == {
        "ispyb_command_list.1.buffer_lookup.autoproc_id": ["9 is not there yet"]
    }
    assert not rows(AutoProc)


def test_bad_numbers_are_refused(send):
    write = {"ispyb_command": "write_autoproc"}
    for wrong in (-1, 2**32, "x", 1.5, True, "9" * 6000, "--5"):
        problem = send([buffered(write, wrong)], 422)
        assert problem["errors"].keys() == {"ispyb_command_list.0.buffer_store"}
    assert send([buffered(write) | {"buffer_lookup": [1]}], 422)["status"] == 422
