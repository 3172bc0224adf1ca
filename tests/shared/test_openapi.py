"""The published specifications: valid, whole, and as the code behaves."""

import importlib

import pytest
from openapi_spec_validator import OpenAPIV2SpecValidator, OpenAPIV31SpecValidator

from gateway import render
from shared.app import EXPOSED, specifications
from shared.headers import ANSWERED, SENT
from tests.conftest import SERVICES

ROOT = "/ispyb/api/v1"
PLACES = [
    (name, mount.root + mount.path)
    for name in SERVICES
    for mount in importlib.import_module(f"services.{name}.app").MOUNTS
]


@pytest.fixture
def get(built):
    def get(service, path):
        answer = built(service).test_client().get(path)
        assert answer.status_code == 200, path
        return answer

    return get


@pytest.mark.no_cover  # the validator takes long, and is not ours
@pytest.mark.parametrize("service, base", PLACES)
def test_openapi_is_valid(get, service, base):
    spec = get(service, f"{base}/openapi.json").json
    OpenAPIV31SpecValidator(spec).validate()
    assert spec["openapi"] == "3.1.0"
    spreads = service == "auth" or "webservices" in base  # over several roots
    assert spreads or all(path.startswith(base) for path in spec["paths"])


@pytest.mark.parametrize("service, base", PLACES)
def test_swagger_is_valid(get, service, base):
    spec = get(service, f"{base}/swagger.json").json
    OpenAPIV2SpecValidator(spec).validate()


@pytest.mark.parametrize("service, base", PLACES)
def test_both_describe_the_same_operations(get, service, base):
    old = get(service, f"{base}/swagger.json").json
    new = get(service, f"{base}/openapi.json").json
    root = old["basePath"].rstrip("/")
    assert {root + path: verbs(item) for path, item in old["paths"].items()} == {
        path: verbs(item) for path, item in new["paths"].items()
    }


def verbs(item):
    return {
        name: set(operation["responses"])
        for name, operation in item.items()
        if name != "parameters"
    }


@pytest.mark.parametrize("service, base", PLACES)
def test_there_is_a_page_to_try_it(get, service, base):
    page = get(service, f"{base}/docs")
    assert page.mimetype == "text/html" and f'data-document="{base}/openapi.json"' in page.text


@pytest.mark.parametrize("service", SERVICES)
def test_names_of_operations_are_used_once(built, service):
    for spec in specifications(built(service)).values():
        names = [one["operationId"] for item in spec["paths"].values() for one in operations(item)]
        assert len(names) == len(set(names))


def operations(item):
    return [operation for name, operation in item.items() if name != "parameters"]


def test_the_schema_is_the_documentation(get):
    spec = get("core", f"{ROOT}/openapi.json").json
    shapes = spec["components"]["schemas"]
    assert shapes.keys() >= {"Proposal", "ProposalList", "ProposalPatch", "PersonName", "Problem"}
    title = shapes["Proposal"]["properties"]["title"]
    assert (title["type"], title["maxLength"]) == (["string", "null"], 200)
    assert title["description"] == "what it is about"
    listing = spec["paths"][f"{ROOT}/proposals"]["get"]
    parameters = {p["name"]: p for p in listing["parameters"] if "name" in p}
    assert parameters.keys() >= {"limit", "fields", "search", "proposalId__gte", "state__in"}
    assert parameters["state"]["schema"]["enum"] == ["Open", "Closed", "Cancelled"]
    assert parameters["limit"]["schema"] == {
        "type": "integer",
        "default": 25,
        "minimum": 1,
        "maximum": 500,
    }


def test_an_answer_may_lack_what_a_body_needs(get):
    """``fields`` selects the members of an answer."""
    shapes = get("core", f"{ROOT}/openapi.json").json["components"]["schemas"]
    assert "required" not in shapes["LabContact"] and "required" not in shapes["PersonName"]
    assert shapes["LabContactBody"]["required"] == ["cardName", "personId", "proposalId"]
    assert "required" not in shapes["LabContactPatch"]
    assert shapes["LabContactList"]["required"] == ["limit", "results", "skip", "total"]
    assert shapes["Laboratory"]["properties"]["name"]["type"] == ["string", "null"]
    assert shapes["LaboratoryBody"]["properties"]["name"]["type"] == "string"


@pytest.mark.parametrize("service, base", PLACES)
def test_both_say_how_to_begin(get, service, base):
    for name in ("swagger", "openapi"):
        info = get(service, f"{base}/{name}.json").json["info"]
        assert info["contact"] == {"name": "Test Light Source"}
        assert info["license"]["name"] == "LGPL-3.0-or-later"
        for word in ("/auth/login", "/auth/refresh", "after", "Retry-After", "Idempotency-Key"):
            assert word in info["description"]


def headers(swagger, specification, path, verb):
    """The headers that an operation takes, and those of its answers, in both documents."""
    root = swagger["basePath"].rstrip("/")
    old = swagger["paths"][path.removeprefix(root)][verb]
    new = specification["paths"][path][verb]
    return (
        {p["name"] for p in old["parameters"] if p["in"] == "header"},
        {p["$ref"].rpartition("/")[2] for p in new["parameters"] if "$ref" in p},
        {code: {*answer["headers"]} for code, answer in old["responses"].items()},
        {code: {*answer["headers"]} for code, answer in new["responses"].items()},
    )


@pytest.mark.parametrize(
    ("call", "sent", "status", "answered"),
    [
        ("get /proposals", {"If-None-Match", "X-Fields"}, "200", {"Content-Disposition", "ETag"}),
        ("get /proposals", {"If-None-Match", "X-Fields"}, "304", {"ETag"}),
        ("get /proposals", {"If-None-Match", "X-Fields"}, "401", {"WWW-Authenticate"}),
        ("get /proposals", {"If-None-Match", "X-Fields"}, "429", {"Retry-After"}),
        ("get /proposals", {"If-None-Match", "X-Fields"}, "503", {"Retry-After"}),
        ("post /proposals", {"Idempotency-Key"}, "201", {"ETag", "Idempotent-Replayed"}),
        ("put /proposals/{proposal_id}", {"If-Match"}, "200", {"ETag"}),
        ("patch /proposals/{proposal_id}", {"If-Match"}, "412", set()),
        (
            "post /contacts/persons/batch",
            {"Content-Encoding", "Idempotency-Key"},
            "413",
            set(),
        ),
        (
            "get /energy_scans/{energy_scan_id}/files/{kind}",
            {"If-Match", "If-None-Match", "If-Range", "Range"},
            "206",
            {"Content-Disposition", "Content-Range", "ETag"},
        ),
    ],
)
def test_headers_are_in_both_documents(get, call, sent, status, answered):
    verb, path = call.split()
    documents = [get("core", f"{ROOT}/{name}.json").json for name in ("swagger", "openapi")]
    old, new, old_answers, new_answers = headers(*documents, ROOT + path, verb)
    assert old == new == sent
    assert old_answers[status] == new_answers[status] == {"X-Request-ID", *answered}
    assert old_answers == new_answers


def test_a_secret_has_no_tag_and_no_replay(get):
    base = f"{ROOT}/auth"
    documents = [get("auth", f"{base}/{name}.json").json for name in ("swagger", "openapi")]
    _, sent, _, answers = headers(*documents, f"{base}/login", "post")
    assert sent == {"Idempotency-Key"} and answers["201"] == {"X-Request-ID"}


def test_gateway_and_pages_pass_every_header():
    assert {*SENT} <= {*render.SENT}
    assert {*ANSWERED} == {*EXPOSED}
