"""Errors say what would be right: near names, existing rows, media types and paths."""

import re

import pytest

from shared.lists import FORMATS
from shared.models import (
    BLSample,
    BLSession,
    Container,
    Crystal,
    Person,
    ProcessingPipeline,
    Proposal,
    ProposalHasPerson,
    Protein,
)
from tests.conftest import SERVICES

ROOT = "/ispyb/api/v1"
PERMISSIONS = ("all_proposals", "uportal_sync", "manage_groups", "manage_tokens", "view_activity")
TYPES = ("application/json", *FORMATS.values())  # of a list
OFFICE = ("office", None, "uportal_sync", "all_proposals")


@pytest.fixture
def facility(add):
    add(Person(personId=1, login="alice", familyName="Moreau"))
    add(Proposal(proposalId=7, personId=1, proposalCode="mx", proposalNumber="2007"))
    add(BLSession(sessionId=70, proposalId=7, visit_number=3, beamLineName="i03"))


@pytest.fixture
def office(as_, facility):
    return as_(*OFFICE)


def errors(answer, status=422):
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    return answer.json.get("errors")


# ------------------------------------------------------------------ names that do not exist


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"beamlineName": "i03"}, "Unknown field. Did you mean beamLineName?"),
        ({"startDate__gt": "2026-01-01"}, "Unknown field. Did you mean startDate__gte?"),
        ({"colour": "red"}, "Unknown field."),
        ({"x" * 500: "red"}, "Unknown field."),
    ],
)
def test_an_unknown_parameter_names_the_nearest(office, query, reason):
    (name,) = query
    assert errors(office.get(f"{ROOT}/sessions", query_string=query)) == {name: [reason]}


def test_an_unknown_field_of_a_body_names_the_nearest(office):
    body = {"personId": 1, "proposalCode": "mx", "proposalNumber": "1", "titel": "x", "zz": 1}
    assert errors(office.post(f"{ROOT}/proposals", json=body)) == {
        "titel": ["Unknown field. Did you mean title?"],
        "zz": ["Unknown field."],
    }


def test_an_unknown_field_of_a_nested_object_names_the_nearest(as_, facility):
    body = {"DataCollection": [{"imagePrefx": "x"}], "sessionId": 70}
    answer = as_("alice", 1, "mx_write").post(f"{ROOT}/data_collections/groups", json=body)
    (reasons,) = errors(answer)["DataCollection"].values()
    assert reasons["imagePrefx"] == ["Unknown field. Did you mean imagePrefix?"]


def test_an_unknown_field_in_a_batch_and_in_columns_names_the_nearest(as_, facility):
    client = as_("alice", 1, "mx_write", "processing_write")
    answer = client.put(f"{ROOT}/data_collections/1/image_quality", json={"imageNumbr": [1]})
    assert errors(answer)["imageNumbr"] == ["Unknown field. Did you mean imageNumber?"]
    rows = [{"familyName": "Moreau"}, {"familyNam": "Moreau"}]
    answer = as_(*OFFICE).post(f"{ROOT}/contacts/persons/batch", json=rows)
    assert errors(answer)["1"]["familyNam"] == ["Unknown field. Did you mean familyName?"]


def test_many_unknown_names_cost_little(office):
    body = {f"proposalNumbr{number}": 1 for number in range(4000)}
    reasons = errors(office.post(f"{ROOT}/proposals", json=body))
    named = [each for each in reasons.values() if "Did you mean" in each[0]]
    assert 0 < len(named) <= 20


@pytest.mark.parametrize(
    ("fields", "reasons"),
    [
        ("sessionID", ["sessionID: unknown field, did you mean sessionId?"]),
        ("Proposal.titel", ["Proposal.titel: unknown field, did you mean title?"]),
        ("sessionId.x", ["sessionId.x: sessionId is not an object"]),
    ],
)
def test_fields_name_the_nearest(office, fields, reasons):
    for url in (f"{ROOT}/sessions", f"{ROOT}/sessions/70"):
        answer = office.get(url, query_string={"fields": fields})
        assert errors(answer) == {"fields": reasons}


def test_a_name_like_no_other_gets_all_once(office):
    (reason,) = errors(office.get(f"{ROOT}/sessions?fields=zzz"))["fields"]
    assert reason.startswith("zzz: unknown field, known are: ")
    assert reason.count("beamLineName") == reason.count(" sessionId,") == 1
    (reason,) = errors(office.get(f"{ROOT}/sessions?sort=zzz"))["sort"]["0"]
    assert reason.startswith("unknown column, known are: ")
    assert reason.count("beamLineName") == 1 and "-" not in reason
    (reason,) = errors(office.get(f"{ROOT}/events?fields=sesion"))["fields"]
    assert reason == "sesion: unknown field, did you mean session?"


@pytest.mark.parametrize("sort", ["beamlineName", "-beamlineName"])
def test_sort_names_the_nearest(office, sort):
    reasons = errors(office.get(f"{ROOT}/sessions?sort=sessionId,{sort}"))["sort"]
    assert reasons == {"1": ["unknown column, did you mean beamLineName?"]}


@pytest.mark.parametrize("service", SERVICES)
def test_the_example_of_fields_is_one_that_can_be_sent(built, clean, token, service):
    client, number = built(service).test_client(), 0
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token('admin', 1, *PERMISSIONS)}"
    paths = client.get(f"{ROOT}/{service}/openapi.json").json["paths"]
    for path, item in paths.items():
        for parameter in item.get("get", {}).get("parameters", ()):
            example = parameter.get("description", "").partition("e.g. ")[2]
            if parameter.get("name") == "fields" and example:
                answer = client.get(
                    re.sub(r"{[^}]+}", "7", path), query_string={"fields": example}
                )
                taken = answer.status_code in (200, 404) or "fields" not in answer.json["errors"]
                assert taken, (path, answer.json)
                number += 1
    assert number > 0


# ------------------------------------------------------------------ rows that exist already


def test_a_row_that_exists_already_is_named(office):
    body = {"personId": 1, "proposalCode": "mx", "proposalNumber": "2007"}
    answer = office.post(f"{ROOT}/proposals", json=body)
    assert errors(answer, 409) == {
        "proposalCode": ["Must be unique, together with proposalNumber."],
        "proposalNumber": ["Must be unique, together with proposalCode."],
    }
    assert answer.json["detail"] == (
        "Proposal with the same proposalCode and proposalNumber exists already: proposalId 7"
    )


def test_an_update_to_values_of_another_row_names_that(office, add):
    add(Proposal(proposalId=8, personId=1, proposalCode="mx", proposalNumber="2008"))
    answer = office.patch(f"{ROOT}/proposals/8", json={"proposalNumber": "2007"})
    assert errors(answer, 409).keys() == {"proposalCode", "proposalNumber"}
    assert answer.json["detail"] == (
        "Proposal with the same proposalCode and proposalNumber exists already: proposalId 7"
    )


@pytest.mark.parametrize(("login", "named"), [("alice", False), ("bob", True)])
def test_a_row_that_the_caller_does_not_see_is_not_named(as_, facility, add, login, named):
    """The other sample at that place of the container is one of bob's proposal."""
    add(Person(personId=2, login="bob", familyName="Okafor"))
    add(Proposal(proposalId=8, personId=2, proposalCode="mx", proposalNumber="2008"))
    add(ProposalHasPerson(proposalId=7, personId=2))
    add(ProcessingPipeline(processingPipelineId=6, name="xia2", discipline="MX"))
    add(Container(containerId=1, sessionId=70))
    for key, proposal in ((1, 7), (2, 8)):
        add(Protein(proteinId=key, proposalId=proposal), Crystal(crystalId=key, proteinId=key))
        add(BLSample(blSampleId=key, crystalId=key, containerId=1, location=key, subLocation=1))
    place = {"containerId": 1, "location": "2", "subLocation": 1}
    person = 1 if login == "alice" else 2
    answer = as_(login, person, "mx_write").patch(f"{ROOT}/samples/1", json=place)
    assert errors(answer, 409).keys() == place.keys()
    assert ("blSampleId 2" in answer.json["detail"]) is named


# ------------------------------------------------------------------ media types, paths, headers


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (None, 200),
        ("*/*", 200),
        ("application/*;q=0.1", 200),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8", 200),
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", 200),  # of Java
        ("text/csv", 200),
        ("image/png", 406),
        ("application/xml, text/html", 406),
        ("application/json;q=0", 406),
    ],
)
def test_an_answer_is_of_a_type_that_the_client_accepts(office, accept, status):
    answer = office.get(f"{ROOT}/proposals", headers={"Accept": accept} if accept else {})
    assert answer.status_code == status
    if status == 406:
        assert answer.mimetype == "application/problem+json"
        assert answer.json["detail"] == f"Accept: this operation answers {' or '.join(TYPES)}"


def test_a_write_whose_answer_is_not_accepted_stores_nothing(office):
    body = {"personId": 1, "proposalCode": "mx", "proposalNumber": "1"}
    refused = office.post(f"{ROOT}/proposals", json=body, headers={"Accept": "text/csv"})
    assert refused.status_code == 406
    assert office.get(f"{ROOT}/proposals/mx1").status_code == 404


def test_a_slash_at_the_end_leads_to_the_path_without(office):
    for path in ("/proposals", "/proposals/mx2007"):
        answer = office.get(f"{ROOT}{path}/?fields=title&x=a%2Fb")
        assert (answer.status_code, answer.location) == (
            308,
            f"{ROOT}{path}?fields=title&x=a%2Fb",
        )
        assert office.head(f"{ROOT}{path}/").status_code == 308
    answer = office.get(f"{ROOT}/proposals/", follow_redirects=True)
    assert answer.json["results"][0]["proposalId"] == 7


@pytest.mark.parametrize(
    ("method", "path", "detail"),
    [
        ("get", f"{ROOT}/nowhere/", "no operation has this path, or an id in it is not a number"),
        (
            "get",
            f"{ROOT}/sessions/1/2/3",
            "no operation has this path, or an id in it is not a number",
        ),
        ("get", "//example.org/", "no operation has this path, or an id in it is not a number"),
        ("post", f"{ROOT}/proposals/", f"the path has no slash at its end: {ROOT}/proposals"),
    ],
)
def test_a_path_that_does_not_exist_says_so(office, method, path, detail):
    answer = getattr(office, method)(path)
    assert errors(answer, 404) is None
    assert answer.json["detail"] == detail


def test_if_match_without_quotes_says_what_is_wrong(office):
    url = f"{ROOT}/proposals/7"
    tag = office.get(url).headers["ETag"]
    for sent, text in (("42", "has quotes"), ('"42"', "read it again")):
        answer = office.patch(url, json={"title": "x"}, headers={"If-Match": sent})
        assert answer.status_code == 412 and text in answer.json["detail"]
    assert "quotes" not in answer.json["detail"]
    assert office.patch(url, json={"title": "x"}, headers={"If-Match": tag}).status_code == 200


def test_a_hidden_session_is_called_a_session(office):
    for name in ("71", "mx2007-9"):
        assert office.get(f"{ROOT}/sessions/{name}").json["detail"] == "Session not found"
