"""The steps of a program, each on an integration of it."""

import pytest

from services.core.models import AutoProcIntegration
from shared.models import AutoProcProgram, ProcessingJob
from tests.core.processing_rows import PIPELINE, PROGRAMS, collect

STEP = {"step": "Indexing", "status": "Launched"}


@pytest.fixture
def programs(facility, add):
    """Program 1 has integration 1, program 2 has 2 and 3, program 3 has none."""
    collect(add)
    add(ProcessingJob(processingJobId=5, dataCollectionId=111))
    add(*(AutoProcProgram(autoProcProgramId=n, processingJobId=5) for n in (1, 2, 3)))
    for key, program in ((1, 1), (2, 2), (3, 2)):
        add(
            AutoProcIntegration(
                autoProcIntegrationId=key, autoProcProgramId=program, dataCollectionId=111
            )
        )


def url(program):
    return f"{PROGRAMS}/{program}/status_history"


def test_steps_are_listed_in_order(as_, programs):
    zocalo = as_(*PIPELINE, service=True)
    made = [
        zocalo.post(url(1), json={**STEP, "status": status, "comments": "c" * 1025}).json
        for status in ("Launched", "Successful")
    ]
    assert made[0]["warnings"] == ["comments: cut to 1024 characters"]
    assert (made[0]["autoProcIntegrationId"], made[0]["step"]) == (1, "Indexing")
    shown = as_("alice", 1).get(url(1)).json
    assert shown["results"] == [{n: v for n, v in m.items() if n != "warnings"} for m in made]
    assert shown["total"] == 2
    assert as_("alice", 1).get(f"{url(1)}?status=Successful").json["total"] == 1
    assert as_("alice", 1).get(url(2)).json["total"] == 0
    assert as_("erin", 5).get(url(1)).status_code == 404
    assert as_("alice", 1).post(url(1), json=STEP).status_code == 403


@pytest.mark.parametrize(
    "program, body, status, field",
    [
        (2, {}, 422, "autoProcIntegrationId"),
        (2, {"autoProcIntegrationId": 1}, 424, "autoProcIntegrationId"),
        (2, {"autoProcIntegrationId": 3}, 201, None),
        (3, {}, 409, None),
        (1, {"step": "Guessing"}, 422, "step"),
        (1, {"status": None}, 422, "status"),
        (9, {}, 404, None),
    ],
)
def test_a_step_is_on_an_integration_of_its_program(as_, programs, program, body, status, field):
    answer = as_(*PIPELINE, service=True).post(url(program), json={**STEP, **body})
    assert (answer.status_code, [*answer.json.get("errors", ())]) == (
        status,
        [field] * bool(field),
    )


def test_one_file_of_a_program_is_shown_by_its_id(as_, programs):
    file = {"fileType": "Log", "fileName": "a.log", "filePath": "/data"}
    made = as_(*PIPELINE, service=True).post(f"{PROGRAMS}/1/attachments", json=file).json
    shown = as_("alice", 1).get(f"{PROGRAMS}/attachments/{made['autoProcProgramAttachmentId']}")
    assert {n: shown.json[n] for n in file} == file
    assert shown.json["autoProcProgramId"] == 1
    path = f"{PROGRAMS}/attachments/{made['autoProcProgramAttachmentId']}"
    assert as_("erin", 5).get(path).status_code == 404
