"""Letters outside latin1: written in ASCII in free text of lenient writers, refused elsewhere."""

from xml.etree.ElementTree import tostring

import pytest

from services.core.models import RobotAction
from shared.models import AutoProcProgram, AutoProcProgramMessage
from tests.core.processing.test_autoproc_xml import PROGRAM, container
from tests.core.processing_rows import PROGRAMS, RESULTS, URL

ROBOT_ACTION = "/ispyb/mxcube/events/robot-action"


def replaced(letters):
    """The end of the warning about ``letters``."""
    return f"replaced {letters}, which ISPyB cannot store (latin1)"


@pytest.mark.parametrize(
    "text, stored, letters",
    [
        ("α-helix, 5 μm loop", "a-helix, 5 µm loop", "α, μ"),
        ("loop → pin‑base ≥ 3", "loop > pin-base >= 3", "→, ‑, ≥"),
        ("krystał żółty", "krystal zólty", "ł, ż"),
        ("cafe\u0301 at 2 \u212bngström", "café at 2 Ångström", "\u0301, \u212b"),
        ("private \ue000", "private ?", "\ue000"),
        ("αβγδεζηθικλ", "abgdezithikl", "α, β, γ, δ, ε, ζ, η, θ, ι, κ, …"),
    ],
    ids=["greek", "signs", "polish", "composed", "nothing like it", "many"],
)
def test_free_text_is_transliterated_with_a_warning(as_, facility, rows, text, stored, letters):
    action = {"sessionId": 11, "actionType": "LOAD", "message": text}
    answer = as_("alice", 1).post(ROBOT_ACTION, json=action)
    assert answer.status_code == 201, answer.json
    assert answer.json["warnings"] == [f"message: {replaced(letters)}"]
    assert [row.message for row in rows(RobotAction)] == [stored]


def test_text_that_latin1_has_stays(as_, facility, rows):
    action = {"sessionId": 11, "actionType": "LOAD", "message": "50 µm ± 1 Å at 100 °C – “good” €"}
    assert "warnings" not in as_("alice", 1).post(ROBOT_ACTION, json=action).json
    assert rows(RobotAction)[0].message == action["message"]


def test_a_text_is_cut_after_it_was_transliterated(as_, facility, rows):
    """ASCII may be longer than the letter."""
    action = {"sessionId": 11, "actionType": "LOAD", "message": "≥" * 200 + "\x07"}
    answer = as_("alice", 1).post(ROBOT_ACTION, json=action)
    assert answer.json["warnings"] == [
        "message: control characters replaced by blanks",
        f"message: {replaced('≥')}",
        "message: cut to 255 characters",
    ]
    assert rows(RobotAction)[0].message == (">=" * 200)[:255]


def test_commands(zocalo, send, rows):
    program = {"ispyb_command": "register_processing", "program": "xia2", "rpid": 5}
    program |= {"cmdline": "xia2 project=α", "store_result": "id"}
    message = {"ispyb_command": "add_program_message", "program_id": "$id", "severity": "INFO"}
    message |= {"message": "I/σ(I) < 1"}
    status = {"ispyb_command": "update_processing_status", "program_id": "$id"}
    status |= {"status": "failure", "message": "σ is 0"}
    body = {"ispyb_command_list": [program, message, status]}
    answer = zocalo.post(f"{URL}/commands", json=body)
    assert answer.status_code == 201, answer.json
    assert [each["warnings"] for each in answer.json["results"]] == [
        [f"processingCommandLine: {replaced('α')}"],
        [f"message: {replaced('σ')}"],
        [f"processingMessage: {replaced('σ')}"],
    ]
    (row,) = rows(AutoProcProgramMessage)
    assert row.message == "I/s(I) < 1"
    program = next(r for r in rows(AutoProcProgram) if r.processingPrograms == "xia2")
    assert program.processingCommandLine == "xia2 project=a"
    assert program.processingMessage == "s is 0"


def test_free_text_of_a_command_itself(zocalo, send, rows):
    screening = {"ispyb_command": "insert_screening", "dcid": 111, "shortcomments": "φ scan"}
    screening |= {"comments": "λ = 1 Å", "program_version": "EDNA"}
    answer = zocalo.post(f"{URL}/commands", json={"ispyb_command_list": [screening]})
    assert answer.status_code == 201, answer.json
    (done,) = answer.json["results"]
    assert {*done["warnings"]} == {
        f"shortComments: {replaced('φ')}",
        f"comments: {replaced('λ')}",
    }
    stored = zocalo.get(f"{URL}/screenings/{done['result']}").json
    assert (stored["shortComments"], stored["comments"]) == ("f scan", "l = 1 Å")


def test_xml(zocalo):
    root = container({**PROGRAM, "processingMessage": "I/σ(I) is low"})
    url = f"{RESULTS}?dataCollectionId=111"
    answer = zocalo.post(url, data=tostring(root), content_type="application/xml")
    assert answer.status_code == 201, answer.json
    assert answer.json["program"]["processingMessage"] == "I/s(I) is low"
    assert answer.json["warnings"] == [f"program.processingMessage: {replaced('σ')}"]


def test_exp_eye(as_, stock):
    hyperion = as_("hyperion", None, "mx_write", service=True, beamlines=["i03"])
    action = {"startTimestamp": "2026-11-20 09:12:40", "actionType": "LOAD", "sampleId": 1}
    url = "/ispyb/expeye/proposals/mx1/sessions/1/robot-actions"
    made = hyperion.post(url, json={**action, "message": "Πιν"})
    assert (made.status_code, made.json["message"]) == (201, "Pin")
    assert made.json["warnings"] == [f"message: {replaced('Π, ι, ν')}"]


def test_paths_and_names_stay_strict(zocalo, as_, rows):
    file = {"fileName": "σ.log", "filePath": "/d", "fileType": "Log"}
    refused = zocalo.post(f"{PROGRAMS}/50/attachments", json=file)
    assert (refused.status_code, [*refused.json["errors"]]) == (422, ["fileName"])
    action = {"sessionId": 11, "actionType": "LOAD", "xtalSnapshotBefore": "/data/α.png"}
    refused = as_("alice", 1).post(ROBOT_ACTION, json=action)
    assert (refused.status_code, [*refused.json["errors"]]) == (422, ["xtalSnapshotBefore"])
    assert rows(RobotAction) == []


def test_the_native_interface_stays_strict(as_, processed):
    url = f"{URL}/data_collections/111/comments"
    refused = as_("alice", 1).post(url, json={"comments": "α-helix"})
    assert (refused.status_code, [*refused.json["errors"]]) == (422, ["comments"])
