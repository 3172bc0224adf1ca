"""What is published: all that is served, and each operation with who, in and out."""

import re

import pytest
from jsonschema import Draft202012Validator

from shared.headers import ANSWERED
from shared.settings import known_dialects
from tests.conftest import DIALECTS, SERVICES
from tests.operations import answer, names
from tests.registry import ROUTES

# What every service has beside its operations: probes, and the specifications themselves.
PLUMBING = re.compile(
    r"/health|/ready|/metrics|/docs|/swaggerui/{filename}"
    r"|/ispyb/[\w/]*/(swagger\.json|openapi\.json|docs|)"
    r"|/ispyb/api/v1/ssx/datacollections(/{key})?"  # a former path, which leads to the present one
)


def test_all_dialects_are_tried():
    assert sorted(name for found in DIALECTS.values() for name in found) == known_dialects()


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_else_is_served(built, operations, service):
    known = {path for name, path, _ in operations.values() if name == service}
    for rule in built(service).url_map.iter_rules():
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        if path not in known:
            assert PLUMBING.fullmatch(path), path
            assert rule.methods <= {"GET", "HEAD", "OPTIONS"}, path


@pytest.mark.parametrize("name", ROUTES)
def test_every_operation_says_who_in_and_out(operations, name):
    _, path, operation = operations[name]
    assert operation.get("summary")
    is_open = operation["security"] == []
    assert is_open is (ROUTES[name].statuses["anonymous"] < 400)
    assert {part[1:-1] for part in path.split("/") if part[0:1] == "{"} == names(operation, "path")
    assert ROUTES[name].body is None or "requestBody" in operation
    assert answer(operation), "the answer has a shape"
    assert all("description" in found for found in operation["responses"].values())


# ------------------------------------------------------------------ the document and the behaviour


def body_of(operation):
    """The JSON of the body of ``operation`` as it is documented, with its example."""
    return operation.get("requestBody", {}).get("content", {}).get("application/json", {})


def faults_of(value, schema):
    return [error.message for error in Draft202012Validator(schema).iter_errors(value)]


def test_examples_fit_their_schemas(operations):
    bodies = {name: body_of(operation) for name, (_, _, operation) in operations.items()}
    assert {
        name: faults_of(body["example"], body["schema"]) for name, body in bodies.items() if body
    } == {name: [] for name, body in bodies.items() if body}


def test_examples_are_accepted(operations, call, world):
    """Rows to which an example refers may be absent, but no value in it is invalid."""
    world()
    refused = {}
    for name, (_, _, operation) in operations.items():
        if body := body_of(operation):
            answer = call("user office", name, body=body["example"])
            if answer.status_code in (400, 413, 415, 422):
                refused[name] = answer.json["errors"]
    assert refused.pop("post /auth/login").keys() == {"plugin"}  # which is one of the site
    assert not refused, refused


def test_answers_with_few_fields_fit_their_schemas(operations, call, world):
    world()
    tried, faults = 0, {}
    for name, (_, _, operation) in operations.items():
        if name.startswith("get ") and "fields" in names(operation, "query"):
            shape = answer(operation)
            row = shape["properties"].get("results", {}).get("items", shape)
            field = next(each for each, value in row["properties"].items() if "type" in value)
            done = call("leader", name, query={**ROUTES[name].query, "fields": field})
            tried += done.status_code == 200
            faults[name] = faults_of(done.json, shape) if done.status_code == 200 else []
    assert tried > 30 and {name: each for name, each in faults.items() if each} == {}


@pytest.mark.sqlite
def test_headers_of_answers_are_documented(operations, call, world):
    world()
    faults = {}
    for name, (_, _, operation) in operations.items():
        done = call("leader", name)
        sent = {header for header in ANSWERED if header in done.headers}
        documented = operation["responses"][str(done.status_code)].get("headers", {}).keys()
        faults[name] = sent - documented
    assert {name: each for name, each in faults.items() if each} == {}


@pytest.mark.sqlite
def test_an_empty_parameter_is_taken_as_documented(operations, call, world):
    """A parameter of each kind: lists have hundreds that differ in their names only."""
    world()
    kinds = {}
    for name, (_, _, operation) in operations.items():
        # MXCuBE's own filters take an empty value: its client has it for a missing one
        strict = name.startswith("get ") and "/ispyb/mxcube/" not in name
        for parameter in operation["parameters"] if strict else ():
            if parameter["in"] == "query":
                kind = {**parameter["schema"], "description": "", "suffix": parameter["name"][-4:]}
                kinds.setdefault(str(kind), (name, parameter))
    assert len(kinds) > 100
    faults = []
    for name, parameter in kinds.values():
        query = {**ROUTES[name].query, parameter["name"]: ""}
        done = call("user office", name, query=query)
        refused = done.status_code == 422 and parameter["name"] in done.json["errors"]
        schema = parameter["schema"]
        values = ([], [""]) if schema["type"] == "array" else ("",)
        valid = any(not faults_of(value, schema) for value in values)
        if valid is refused and done.status_code in (200, 422):
            faults.append((name, parameter["name"], schema))
    assert not faults, faults
