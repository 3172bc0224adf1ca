"""Lists that come again: one that names a stored row is carried out once, others each time."""

import pytest

from services.core.models import AutoProc, AutoProcScaling
from shared.models import AutoProcProgram
from tests.core.processing_rows import COMMANDS

DONE = {
    "ispyb_command": "update_processing_status",
    "program_id": "$ispyb_autoprocprogram_id",
    "status": "success",
}
REGISTER = {
    "ispyb_command": "register_processing",
    "program": "dials.align_crystal",
    "cmdline": "dials.align_crystal (ap-zoc)",
    "rpid": "",
    "environment": {"slurm_job_id": 12},
    "store_result": "ispyb_autoprocprogram_id",
}


@pytest.mark.parametrize(
    "change",
    [{}, {"rpid": "$ispyb_rpid"}, {"rpid": "None"}, {"program_id": "$ispyb_autoprocprogram_id"}],
    ids=["empty", "reference", "none", "own"],
)
def test_a_program_for_no_row_is_registered_each_time(zocalo, rows, change):
    """The same message about two data collections is equal: a repeat would join them."""
    body = {
        "ispyb_command_list": [{**REGISTER, **change}, DONE],
        "environment": {"ispyb_rpid": ""},
    }
    before = len(rows(AutoProcProgram))
    answers = [zocalo.post(COMMANDS, json=body) for _ in range(2)]
    assert len({answer.json["results"][0]["result"] for answer in answers}) == 2
    key = {"Idempotency-Key": "message-1"}
    answers = [zocalo.post(COMMANDS, json=body, headers=key) for _ in range(2)]
    assert answers[0].json == answers[1].json
    assert len(rows(AutoProcProgram)) == before + 3


@pytest.mark.parametrize(
    "change",
    [
        {"rpid": "5"},
        {"dcid": 111},
        {"rpid": "$ispyb_rpid"},
        {"environment": {"scaling_id": [1]}},
        {"scaling_id": "1"},
    ],
    ids=["job", "collection", "reference", "environment", "scaling"],
)
def test_a_program_for_a_row_is_registered_once(zocalo, add, rows, change):
    add(
        AutoProc(autoProcId=1, autoProcProgramId=50),
        AutoProcScaling(autoProcScalingId=1, autoProcId=1),
    )
    body = {"ispyb_command_list": [{**REGISTER, **change}], "environment": {"ispyb_rpid": 5}}
    before = len(rows(AutoProcProgram))
    answers = [zocalo.post(COMMANDS, json=body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert len(rows(AutoProcProgram)) == before + 1
