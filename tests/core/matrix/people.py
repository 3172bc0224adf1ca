"""Routes of proposals, sessions, members, persons, laboratories and lab contacts."""

from tests.matrix import Route, holders, inside, office, people, signed_in

PERSON, LAB = {"familyName": "New"}, {"name": "new"}
PROPOSAL = {"personId": 1, "proposalCode": "cm", "proposalNumber": "7"}
CONTACT = {"proposalId": 1, "personId": 1, "cardName": "another"}
SESSION = {"proposalId": 1, "beamLineName": "i03"}
CALENDAR = {
    "year": [2023],
    "month": [{"year": 2023, "month": 4}],
    "day": [{"year": 2023, "month": 4, "day": 20}],
}
ROUTES = [
    Route("get /contacts/lab_contacts", signed_in(), list_key="labContactId"),
    Route(
        "post /contacts/lab_contacts",
        people(201, outside=424),  # they see no such person
        body={**CONTACT, "personId": 2},
        schema="LabContact",
    ),
    Route("get /contacts/lab_contacts/{lab_contact_id}", inside()),
    Route("put /contacts/lab_contacts/{lab_contact_id}", people(), body=CONTACT),
    Route("patch /contacts/lab_contacts/{lab_contact_id}", people()),
    Route("delete /contacts/lab_contacts/{lab_contact_id}", people()),
    Route("get /contacts/labs", signed_in()),
    Route("post /contacts/labs", office(201), body=LAB, schema="Laboratory"),
    Route("get /contacts/labs/{laboratory_id}", signed_in()),
    Route("put /contacts/labs/{laboratory_id}", office(), body=LAB),
    Route("patch /contacts/labs/{laboratory_id}", office()),
    Route("delete /contacts/labs/{laboratory_id}", office(409)),
    Route("get /contacts/persons", signed_in(), list_key="personId"),
    Route("post /contacts/persons", office(201), body=PERSON, schema="Person"),
    Route("post /contacts/persons/batch", office(201), body=[PERSON, PERSON]),
    Route("get /contacts/persons/{person_id}", inside()),
    Route("put /contacts/persons/{person_id}", office(), body=PERSON),
    Route("patch /contacts/persons/{person_id}", office()),
    Route("delete /contacts/persons/{person_id}", office(409)),
    Route("get /proposals", signed_in(), list_key="proposalId"),
    Route("post /proposals", office(201), body=PROPOSAL, schema="Proposal"),
    Route("get /proposals/{proposal_id}", inside()),
    Route("put /proposals/{proposal_id}", office(), body=PROPOSAL),
    Route("patch /proposals/{proposal_id}", office()),
    Route("delete /proposals/{proposal_id}", office(409)),
    Route("get /proposals/{proposal_id}/info", inside()),
    Route("get /proposals/{proposal_id}/persons", inside()),
    Route(
        "post /proposals/{proposal_id}/persons",
        office(201),
        body={"personId": 3},
        schema="ProposalMember",
    ),
    Route("patch /proposals/{proposal_id}/persons/{person_id}", office(), path={"person_id": 2}),
    Route("delete /proposals/{proposal_id}/persons/{person_id}", office(), path={"person_id": 2}),
    Route(
        "get /sessions",
        signed_in(),
        list_key="sessionId",
        filters={**CALENDAR, "beamLineGroup": ["MX"]},
    ),
    Route("post /sessions", holders(201), body=SESSION, schema="Session"),
    Route(
        "get /sessions/date",
        signed_in(),
        query={"start": "2024-01-01", "end": "2024-12-31"},
        list_key="sessionId",
    ),
    Route(
        "get /sessions/current",
        signed_in(),
        query={"beamLineName": "i03"},
        filters={"beamLineName": ["i04"]},
    ),
    Route("get /sessions/{session_id}", inside()),
    Route("put /sessions/{session_id}", holders(), body=SESSION),
    Route("patch /sessions/{session_id}", holders()),
    Route("delete /sessions/{session_id}", office(409)),
    Route("get /sessions/{session_id}/info", inside()),
    Route("get /sessions/{session_id}/persons", inside()),
    Route(
        "post /sessions/{session_id}/persons",
        office(201),
        body={"personId": 2},
        schema="SessionMember",
    ),
    Route("patch /sessions/{session_id}/persons/{person_id}", office(), path={"person_id": 3}),
    Route("delete /sessions/{session_id}/persons/{person_id}", office(), path={"person_id": 3}),
]
