"""Programs: a final status stays, older updates are ignored, files and messages are added."""

from datetime import datetime, timedelta

import pytest

from services.core.models import AutoProcIntegration
from shared.models import (
    AutoProcProgram,
    AutoProcProgramAttachment,
    ProcessingJob,
    ProcessingJobImageSweep,
    ProcessingPipeline,
)
from tests.core.processing_rows import JOBS, PIPELINE, PROGRAMS, at_once, collect

BEGIN = "2024-05-11T14:10:00"


@pytest.fixture
def data(facility, add):
    collect(add)
    add(
        ProcessingPipeline(processingPipelineId=63, name="xia2/DIALS", discipline="MX"),
        ProcessingJob(processingJobId=5, dataCollectionId=111),
        ProcessingJob(processingJobId=6, dataCollectionId=211),
    )


@pytest.fixture
def zocalo(as_, data):
    return as_(*PIPELINE, service=True)


@pytest.fixture
def program(zocalo):
    """The URL of a program of job 5."""
    made = zocalo.post(PROGRAMS, json={"processingJobId": 5})
    return f"{PROGRAMS}/{made.json['autoProcProgramId']}"


def changed(response, applied=True):
    assert (response.status_code, response.json.get("applied")) == (200, applied), response.json
    return response.json


def test_a_program_is_registered_for_a_job(zocalo):
    body = {"processingJobId": 5, "processingPrograms": "XIA2 dials", "processingStartTime": BEGIN}
    made = zocalo.post(PROGRAMS, json=body)
    assert made.status_code == 201
    answer = made.json
    assert answer["processingStatus"] is None and answer["processingStartTime"] == BEGIN
    assert answer["recordTimeStamp"] is not None
    assert answer["ProcessingPipeline"] == {"processingPipelineId": 63, "name": "xia2/DIALS"}
    assert answer["ProcessingJob"]["dataCollectionId"] == 111
    current = zocalo.get(f"{PROGRAMS}/{answer['autoProcProgramId']}").json
    assert current == {k: v for k, v in answer.items() if k not in ("applied", "warnings")}


@pytest.mark.parametrize(
    "name, pipeline",
    [
        ("autoPROC 1.0.5 (20210420 - see: http://www.example.org/)", "autoPROC"),
        ("AUTOPROC", "autoPROC"),
        ("XDSME 0.6 with XDS", "xdsme"),
        ("xia2 dials 3.8.0-dirty", "xia2/DIALS"),
        ("xia2 dials (multi)", "xia2/DIALS (multi)"),
        ("xia2 dials (multi) v3", "xia2/DIALS"),
        ("xia2 3dii", None),
        ("autoPROC+STARANISO", None),
        ("my own (autoPROC)", None),
        ("autoPROC" + " " * 40_000, "autoPROC"),
    ],
    ids=lambda text: text and text[:24],
)
def test_a_pipeline_is_named_by_the_words_before_a_version(zocalo, add, name, pipeline):
    names = ("autoPROC", "xdsme", "xia2/DIALS (multi)")
    for key, each in enumerate(names, 70):
        add(ProcessingPipeline(processingPipelineId=key, name=each, discipline="MX"))
    made = zocalo.post(PROGRAMS, json={"processingJobId": 5, "pipeline": name})
    assert made.status_code == 201
    assert (made.json["ProcessingPipeline"] or {}).get("name") == pipeline


def test_a_pipeline_that_is_not_known_is_none(zocalo):
    body = {"processingJobId": 5, "processingPrograms": "my own"}
    assert zocalo.post(PROGRAMS, json=body).json["processingPipelineId"] is None


@pytest.mark.parametrize(
    "word, expected",
    [("success", 1), ("SUCCESS", 1), (1, 1), ("1", 1), (True, 1), ("true", 1)]
    + [("failure", 0), ("FAILED", 0), (0, 0), ("0", 0), (False, 0), ("False", 0)]
    + [("RUNNING", None), ("", None), ("whatever", None), (None, None)],
)
def test_words_of_status(zocalo, program, word, expected):
    assert changed(zocalo.patch(program, json={"processingStatus": word}))["processingStatus"] == (
        expected
    )


def test_a_number_that_is_no_status_is_refused(zocalo, program):
    assert zocalo.patch(program, json={"processingStatus": 2}).status_code == 422


def test_each_update_is_the_end_and_the_start_is_set_once(zocalo, program):
    before = datetime.now().replace(microsecond=0)
    answer = changed(zocalo.patch(program, json={"processingMessage": "started"}))
    for name in ("processingStartTime", "processingEndTime"):
        assert before <= datetime.fromisoformat(answer[name]) <= datetime.now()
    start = answer["processingStartTime"]
    later = (before + timedelta(hours=1)).isoformat()
    update = {"processingStartTime": BEGIN, "processingEndTime": later, "processingMessage": None}
    answer = changed(zocalo.patch(program, json=update))
    assert answer["processingStartTime"] == start
    assert answer["processingEndTime"] == later
    assert answer["processingMessage"] == "started", "null keeps"


def test_an_older_update_is_ignored_unless_it_has_a_status(zocalo, program):
    late, early = "2024-05-11T15:00:00", "2024-05-11T14:30:00"
    sent = {"processingStartTime": BEGIN, "processingEndTime": late, "processingMessage": "two"}
    changed(zocalo.patch(program, json=sent))
    same = {"processingEndTime": late, "processingMessage": "two, in the same second"}
    assert (
        changed(zocalo.patch(program, json=same))["processingMessage"] == same["processingMessage"]
    )
    older = {"processingEndTime": early, "processingMessage": "one"}
    assert changed(zocalo.patch(program, json=older), False)["processingMessage"] == (
        same["processingMessage"]
    )
    answer = changed(zocalo.patch(program, json={**older, "processingStatus": "success"}))
    assert (answer["processingMessage"], answer["processingStatus"]) == ("one", 1)


def test_a_final_status_stays(zocalo, program):
    done = {"processingStatus": "failure", "processingMessage": "no spots"}
    end = changed(zocalo.patch(program, json=done))["processingEndTime"]
    assert changed(zocalo.patch(program, json=done), False)["processingEndTime"] == end
    stored = zocalo.get(program).json
    for other, names in (
        ({"processingMessage": "on and on"}, ["processingMessage"]),
        ({**done, "processingMessage": "other"}, ["processingMessage"]),
        ({**done, "processingEndTime": "2030-01-01T00:00:00"}, ["processingEndTime"]),
        ({**done, "processingStartTime": "2030-01-01T00:00:00"}, []),
        ({**done, "processingEndTime": end}, []),
        ({}, []),
    ):
        answer = changed(zocalo.patch(program, json=other), False)
        reason = "not stored, the program ended with failure (0)"
        assert answer["warnings"] == [f"{name}: {reason}" for name in names]
    for other in ({"processingStatus": "success"}, {**done, "processingStatus": True}):
        answer = zocalo.patch(program, json=other)
        assert answer.status_code == 409 and "failure (0)" in answer.json["detail"]
    assert zocalo.get(program).json == stored
    repaired = {"processingStatus": "success", "processingMessage": None}
    current = changed(zocalo.patch(f"{program}?force=true", json=repaired))
    assert (current["processingStatus"], current["processingMessage"]) == (1, None)
    assert current["processingEndTime"] == end


def test_what_comes_twice_at_once_is_done_once_and_shown_to_both(zocalo, program, count):
    """A transaction that waited for the lock answers with the row as it is then."""
    answers, done = [], {"processingStatus": "success", "processingMessage": "done"}

    def finish():
        answers.append(zocalo.patch(program, json=done))
        return answers[-1]

    assert at_once(finish) == [200] * 4
    assert {answer.json["processingStatus"] for answer in answers} == {1}
    assert sorted(answer.json["applied"] for answer in answers) == [False, False, False, True]
    file = {"fileType": "Log", "fileName": "a.log", "filePath": "/data"}
    codes = at_once(lambda: zocalo.post(f"{program}/attachments", json=file))
    assert (codes, count(AutoProcProgramAttachment)) == ([200, 200, 200, 201], 1)


def test_files_and_messages_come_after_the_end(zocalo, program, count):
    changed(zocalo.patch(program, json={"processingStatus": 1}))
    file = {"fileType": "RESULT", "fileName": "a.mtz", "filePath": "/data/p"}
    made = zocalo.post(f"{program}/attachments", json=file)
    assert (made.status_code, made.json["fileType"]) == (201, "Result")
    assert made.json["deleted"] is False and made.json["recordTimeStamp"]
    again = zocalo.post(f"{program}/attachments", json={**file, "importanceRank": 127})
    assert again.status_code == 200 and again.json["importanceRank"] == 127
    key = "autoProcProgramAttachmentId"
    assert again.json[key] == made.json[key] and count(AutoProcProgramAttachment) == 1
    message = {"severity": "error", "message": "m" * 201, "description": "d"}
    made = zocalo.post(f"{program}/messages", json=message)
    assert made.status_code == 201 and made.json["severity"] == "ERROR"
    assert made.json["warnings"] == ["message: cut to 200 characters"]
    assert zocalo.get(f"{program}/messages").json["results"][0]["message"] == "m" * 200
    assert zocalo.get(program).json["_metadata"] == {"attachments": 1, "messages": 1}


def test_a_file_may_name_its_program(zocalo, program, count):
    program_id = int(program.rpartition("/")[2])
    file = {"fileName": "a.log", "filePath": "/data", "autoProcProgramId": program_id}
    url = f"{PROGRAMS}/attachments"
    assert [zocalo.post(url, json=file).status_code for _ in range(2)] == [201, 200]
    file["autoProcProgramId"] = 999
    assert zocalo.post(url, json=file).status_code == 424
    for listed in (url, f"{program}/attachments", f"{url}?autoProcProgramId={program_id}"):
        assert [row["fileName"] for row in zocalo.get(listed).json["results"]] == ["a.log"]
    assert zocalo.get(f"{url}?fileName=other").json["total"] == 0


@pytest.mark.parametrize(
    "change",
    [
        {"filePath": "/" + "p" * 255},
        {"fileName": "n" * 256},
        {"fileType": "Movie"},
        {"importanceRank": 256},
        {"importanceRank": -1},
        {"fileName": None},
    ],
)
def test_a_bad_file_is_refused(zocalo, program, count, change):
    file = {"fileType": "Log", "fileName": "a", "filePath": "/data", **change}
    answer = zocalo.post(f"{program}/attachments", json=file)
    assert answer.status_code == 422 and answer.json["errors"].keys() == change.keys()
    assert count(AutoProcProgramAttachment) == 0


def test_long_words_are_cut_to_255(zocalo, program):
    long = {"processingMessage": "m" * 300, "processingCommandLine": "c" * 256}
    answer = changed(zocalo.patch(program, json=long))
    assert answer["processingMessage"] == "m" * 255
    assert sorted(answer["warnings"]) == [
        "processingCommandLine: cut to 255 characters",
        "processingMessage: cut to 255 characters",
    ]


def test_who_sees_which_program(as_, zocalo, add):
    add(
        ProcessingJobImageSweep(processingJobId=5, dataCollectionId=221),
        *(AutoProcProgram(autoProcProgramId=n, processingJobId=j) for n, j in ((1, 5), (2, 6))),
        AutoProcProgram(autoProcProgramId=3),
        AutoProcIntegration(autoProcProgramId=3, dataCollectionId=111),
        AutoProcProgram(autoProcProgramId=4),
        AutoProcProgram(autoProcProgramId=5, processingJobId=6),
        AutoProcIntegration(autoProcProgramId=5, dataCollectionId=111),
    )
    for caller, expected in (
        (as_("alice", 1), [3]),
        (as_("carol", 3), [2]),
        (as_("dave", 4), []),
        (as_("staff", 5, "mx_admin"), [3, 1]),
        (as_("erin", 5), []),
        (zocalo, [5, 4, 3, 2, 1]),
    ):
        answer = caller.get(PROGRAMS)
        assert [row["autoProcProgramId"] for row in answer.json["results"]] == expected
        for n in range(1, 6):
            status = 200 if n in expected else 404
            for below in ("", "/attachments", "/messages"):
                assert caller.get(f"{PROGRAMS}/{n}{below}").status_code == status
    answer = zocalo.get(f"{PROGRAMS}?dataCollectionId=111")
    assert [row["autoProcProgramId"] for row in answer.json["results"]] == [5, 3, 1]


def test_a_program_of_beamlines_names_what_it_processes(as_, data, same):
    i03 = as_("i03", None, "processing_write", service=True, beamlines=["i03"])
    assert i03.post(PROGRAMS, json={"processingPrograms": "x"}).status_code == 422
    same(
        i03.post(PROGRAMS, json={"processingJobId": 6}),
        i03.post(PROGRAMS, json={"processingJobId": 999}),
    )
    same(
        i03.post(PROGRAMS, json={"dataCollectionId": 211}),
        i03.post(PROGRAMS, json={"dataCollectionId": 999}),
    )
    made = i03.post(PROGRAMS, json={"dataCollectionId": 111})
    assert made.status_code == 201
    program_id = made.json["autoProcProgramId"]
    assert i03.patch(f"{PROGRAMS}/{program_id}", json={"processingStatus": 1}).status_code == 200
    assert as_("alice", 1).get(f"{PROGRAMS}/{program_id}").json["processingStatus"] == 1
    child = {"dataCollectionId": 111, "parentAutoProcProgramId": program_id}
    assert i03.post(PROGRAMS, json=child).json["parentAutoProcProgramId"] == program_id
    i04 = as_("i04", None, "processing_write", service=True, beamlines=["i04"])
    child["dataCollectionId"] = 211
    assert i04.post(PROGRAMS, json=child).status_code == 424
    assert i04.patch(f"{PROGRAMS}/{program_id}", json={"processingStatus": 0}).status_code == 404


def test_people_write_no_programs(as_, data):
    assert as_("alice", 1).post(PROGRAMS, json={"processingJobId": 5}).status_code == 403
    assert as_("alice", 1).get(f"{JOBS}/5").status_code == 200


def test_a_list_of_programs_takes_few_statements(as_, data, add, statements):
    add(*(AutoProcProgram(autoProcProgramId=n, processingJobId=5) for n in range(1, 41)))
    alice = as_("alice", 1)
    with statements() as seen:
        assert alice.get(f"{PROGRAMS}?limit=30").json["total"] == 40
    assert len(seen) <= 6, seen
