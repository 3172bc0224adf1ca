"""JSON Schema of what clients write: it is valid, and says what the API does."""

import pytest
from jsonschema import Draft202012Validator

from tests.operations import PERMISSIONS

URL = "/ispyb/api/v1/schemas"
WHERE = {
    "XrfSpectrum": "xrf_spectra",
    "XrfMap": "xrf_maps",
    "Setup": "beamline/setups",
    "RobotAction": "beamline/robot_actions",
    "Image": "data_collections/1/images",
    "EnergyScan": "energy_scans",
    "Detector": "beamline/detectors",
    "Comment": "data_collections/1/comments",
    "CollectionAttachment": "data_collections/1/attachments",
    "DataCollection": "data_collections",
    "Grid": "data_collections/1/grids",
    "GroupDocument": "data_collections/groups",
    "Centring": "centrings",
    "LabContact": "contacts/lab_contacts",
    "Laboratory": "contacts/labs",
    "Person": "contacts/persons",
    "Proposal": "proposals",
    "ProposalMember": "proposals/1/persons",
    "Screening": "screenings",
    "Session": "sessions",
    "SessionMember": "sessions/11/persons",
}
TIDIED = {  # of pipelines: what they send is mended first, so more is accepted than these say
    "AutoProcProgram": "autoproc/programs",
    "ProgramAttachment": "autoproc/programs/attachments",
    "Attachment": "autoproc/programs/50/attachments",
    "Message": "autoproc/programs/50/messages",
    "ProcessingJob": "processing_jobs",
    "Result": "autoproc/results",
    "CommandList": "commands",
}
GOOD = {
    "XrfSpectrum": {"sessionId": 11},
    "XrfMap": {
        "gridInfoId": 1,
        "dataFormat": "json",
        "data": "e30=",
        "XRFFluorescenceMappingROI": {"startEnergy": 1, "endEnergy": 2.5},
    },
    "Setup": {},
    "RobotAction": {"blsessionId": 11},
    "Image": {"imageNumber": 1},
    "EnergyScan": {"sessionId": 11},
    "Detector": {},
    "Comment": {"comments": "nice"},
    "CollectionAttachment": {"fileFullPath": "/data/a.log"},
    "DataCollection": {"dataCollectionGroupId": 1},
    "Grid": {},
    "GroupDocument": {"sessionId": 11, "DataCollection": [{"GridInfo": [{"steps_x": 2}]}]},
    "AutoProcProgram": {},
    "ProgramAttachment": {"autoProcProgramId": 50, "fileName": "a", "filePath": "/data"},
    "Attachment": {"fileName": "a", "filePath": "/data"},
    "Message": {"severity": "INFO"},
    "ProcessingJob": {},
    "Result": {
        "program": {"processingStatus": 1},
        "attachments": [{"fileName": "a", "filePath": "/data", "fileType": "Log"}],
        "phasing": {"steps": [{"phasingStepType": "PHASING"}]},
    },
    "CommandList": {"ispyb_command_list": [{"ispyb_command": "register_processing"}]},
    "Centring": {"dataCollectionGroupId": 1, "results": [{}]},
    "LabContact": {"personId": 1, "proposalId": 1, "cardName": "home"},
    "Laboratory": {"name": "Institute"},
    "Person": {"familyName": "Ndiaye"},
    "Proposal": {"personId": 1, "proposalCode": "cm", "proposalNumber": "1"},
    "ProposalMember": {"personId": 4},
    "Screening": {},
    "Session": {"proposalId": 1},
    "SessionMember": {"personId": 4},
}
TRIED = [
    {},
    None,
    True,
    -1,
    1,
    0.5,
    2**31,
    2**32,
    "x",
    "x" * 41,
    "x" * 201,
    "ł",
    "Open",
    "Low",
    "Staff",
    "0" * 32,
    "2024-05-01T10:00:00",
    "2024-05-01T10:00:00Z",
]


def test_the_names_are_those_of_all_that_is_created(as_, app):
    shown = as_("erin", 5).get(f"{URL}/available_names").json
    assert shown == {"names": sorted({*WHERE, *TIDIED})}
    published = as_("erin", 5).get("/ispyb/api/v1/openapi.json").json["paths"]
    created = {
        item["post"]["requestBody"]["content"]["application/json"]["schema"].get("$ref")
        for item in published.values()
        if "post" in item
    }
    assert {ref.rpartition("/")[2] for ref in created if ref} == {*WHERE, *TIDIED}


def test_nobody_reads_them_unknown(app, as_):
    assert app.test_client().get(f"{URL}/available_names").status_code == 401
    assert app.test_client().get(f"{URL}/Proposal").status_code == 401
    assert as_("erin", 5).get(f"{URL}/os.path").status_code == 404
    assert as_("erin", 5).get(f"{URL}/proposal").status_code == 404
    assert as_("erin", 5).get(f"{URL}/Proposal?x=1").status_code == 422


@pytest.mark.sqlite
@pytest.mark.parametrize("name", [*WHERE, *TIDIED])
def test_a_schema_accepts_what_the_api_accepts(as_, office, facility, name):
    """Every field with every value; an unknown one beside it, so that nothing is written."""
    definition = office.get(f"{URL}/{name}").json
    Draft202012Validator.check_schema(definition)
    validator = Draft202012Validator(definition)
    assert validator.is_valid(GOOD[name])
    assert validator.is_valid({}) == (GOOD[name] == {})
    assert not validator.is_valid(GOOD[name] | {"nope": 1})
    url = f"/ispyb/api/v1/{(WHERE | TIDIED)[name]}"
    writer = as_("writer", None, *PERMISSIONS)
    for field, kind in definition["properties"].items():
        for value in TRIED:
            if value == 1 and "boolean" in kind.get("type", ""):
                continue  # the API takes 0 and 1 for false and true, as the columns hold them
            if value == "0" * 32 and "number" in kind.get("type", ""):
                continue  # and numbers as text
            body = GOOD[name] | {field: value}
            response = writer.post(url, json=body | {"nope": 1})
            accepted = field not in response.json.get("errors", ())
            assert accepted or not validator.is_valid(body), body
            assert name in TIDIED or validator.is_valid(body) or not accepted, body
