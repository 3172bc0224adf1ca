"""One specification of all services."""

import re

import pytest
from openapi_spec_validator import validate

from gateway import app as gateway_app
from gateway.specification import is_open, merge, operations

PROBLEM = {"type": "object", "properties": {"title": {"type": "string"}}}


def document(path, schema, operation="get_things"):
    answer = {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}
    schemas = {"Thing": schema, "Problem": PROBLEM}
    return {
        "openapi": "3.1.0",
        "info": {"title": "things", "version": "1.2.3"},
        "tags": [{"name": "things"}],
        "paths": {
            path: {
                "get": {
                    "operationId": operation,
                    "tags": ["things"],
                    "responses": {"200": {"description": "OK", "content": answer}},
                }
            }
        },
        "components": {"schemas": schemas},
    }


def test_parts_that_two_services_share_occur_once():
    same = {"type": "object"}
    merged = merge(
        "Both",
        {
            "ssx": {"/ispyb/api/v1/ssx": document("/ispyb/api/v1/ssx/things", same)},
            "em": {"/ispyb/api/v1/em": document("/ispyb/api/v1/em/things", same, operation="x")},
        },
    )
    validate(merged)
    assert merged["info"] == {"title": "Both", "version": "1.2.3"}
    assert list(merged["paths"]) == ["/ispyb/api/v1/ssx/things", "/ispyb/api/v1/em/things"]
    assert merged["components"]["schemas"] == {"Thing": same, "Problem": PROBLEM}
    assert merged["tags"] == [{"name": "things"}]


@pytest.mark.parametrize(
    ("other", "operation", "reason"),
    [
        ({"type": "string"}, "x", "two services define Thing of schemas differently"),
        ({"type": "object"}, "get_things", "two operations are called get_things"),
    ],
)
def test_two_parts_of_one_name_are_refused(other, operation, reason):
    specs = {
        "ssx": {"/ispyb/api/v1/ssx": document("/ispyb/api/v1/ssx/things", {"type": "object"})},
        "em": {"/ispyb/api/v1/em": document("/ispyb/api/v1/em/things", other, operation)},
    }
    with pytest.raises(ValueError, match=reason):
        merge("Both", specs)


def names(specification):
    """The names of operations, with their paths, and those of all components."""
    return {
        (verb, path, operation["operationId"])
        for verb, path, operation in operations({"": specification})
    } | {
        (section, name, "")
        for section, parts in specification["components"].items()
        for name in parts
    }


@pytest.mark.parametrize("absent", ["auth", "core", "em", "ssx"])
def test_no_name_depends_on_what_a_site_switches_on(loaded, specs, without, absent):
    site = without(absent)
    site["services"]["core"]["dialects"] = ["expeye"]
    fewer = names(merge("Fewer", gateway_app.specifications(site)))
    every = names(merge("All", specs))
    assert fewer < every
    assert all("." not in name for _, name, _ in every if not name.startswith("/"))
    assert all("." not in operation_id for _, _, operation_id in every)


def test_names_tell_service_and_dialect(loaded, specs):
    merged = merge("All", specs)
    ids = {path: operation["operationId"] for _, path, operation in operations({"": merged})}
    root = "/ispyb/api/v1"
    assert ids[f"{root}/health"] == "get_health"
    assert ids[f"{root}/em/health"] == "em_get_health"
    assert ids["/ispyb/mxcube/auth/login"] == "mxcube_post_login"
    assert {"Session", "SessionBody", "SessionPatch", "MxcubeSessionBody", "AuthLogin"} < (
        merged["components"]["schemas"].keys()
    )


def enumerations(node):
    """All lists of the values that a part of a specification may have."""
    if isinstance(node, list):
        for each in node:
            yield from enumerations(each)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "enum" and isinstance(value, list):
                yield [each for each in value if each is not None]
            else:
                yield from enumerations(value)


def test_values_of_an_enumeration_differ_in_letters(loaded, specs):
    """Generators make names from them, in one case and without punctuation."""
    lists = [*enumerations(merge("All", specs))]
    assert len(lists) > 20
    for values in lists:
        plain = [re.sub(r"[\W_]", "", str(each)).lower() for each in values]
        assert len(set(plain)) == len(values), values


@pytest.mark.parametrize(
    ("operation", "everybody"),
    [
        ({}, True),
        ({"security": []}, True),
        ({"security": [{}, {"bearer": []}]}, True),
        ({"security": [{"bearer": []}]}, False),
        ({"security": [{"bearer": []}, {"onetime": []}]}, True),
    ],
)
def test_public_operations_are_open(operation, everybody):
    assert is_open(operation) is everybody


def test_the_merged_specification_has_every_operation(specs):
    """It is valid as its parts are: tests/shared/test_openapi.py validates each of them."""
    merged = merge("Test", specs)
    expected = {(m, path) for mounts in specs.values() for m, path, _ in operations(mounts)}
    merged_operations = {(method, path) for method, path, _ in operations({"": merged})}
    assert merged_operations == expected
    for spec in (spec for mounts in specs.values() for spec in mounts.values()):
        for section, parts in spec["components"].items():
            assert parts.items() <= merged["components"][section].items()
    assert len(merged_operations) > 20
    named = [details["operationId"] for _, _, details in operations({"": merged})]
    assert len(named) == len(set(named))
