"""Who may do what: every operation of every service, tried by every role on a small world.

Proposal, session, group, collection, person, … 1 belong together, on beamline i03; those with 2
to the stranger, on m02. An operation is asked for row 1, and for row 999, which is not there:
to whom row 1 is hidden, both answers are the same.
"""

import pytest

from tests import files
from tests.operations import PERMISSIONS, ROOT, filled, names

I03, M02 = {"service": True, "beamlines": ["i03"]}, {"service": True, "beamlines": ["m02"]}
ROLES = {
    "anonymous": None,
    "expired": (("alice", 1, *PERMISSIONS), {"exp": 1}),
    "stranger": (("stranger", 6), {}),
    "on session": (("visitor", 3), {}),
    "on proposal": (("member", 2), {}),
    "leader": (("alice", 1), {}),
    "beamline staff": (("staff", 4, "mx_admin"), {}),
    "all_proposals": (("overseer", 5, "all_proposals"), {}),
    "reading program": (("reader", None), I03),
    "writing program": (("writer", None, *PERMISSIONS), I03),
    "user office": (("office", None, *PERMISSIONS), {"service": True}),
    "program elsewhere": (("writer", None, *PERMISSIONS), M02),
}
NOBODY, SIGNED_IN = list(ROLES)[:2], list(ROLES)[2:]
INSIDE = SIGNED_IN[1:-1]  # to whom row 1 is visible
OUTSIDE = ["stranger", "program elsewhere"]
PROGRAMS = ["writing program", "user office", "program elsewhere"]  # they hold all permissions


def everybody(status=200):
    """Needs no token."""
    return dict.fromkeys(ROLES, status)


def signed_in(status=200, **other):
    """Needs no more than a token."""
    return everybody(status) | dict.fromkeys(NOBODY, 401)


def persons(status=200):
    """Is about the caller itself, who must be in the table of persons."""
    return signed_in(404) | dict.fromkeys(SIGNED_IN[:6], status)


def inside(status=200, reader=None, outside=404):
    """Needs row 1 to be visible; a program that reads may be denied more."""
    found = signed_in(outside) | dict.fromkeys(INSIDE, status)
    return found | ({"reading program": reader} if reader else {})


def holders(status=200, elsewhere=404):
    """Needs a permission, and row 1 to be visible."""
    return signed_in(403) | dict(zip(PROGRAMS, (status, status, elsewhere)))


def managers(status=200):
    """Needs a permission, wherever the caller is."""
    return holders(status, status)


def office(status=200):
    """Is about the whole site: for no program that is limited to beamlines."""
    return signed_in(403) | {"user office": status}


def people(status=200, outside=404):
    """Is for those who see row 1; of programs for the user office's."""
    denied = dict.fromkeys(["reading program", *PROGRAMS], 403)
    return inside(status, outside=outside) | denied | {"user office": status}


# What each role is answered for row 1.
MATRIX = {
    "get /auth/activity": managers(),
    "get /auth/config": everybody(),
    "get /auth/groups": managers(),
    "post /auth/groups": managers(201),
    "get /auth/groups/{userGroupId}": managers(),
    "patch /auth/groups/{userGroupId}": managers(),
    "post /auth/groups/{userGroupId}/permissions/{permissionId}": managers(201),
    "delete /auth/groups/{userGroupId}/permissions/{permissionId}": managers(),
    "post /auth/groups/{userGroupId}/persons/{personId}": managers(201),
    "delete /auth/groups/{userGroupId}/persons/{personId}": managers(),
    "get /auth/health": everybody(),
    "get /auth/jwks": everybody(),
    "post /auth/login": everybody(201),
    "post /auth/logout": signed_in(),
    "get /auth/permissions": managers(),
    "post /auth/permissions": managers(201),
    "get /auth/permissions/{permissionId}": managers(),
    "patch /auth/permissions/{permissionId}": managers(),
    "post /auth/refresh": everybody(),
    "get /auth/tokens": managers(),
    "post /auth/tokens": managers(201),
    "get /auth/tokens/{serviceTokenId}": managers(),
    "delete /auth/tokens/{serviceTokenId}": managers(),
    "get /user/current": signed_in(),
    "get /user/profile": persons(),
    "patch /user/profile": persons(),
    "post /user/sign": signed_in(201),
    "post /ispyb/mxcube/auth/login": everybody(201),
    "post /ispyb/mxcube/auth/refresh": everybody(),
    "get /ispyb/mxcube/user/current": signed_in(),
    "get /beamline/detectors": signed_in(),
    "post /beamline/detectors": managers(201),
    "get /beamline/detectors/{detector_id}": signed_in(),
    "patch /beamline/detectors/{detector_id}": managers(),
    "get /beamline/robot_actions": signed_in(),
    "post /beamline/robot_actions": holders(201),
    "get /beamline/robot_actions/{robot_action_id}": inside(),
    "patch /beamline/robot_actions/{robot_action_id}": holders(),
    "get /beamline/setups": signed_in(),
    "post /beamline/setups": holders(201, elsewhere=403),
    "get /beamline/setups/{setup_id}": signed_in(),
    "patch /beamline/setups/{setup_id}": holders(),
    "get /beamline/statistics": signed_in(),
    "get /beamline/statistics/histogram": signed_in(),
    "get /centrings": signed_in(),
    "post /centrings": holders(201, elsewhere=424),  # it sees no such group
    "get /centrings/{centring_id}": inside(),
    "post /commands": holders(201, elsewhere=424),  # it sees no such program
    "get /contacts/lab_contacts": signed_in(),
    "post /contacts/lab_contacts": people(201, outside=424),  # they see no such person
    "get /contacts/lab_contacts/{lab_contact_id}": inside(),
    "put /contacts/lab_contacts/{lab_contact_id}": people(),
    "patch /contacts/lab_contacts/{lab_contact_id}": people(),
    "delete /contacts/lab_contacts/{lab_contact_id}": people(),
    "get /contacts/labs": signed_in(),
    "post /contacts/labs": office(201),
    "get /contacts/labs/{laboratory_id}": signed_in(),
    "put /contacts/labs/{laboratory_id}": office(),
    "patch /contacts/labs/{laboratory_id}": office(),
    "delete /contacts/labs/{laboratory_id}": office(409),
    "get /contacts/persons": signed_in(),
    "post /contacts/persons": office(201),
    "post /contacts/persons/batch": office(201),
    "get /contacts/persons/{person_id}": inside(),
    "put /contacts/persons/{person_id}": office(),
    "patch /contacts/persons/{person_id}": office(),
    "delete /contacts/persons/{person_id}": office(409),
    "get /data_collections": signed_in(),
    "post /data_collections": holders(201, elsewhere=424),  # it sees no such group
    "get /data_collections/groups": signed_in(),
    "post /data_collections/groups": holders(201),
    "get /data_collections/groups/{data_collection_group_id}": inside(),
    "patch /data_collections/groups/{data_collection_group_id}": holders(),
    "get /data_collections/{data_collection_id}": inside(),
    "patch /data_collections/{data_collection_id}": holders(),
    "get /data_collections/{data_collection_id}/attachments": inside(),
    "post /data_collections/{data_collection_id}/attachments": holders(201),
    "get /data_collections/{data_collection_id}/comments": inside(),
    "post /data_collections/{data_collection_id}/comments": inside(201, reader=403)
    | dict.fromkeys(PROGRAMS, 403),
    "delete /data_collections/{data_collection_id}/comments/{comment_id}": signed_in(404)
    | {"on session": 200},  # who made it
    "get /data_collections/{data_collection_id}/grids": inside(),
    "post /data_collections/{data_collection_id}/grids": holders(201),
    **dict.fromkeys(files.PATHS, inside()),
    "get /data_collections/{data_collection_id}/image_quality": inside(),
    "put /data_collections/{data_collection_id}/image_quality": holders(),
    "get /autoproc": signed_in(),
    "get /autoproc/{autoproc_id}": inside(),
    "get /autoproc/best": signed_in(),
    "get /autoproc/programs": signed_in(),
    "post /autoproc/programs": holders(201, elsewhere=424),  # it sees no such job
    "get /autoproc/programs/attachments": signed_in(),
    "post /autoproc/programs/attachments": holders(201, elsewhere=424),
    "get /autoproc/programs/{program_id}": inside(),
    "patch /autoproc/programs/{program_id}": holders(),
    "get /autoproc/programs/{program_id}/attachments": inside(),
    "post /autoproc/programs/{program_id}/attachments": holders(201),
    "get /autoproc/programs/{program_id}/messages": inside(),
    "post /autoproc/programs/{program_id}/messages": holders(201),
    "post /autoproc/results": holders(201, elsewhere=424),
    "get /autoproc/results/{program_id}": inside(),
    "put /autoproc/results/{program_id}": holders(),
    "get /autoproc/status": signed_in(),
    "get /autoproc/table": signed_in(),
    "get /data_collections/{data_collection_id}/images": inside(),
    "post /data_collections/{data_collection_id}/images": holders(201),
    "get /data_collections/{data_collection_id}/position": inside(),
    "put /data_collections/{data_collection_id}/position": holders(),
    "get /energy_scans": signed_in(),
    "post /energy_scans": holders(201),
    "get /energy_scans/{energy_scan_id}": inside(),
    "patch /energy_scans/{energy_scan_id}": holders(),
    "get /processing_jobs": signed_in(),
    "post /processing_jobs": inside(201, reader=403, outside=424),  # they see no such data
    "get /processing_jobs/{processing_job_id}": inside(),
    "get /events": signed_in(),
    "get /events/types": signed_in(),
    "get /health": everybody(),
    "get /proposals": signed_in(),
    "post /proposals": office(201),
    "get /proposals/{proposal_id}": inside(),
    "put /proposals/{proposal_id}": office(),
    "patch /proposals/{proposal_id}": office(),
    "delete /proposals/{proposal_id}": office(409),
    "get /proposals/{proposal_id}/info": inside(),
    "get /proposals/{proposal_id}/persons": inside(),
    "post /proposals/{proposal_id}/persons": office(201),
    "patch /proposals/{proposal_id}/persons/{person_id}": office(),
    "delete /proposals/{proposal_id}/persons/{person_id}": office(),
    "get /containers": signed_in(),
    "get /containers/{container_id}": inside(),
    "get /samples": signed_in(),
    "get /samples/{sample_id}": inside(),
    "patch /samples/{sample_id}": inside(reader=403),
    "get /samples/crystals": signed_in(),
    "get /samples/crystals/{crystal_id}": inside(),
    "get /samples/diffraction_plans": signed_in(),
    "get /samples/diffraction_plans/{plan_id}": inside(),
    "get /samples/proteins": signed_in(),
    "get /samples/proteins/{protein_id}": inside(),
    "get /schemas/available_names": signed_in(),
    "get /schemas/{name}": signed_in(),
    "get /screenings": signed_in(),
    "post /screenings": holders(201, elsewhere=424),  # it sees no such data collection
    "get /screenings/{screening_id}": inside(),
    "get /sessions": signed_in(),
    "post /sessions": holders(201),
    "get /sessions/date": signed_in(),
    "get /sessions/{session_id}": inside(),
    "put /sessions/{session_id}": holders(),
    "patch /sessions/{session_id}": holders(),
    "delete /sessions/{session_id}": office(409),
    "get /sessions/{session_id}/info": inside(),
    "get /sessions/{session_id}/persons": inside(),
    "post /sessions/{session_id}/persons": office(201),
    "patch /sessions/{session_id}/persons/{person_id}": office(),
    "delete /sessions/{session_id}/persons/{person_id}": office(),
    "get /sessions/{session_id}/statistics": inside(),
    "get /ispyb/mxcube/proposals": signed_in(),
    "get /ispyb/mxcube/sessions": signed_in(),
    "post /ispyb/mxcube/sessions": inside(201, reader=403),
    "get /ispyb/mxcube/sessions/{session_id}": inside(),
    "patch /ispyb/mxcube/sessions/{session_id}/associate-beamline-setup": inside(reader=403),
    "post /ispyb/mxcube/datacollections/datacollection": inside(201, reader=403),
    "post /ispyb/mxcube/datacollections/group": inside(reader=403),
    "get /ispyb/mxcube/datacollections/{collection_id}": inside(),
    "get /ispyb/mxcube/samples": signed_in(),
    "patch /ispyb/mxcube/samples/{sample_id}": inside(reader=403),
    "post /ispyb/mxcube/beamline-setups/beamline-setup": signed_in(201) | {"reading program": 403},
    "get /ispyb/mxcube/detectors": signed_in(),
    "post /ispyb/mxcube/images/image": inside(201, reader=403),
    "post /ispyb/mxcube/events/robot-action": inside(201, reader=403),
    "post /ispyb/mxcube/events/energyscan": inside(201, reader=403),
    "patch /ispyb/mxcube/events/energyscan/associate-bl-sample": inside(reader=403),
    "post /ispyb/mxcube/events/xfe-fluorescence-spectrum": inside(201, reader=403),
    "get /ispyb/expeye/proposals/{ref}/data": inside(),
    "get /ispyb/expeye/proposals/{ref}/sessions/{visit}": inside(),
    "get /ispyb/expeye/proteins/{protein_id}": inside(),
    "get /ispyb/expeye/sessions": signed_in(),
    "post /ispyb/expeye/proposals/{ref}/sessions/{visit}/robot-actions": holders(201),
    "post /ispyb/expeye/proposals/{ref}/sessions/{visit}/data-groups": holders(201),
    "patch /ispyb/expeye/robot-actions/{action_id}": holders(),
    "patch /ispyb/expeye/samples/{sample_id}": holders(),
    "patch /ispyb/expeye/data-groups/{group_id}": holders(),
    "post /ispyb/expeye/data-groups/{group_id}/data-collections": holders(201),
    "patch /ispyb/expeye/data-collections/{collection_id}": holders(),
    "post /ispyb/expeye/data-collections/{collection_id}/position": holders(201),
    "post /ispyb/expeye/data-collections/{collection_id}/grids": holders(201),
    "get /ssx/datacollections": signed_in(),
    "get /ssx/datacollections/{collection_id}": inside(),
    "get /ssx/health": everybody(),
    "get /em/atlases": signed_in(),
    "get /em/atlases/{atlas_id}": inside(),
    "get /em/health": everybody(),
    "get /xrf_maps": signed_in(),
    "post /xrf_maps": holders(201, elsewhere=424),  # it sees no such grid
    "get /xrf_maps/{xrf_map_id}": inside(),
    "get /xrf_maps/{xrf_map_id}/data": inside(),
    "get /xrf_spectra": signed_in(),
    "post /xrf_spectra": holders(201),
    "get /xrf_spectra/{xrf_spectrum_id}": inside(),
    "patch /xrf_spectra/{xrf_spectrum_id}": holders(),
}
# The lists that hold row 1 for whom it is visible, and what it is known by there.
LISTS = {
    "get /autoproc": "autoProcId",
    "get /autoproc/programs": "autoProcProgramId",
    "get /autoproc/programs/attachments": "autoProcProgramAttachmentId",
    "get /beamline/robot_actions": "robotActionId",
    "get /data_collections": "dataCollectionId",
    "get /data_collections/groups": "dataCollectionGroupId",
    "get /energy_scans": "energyScanId",
    "get /processing_jobs": "processingJobId",
    "get /centrings": "xrayCentringId",
    "get /contacts/lab_contacts": "labContactId",
    "get /contacts/persons": "personId",
    "get /containers": "containerId",
    "get /events": "id",
    "get /proposals": "proposalId",
    "get /samples": "blSampleId",
    "get /samples/crystals": "crystalId",
    "get /samples/diffraction_plans": "diffractionPlanId",
    "get /samples/proteins": "proteinId",
    "get /screenings": "screeningId",
    "get /sessions": "sessionId",
    "get /sessions/date": "sessionId",
    "get /ispyb/mxcube/proposals": "proposalId",
    "get /ispyb/mxcube/sessions": "sessionId",
    "get /ispyb/mxcube/samples": "blSampleId",
    "get /ssx/datacollections": "dataCollectionId",
    "get /em/atlases": "atlasId",
    "get /xrf_maps": "xrfFluorescenceMappingId",
    "get /xrf_spectra": "xfeFluorescenceSpectrumId",
}
# Open to everybody; this list stays short.
PUBLIC = {
    *("get /auth/config", "get /auth/jwks", "post /auth/login", "post /auth/refresh"),
    *("post /ispyb/mxcube/auth/login", "post /ispyb/mxcube/auth/refresh"),
    *("get /health", "get /auth/health", "get /ssx/health", "get /em/health"),
}
LOGIN = {"plugin": "dummy", "login": "alice", "password": "alice-word"}
PERSON, LAB = {"familyName": "New"}, {"name": "new"}
PROPOSAL = {"personId": 1, "proposalCode": "cm", "proposalNumber": "7"}
CONTACT = {"proposalId": 1, "personId": 1, "cardName": "another"}
SESSION = {"proposalId": 1, "beamLineName": "i03"}
DAY = {"startDate": "2024-06-01T09:00:00", "endDate": "2024-06-02T09:00:00"}
FILE = {"fileName": "a.log", "filePath": "/data"}
SWEPT = {"sessionId": 1, "oscillation_sequence": [{}]}
SAY = {"ispyb_command": "add_program_message", "program_id": 1, "severity": "INFO"}
REGION = {"startEnergy": 1, "endEnergy": 2}
XRF_MAP = {"gridInfoId": 1, "dataFormat": "json", "data": "e30="}
XRF_MAP |= {"XRFFluorescenceMappingROI": REGION}
# The bodies of writes, where an empty one will not do.
BODIES = {
    "post /auth/groups": {"name": "new"},
    "post /auth/login": LOGIN,
    "post /auth/permissions": {"type": "new"},
    "post /auth/tokens": {"name": "new", "permissions": ["mx_write"], "beamlines": None},
    "post /user/sign": {"url": f"{ROOT}/proposals"},
    "post /ispyb/mxcube/auth/login": LOGIN,
    "post /autoproc/programs": {"processingJobId": 1},
    "post /autoproc/programs/attachments": {**FILE, "autoProcProgramId": 1},
    "post /autoproc/programs/{program_id}/attachments": FILE,
    "post /autoproc/programs/{program_id}/messages": {"severity": "INFO"},
    "post /autoproc/results": {"program": {"processingJobId": 1}},
    "put /autoproc/results/{program_id}": {"program": {}},
    "post /beamline/robot_actions": {"blsessionId": 1},
    "post /beamline/setups": {"beamlineName": "i03"},
    "post /data_collections": {"dataCollectionGroupId": 1},
    "post /data_collections/groups": {"sessionId": 1, "DataCollection": [{"Position": {}}]},
    "post /data_collections/{data_collection_id}/attachments": {"fileFullPath": "/data/a.log"},
    "post /data_collections/{data_collection_id}/comments": {"comments": "a nice one"},
    "post /data_collections/{data_collection_id}/images": {"imageNumber": 1},
    "post /energy_scans": {"sessionId": 1},
    "post /processing_jobs": {"dataCollectionId": 1},
    "post /centrings": {"dataCollectionGroupId": 1, "results": [{}]},
    "post /commands": {"ispyb_command_list": [SAY]},
    "post /contacts/lab_contacts": {**CONTACT, "personId": 2},
    "put /contacts/lab_contacts/{lab_contact_id}": CONTACT,
    "post /contacts/labs": LAB,
    "put /contacts/labs/{laboratory_id}": LAB,
    "post /contacts/persons": PERSON,
    "post /contacts/persons/batch": [PERSON, PERSON],
    "put /contacts/persons/{person_id}": PERSON,
    "put /data_collections/{data_collection_id}/image_quality": {"imageNumber": [1]},
    "post /proposals": PROPOSAL,
    "put /proposals/{proposal_id}": PROPOSAL,
    "post /proposals/{proposal_id}/persons": {"personId": 3},
    "post /screenings": {"dataCollectionId": 1, "outputs": [{}]},
    "post /sessions": SESSION,
    "put /sessions/{session_id}": SESSION,
    "post /sessions/{session_id}/persons": {"personId": 2},
    "post /ispyb/mxcube/sessions": {**SESSION, **DAY},
    "post /ispyb/mxcube/datacollections/datacollection": SWEPT,
    "post /ispyb/mxcube/datacollections/group": SWEPT,
    "post /ispyb/mxcube/images/image": {"dataCollectionId": 1, "imageNumber": 1},
    "post /ispyb/mxcube/events/robot-action": {"sessionId": 1},
    "post /ispyb/mxcube/events/energyscan": {"sessionId": 1},
    "patch /ispyb/mxcube/events/energyscan/associate-bl-sample": {
        "energyScanId": 7,
        "blSampleId": 1,
    },
    "post /ispyb/mxcube/events/xfe-fluorescence-spectrum": {"sessionId": 1},
    "post /xrf_maps": XRF_MAP,
    "post /xrf_spectra": {"sessionId": 1},
}
ROW_1 = {"name": "Proposal"}  # what stands in a path for row 1, if not 1
PATHS = files.PATHS | {
    "post /auth/groups/{userGroupId}/permissions/{permissionId}": {"permissionId": 2},
    "delete /auth/groups/{userGroupId}/persons/{personId}": {"personId": 4},
    "patch /proposals/{proposal_id}/persons/{person_id}": {"person_id": 2},
    "delete /proposals/{proposal_id}/persons/{person_id}": {"person_id": 2},
    "patch /sessions/{session_id}/persons/{person_id}": {"person_id": 3},
    "delete /sessions/{session_id}/persons/{person_id}": {"person_id": 3},
    "get /ispyb/expeye/proposals/{ref}/data": {"ref": "mx1"},
    "get /ispyb/expeye/proposals/{ref}/sessions/{visit}": {"ref": "mx1"},
    "post /ispyb/expeye/proposals/{ref}/sessions/{visit}/robot-actions": {"ref": "mx1"},
    "post /ispyb/expeye/proposals/{ref}/sessions/{visit}/data-groups": {"ref": "mx1"},
    "patch /ispyb/expeye/robot-actions/{action_id}": {"action_id": 7},
}
QUERIES = {
    "get /autoproc/best": {"sessionId": 1},
    "get /autoproc/status": {"dataCollectionIds": "1,2"},
    "get /beamline/statistics": {
        "beamLineName": "i03",
        "start": "2024-05-01",
        "end": "2024-05-02",
    },
    "get /beamline/statistics/histogram": {"parameter": "energy"},
    "get /sessions/date": {"start_date": "2024-01-01", "end_date": "2024-12-31"},
    "patch /ispyb/mxcube/sessions/{session_id}/associate-beamline-setup": {"beamLineSetupId": 1},
    "get /ispyb/mxcube/detectors": {"manufacturer": "Dectris", "model": "EIGER"},
}


@pytest.fixture
def ask(built, operations, token):
    """``ask(role, name)`` does that operation on row 1, and with ``absent`` on one not there."""

    def send(role, name, absent=False):
        service, path, operation = operations[name]
        client, headers = built(service).test_client(), {}
        body, values = BODIES.get(name, {}), dict.fromkeys(names(operation, "path"), 1)
        values |= {key: value for key, value in ROW_1.items() if key in values}
        values |= PATHS.get(name, {})
        if name.endswith("/refresh"):
            made = client.post(path.replace("refresh", "login"), json=LOGIN).json
            body = {"refreshToken": made["refreshToken"]}
        if absent and values:
            values[next(iter(values))] = 999
        elif absent:
            body = {**body, "proposalId": 999}
        if ROLES[role]:
            who, claims = ROLES[role]
            headers["Authorization"] = f"Bearer {token(*who, **claims)}"
        given = {"json": body} if "requestBody" in operation else {}
        return client.open(
            filled(path, values),
            method=name.split()[0],
            headers=headers,
            query_string=QUERIES.get(name),
            **given,
        )

    return send


def test_the_matrix_is_complete(operations):
    assert operations.keys() == MATRIX.keys()


@pytest.mark.parametrize("name", MATRIX)
def test_role_by_route(world, ask, name):
    world()
    found, sees = {}, []
    for role in ROLES:
        response = ask(role, name)
        found[role] = response.status_code
        if name in LISTS and response.status_code == 200:
            rows = response.json["results"] if "results" in response.json else response.json
            sees += [role] if 1 in [row[LISTS[name]] for row in rows] else []
        if not name.startswith("get") and response.status_code < 400:
            world()
    assert found == MATRIX[name]
    assert sees == (INSIDE if name in LISTS else [])


@pytest.mark.parametrize(
    "name", [name for name in MATRIX if "{" in name or "proposalId" in BODIES.get(name, {})]
)
def test_hidden_and_absent_look_the_same(world, ask, name):
    world()
    for role, status in MATRIX[name].items():
        absent = ask(role, name, absent=True)
        assert absent.status_code == (status if status in (401, 403, 424) else 404), role
        if status in (404, 424):
            hidden = {**ask(role, name).json, "requestId": ""}
            assert hidden == {**absent.json, "requestId": ""}, role
