"""One specification of all services."""

import pytest
from openapi_spec_validator import validate

from gateway.specification import is_open, merge, operations

PROBLEM = {"type": "object", "properties": {"title": {"type": "string"}}}


def document(path, schema, inner=None, operation="get_things"):
    answer = {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}
    schemas = {"Thing": schema, "Problem": PROBLEM}
    if inner:
        schemas["Part"] = inner
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


def shown(merged, path):
    content = merged["paths"][path]["get"]["responses"]["200"]["content"]
    return content["application/json"]["schema"]["$ref"].rpartition("/")[2]


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


def test_different_parts_of_one_name_get_two_names():
    one, other = {"type": "object"}, {"type": "object", "title": "other"}
    specs = {
        "ssx": {"/ispyb/api/v1/ssx": document("/ispyb/api/v1/ssx/things", one)},
        "em": {"/ispyb/api/v1/em": document("/ispyb/api/v1/em/things", other)},
        "core": {"/ispyb/mxcube": document("/ispyb/mxcube/things", {"title": "third"})},
    }
    merged = merge("All", specs)
    validate(merged)
    schemas = merged["components"]["schemas"]
    assert schemas[shown(merged, "/ispyb/api/v1/ssx/things")] == one
    assert schemas[shown(merged, "/ispyb/api/v1/em/things")] == other
    assert shown(merged, "/ispyb/api/v1/em/things") == "em.Thing"
    assert shown(merged, "/ispyb/mxcube/things") == "core.mxcube.Thing"
    names = [item["get"]["operationId"] for item in merged["paths"].values()]
    assert names == ["get_things", "em.get_things", "core.mxcube.get_things"]
    assert specs["em"]["/ispyb/api/v1/em"]["components"]["schemas"]["Thing"] == other


def test_references_to_a_renamed_part_follow_it():
    whole = {"type": "object", "properties": {"part": {"$ref": "#/components/schemas/Part"}}}
    merged = merge(
        "Both",
        {
            "ssx": {"/ispyb/api/v1/ssx": document("/ssx", whole, {"type": "string"})},
            "em": {"/ispyb/api/v1/em": document("/em", whole, {"type": "integer"})},
        },
    )
    schemas = merged["components"]["schemas"]
    part = schemas[shown(merged, "/em")]["properties"]["part"]["$ref"]
    assert part == "#/components/schemas/em.Part"
    assert schemas["em.Part"] == {"type": "integer"}
    assert schemas["Thing"] == whole
    assert set(schemas) == {"Thing", "Part", "Problem", "em.Thing", "em.Part"}


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


@pytest.mark.no_cover  # the validator takes long, and is not ours
def test_the_merged_specification_has_every_operation_and_validates(loaded, specs):
    merged = merge("Test", specs)
    validate(merged)
    expected = {(m, path) for mounts in specs.values() for m, path, _ in operations(mounts)}
    merged_operations = {(method, path) for method, path, _ in operations({"": merged})}
    assert merged_operations == expected
    assert len(merged_operations) > 20
    named = [details["operationId"] for _, _, details in operations({"": merged})]
    assert len(named) == len(set(named))
