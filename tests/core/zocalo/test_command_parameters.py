"""The permission of each command, and the visibility of every parent that it names."""

import pytest

from services.core.models import (
    AutoProc,
    AutoProcIntegration,
    AutoProcScaling,
    MXMRRun,
    Screening,
)
from shared.models import (
    AutoProcProgramMessage,
    DataCollection,
    DataCollectionGroup,
    Proposal,
    Protein,
)
from tests.core.processing_rows import URL

COMMANDS = f"{URL}/commands"
WRITE = {"ispyb_command": "write_autoproc"}


def test_a_permission_for_each_kind_is_needed(as_, processed, rows):
    group = {"ispyb_command": "insert_data_collection_group", "session_id": 11}
    say = {"ispyb_command": "add_program_message", "program_id": 50, "severity": "INFO"}

    def status(permission, *commands):
        client = as_("program", None, permission, "all_sessions", service=True)
        return client.post(COMMANDS, json={"ispyb_command_list": commands}).status_code

    assert status("ssx_write", say) == 403
    assert status("mx_write", group) == 201 and status("processing_write", say) == 201
    before = len(rows(DataCollectionGroup))
    assert status("mx_write", group, say) == 403 and status("processing_write", say, group) == 403
    assert len(rows(DataCollectionGroup)) == before and len(rows(AutoProcProgramMessage)) == 1


def test_acquisition(as_, processed, rows):
    client = as_("gda", None, "mx_write", "all_sessions", service=True)
    commands = [
        {
            "ispyb_command": "insert_data_collection_group",
            "session_id": 11,
            "experiment_type": "OSC",
            "store_result": "dcg",
        },
        {
            "ispyb_command": "insert_data_collection",
            "dcgid": "$dcg",
            "image_directory": "/data/new/",
            "xtal_snapshot1": "/data/a.jpeg",
            "store_result": "dc",
        },
        {"ispyb_command": "upsert_data_collection_mx", "dcid": "$dc", "xtal_snapshot2": "/b.jpeg"},
    ]
    answer = client.post(COMMANDS, json={"ispyb_command_list": commands})
    assert answer.status_code == 201, answer.json
    key = answer.json["environment"]["dc"]
    stored_rows = {row.dataCollectionId: row for row in rows(DataCollection)}[key]
    assert stored_rows.xtalSnapshotFullPath1 == "/data/a.jpeg"
    assert (stored_rows.xtalSnapshotFullPath2, stored_rows.imageDirectory) == (
        "/b.jpeg",
        "/data/new/",
    )


@pytest.mark.parametrize(
    "command",
    [
        {"ispyb_command": "register_processing", "rpid": 6},
        {"ispyb_command": "register_processing", "dcid": 211},
        {"ispyb_command": "update_processing_status", "program_id": 60, "status": "success"},
        {"ispyb_command": "update_program_name", "program_id": 60, "program": "x"},
        {"ispyb_command": "add_program_message", "program_id": 60, "severity": "INFO"},
        {"ispyb_command": "write_autoproc", "program_id": 60},
        {"ispyb_command": "write_autoproc", "autoproc_id": 600},
        {"ispyb_command": "insert_scaling", "autoproc_id": 600},
        {"ispyb_command": "upsert_integration", "integration_id": 600},
        {"ispyb_command": "upsert_integration", "dcid": 211},
        {"ispyb_command": "insert_mxmr_run", "auto_proc_scaling_id": 600},
        {"ispyb_command": "insert_mxmr_run_blob", "mxmr_run_id": 600},
        {"ispyb_command": "insert_phasing_analysis_results", "scaling_id": 600},
        {"ispyb_command": "store_dimple_failure", "scaling_id": 600},
        {"ispyb_command": "insert_pdb_files", "protein_id": 600, "pdb_files": []},
        {"ispyb_command": "create_ispyb_job", "DCID": 211},
        {"ispyb_command": "store_per_image_analysis_results", "dcid": 211, "file-number": 1},
        {"ispyb_command": "add_datacollection_attachment", "dcid": 211, "file_name": "a"},
        {"ispyb_command": "insert_screening", "dcid": 211},
        {"ispyb_command": "insert_screening_output", "screening_id": 600},
        {"ispyb_command": "insert_xray_centring", "dcgid": 21},
        {"ispyb_command": "buffer", "program_id": 60, "buffer_command": WRITE},
        {"ispyb_command": "retrieve_program_attachments_for_program_id", "program_id": 60},
    ],
    ids=lambda command: "-".join(map(str, command.values()))[:60],
)
def test_hidden_parents_look_absent(as_, processed, add, command):
    add(
        AutoProc(autoProcId=600, autoProcProgramId=60),
        AutoProcScaling(autoProcScalingId=600, autoProcId=600),
        MXMRRun(mxMRRunId=600, autoProcScalingId=600, autoProcProgramId=60),
        AutoProcIntegration(autoProcIntegrationId=600, autoProcProgramId=60, dataCollectionId=211),
        Screening(screeningId=600, dataCollectionId=211),
        Proposal(proposalId=3, personId=3, proposalCode="mx", proposalNumber="3"),
        Protein(proteinId=600, proposalId=3),
    )
    client = as_("zocalo", None, "processing_write", service=True, beamlines=["i03"])
    answer = client.post(COMMANDS, json={"ispyb_command_list": [command]})
    assert answer.status_code == 424, answer.json
    hidden = {6: 999, 60: 999, 600: 999, 211: 999, 21: 999}
    absent = {
        name: hidden.get(value, value) if isinstance(value, int) else value
        for name, value in command.items()
    }
    other = client.post(COMMANDS, json={"ispyb_command_list": [absent]})
    assert {**answer.json, "requestId": ""} == {**other.json, "requestId": ""}
