"""The published specifications: valid, whole, and as the code behaves."""

import importlib

import pytest
from openapi_spec_validator import OpenAPIV2SpecValidator, OpenAPIV31SpecValidator

from shared.app import specifications
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
    assert all(path.startswith(base) or service == "auth" for path in spec["paths"])


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
    parameters = {parameter["name"]: parameter for parameter in listing["parameters"]}
    assert parameters.keys() >= {"limit", "fields", "search", "proposalId__gte", "state__in"}
    assert parameters["state"]["schema"]["enum"] == ["Open", "Closed", "Cancelled"]
    assert parameters["limit"]["schema"] == {
        "type": "integer",
        "default": 25,
        "minimum": 1,
        "maximum": 500,
    }
