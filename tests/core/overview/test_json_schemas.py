"""JSON Schemas of bodies: they are valid, and accept the values that the API accepts."""

import pytest
from jsonschema import Draft202012Validator

from tests.registry import ROUTES

URL = "/ispyb/api/v1/schemas"
# The routes of core that publish the JSON Schema of their body, by its name.
WRITTEN = {route.schema: route for route in ROUTES.values() if route.schema}
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
    assert shown == {"names": sorted({*WRITTEN})}
    published = as_("erin", 5).get("/ispyb/api/v1/openapi.json").json["paths"]
    created = {
        item["post"]["requestBody"]["content"]["application/json"]["schema"].get("$ref")
        for item in published.values()
        if "post" in item
    }
    names = {ref.rpartition("/")[2] for ref in created if ref}
    assert names == {f"{name}Body" for name in WRITTEN}


def test_nobody_reads_them_unknown(app, as_):
    assert app.test_client().get(f"{URL}/available_names").status_code == 401
    assert app.test_client().get(f"{URL}/Proposal").status_code == 401
    assert as_("erin", 5).get(f"{URL}/os.path").status_code == 404
    assert as_("erin", 5).get(f"{URL}/proposalss").status_code == 404
    assert as_("erin", 5).get(f"{URL}/Proposal?x=1").status_code == 422


@pytest.mark.parametrize(
    "name, title",
    [
        ("proposal", "Proposal"),
        ("PROPOSALS", "Proposal"),
        ("data_collections", "DataCollection"),
        ("laboratories", "Laboratory"),
        ("xrf-spectra", "XrfSpectrum"),
    ],
)
def test_a_name_is_in_any_case_singular_or_plural(as_, name, title):
    assert as_("erin", 5).get(f"{URL}/{name}").json["title"] == title


@pytest.mark.sqlite
@pytest.mark.parametrize("name", WRITTEN)
def test_a_schema_accepts_what_the_api_accepts(world, call, name):
    """Every field with every value; an unknown one beside it, so that nothing is written."""
    world()
    route, role = WRITTEN[name], "user office"
    if route.statuses[role] >= 400:
        role = "leader"  # who alone may comment
    definition = call(role, "get /schemas/{name}", path={"name": name}).json
    Draft202012Validator.check_schema(definition)
    validator = Draft202012Validator(definition)
    least = route.body or {}
    assert validator.is_valid(least)
    assert not validator.is_valid(least | {"nope": 1})
    assert not [*validator.iter_errors(call.whole(route.name))]

    def refused(body):
        answer = call(role, route.name, body | {"nope": 1})
        assert "not shown" not in answer.json["detail"]
        return answer.json.get("errors", {}).keys() - {"nope"}

    assert validator.is_valid({}) is (not refused({}))
    fields = definition["properties"]
    for value in TRIED:
        body = least | dict.fromkeys(fields, value)  # one request: each field answers for itself
        faults = refused(body)
        for field, kind in fields.items():
            if value == 1 and "boolean" in kind.get("type", ""):
                continue  # the API takes 0 and 1 for false and true, as the columns hold them
            if value == "0" * 32 and "number" in kind.get("type", ""):
                continue  # and numbers as text
            body, accepted = least | {field: value}, field not in faults
            assert accepted or not validator.is_valid(body), body
            assert route.tidied or validator.is_valid(body) or not accepted, body
