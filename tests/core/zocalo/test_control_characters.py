"""Control characters become blanks in commands and XML, and are refused elsewhere."""

from xml.etree.ElementTree import tostring

import pytest

from tests.core.processing.test_autoproc_xml import PROGRAM, container
from tests.core.processing_rows import RESULTS, URL

BLANKED = "control characters replaced by blanks"


def test_a_comment_keeps_its_lines(as_, processed):
    text, url = "ice rings:\n\t3.9 Å\r\n", f"{URL}/data_collections/111/comments"
    alice = as_("alice", 1)
    assert alice.post(url, json={"comments": text}).json["comments"] == text
    refused = alice.post(url, json={"comments": "ice\x07"})
    assert (refused.status_code, [*refused.json["errors"]]) == (422, ["comments"])


def test_commands(zocalo, send):
    command = {"ispyb_command": "register_processing", "program": "xia2\r\n\x1b[0mDIALS\n"}
    command |= {"dcid": 111, "cmdline": "xia2 \\\n\tpipeline=dials"}
    answer = zocalo.post(f"{URL}/commands", json=command)
    assert answer.status_code == 201, answer.json
    (done,) = answer.json["results"]
    assert done["warnings"] == [f"processingPrograms: {BLANKED}"]
    stored = zocalo.get(f"{URL}/autoproc/programs/{done['result']}").json
    assert stored["processingPrograms"] == "xia2 [0mDIALS"
    assert stored["processingCommandLine"] == command["cmdline"]


def test_xml(zocalo):
    body = tostring(container({**PROGRAM, "processingPrograms": "auto\nPROC", "x": "y"}))
    url = f"{RESULTS}?dataCollectionId=111"
    answer = zocalo.post(url, data=body, content_type="application/xml")
    assert answer.status_code == 201, answer.json
    assert answer.json["program"]["processingPrograms"] == "auto PROC"
    assert f"AutoProcProgram.processingPrograms: {BLANKED}" in answer.json["warnings"]


@pytest.mark.parametrize("tag, most", [("AutoProcProgramAttachment", 10_000), ("a", 200_000)])
def test_xml_is_not_read_at_any_cost(zocalo, tag, most):
    inside = f"<{tag}/>" * (most + 1)
    body = f"<AutoProcContainer><AutoProcProgramContainer>{inside}</AutoProcProgramContainer>"
    answer = zocalo.post(RESULTS, data=f"{body}</AutoProcContainer>", content_type="text/xml")
    assert (answer.status_code, str(most) in answer.json["detail"]) == (413, True)
