"""The published specification, taken at its word: requests made from it, answers held to it."""

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from shared.lists import OPERATORS
from tests.operations import PERMISSIONS, VERBS
from tests.rows import fill

pytestmark = pytest.mark.serial
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = {GenerationMode.POSITIVE: 6, GenerationMode.NEGATIVE: 4}  # of each operation
COLUMNS = 3  # of each list
SECONDS = 60  # for an answer: nothing here is timed, and the machine may have more to do


@pytest.fixture
def operations(server, engine):
    """All operations of all services, through the gateway, on a full database."""
    fill(engine, last=5)
    specification = requests.get(f"{server}/ispyb/api/v1/openapi.json", timeout=SECONDS).json()
    for path in specification["paths"].values():
        for verb in path.keys() & {*VERBS}:
            path[verb]["parameters"] = _with_few_columns(path[verb].get("parameters", []))
    schema = schemathesis.openapi.from_dict(specification)
    return [found.ok() for found in schema.get_all_operations()]


def _with_few_columns(parameters):
    """The parameters of an operation; of a list's filters on its columns those on a few.

    A list has up to 270 of them, all made from its columns: to generate their values would take
    half of all time, and test_filters.py tries each.
    """
    names = {parameter.get("name", "a header") for parameter in parameters}
    columns = sorted(name for name in names if f"{name}__gte" in names)
    left = tuple(f"{name}{suffix}" for name in columns[COLUMNS:] for suffix in OPERATORS)
    return [parameter for parameter in parameters if parameter.get("name") not in left]


@pytest.mark.parametrize("mode", EXAMPLES, ids=lambda mode: mode.value)
def test_no_request_breaks_the_services(operations, server, token, mode):
    faults, session = [], requests.Session()
    for operation in operations:
        if not (operation.body or operation.query or operation.path_parameters):
            if mode is GenerationMode.NEGATIVE:
                continue  # it takes nothing that could be wrong: hundreds of tries would fail
        mine = token("login", 1, *PERMISSIONS)  # a new one: an operation is to sign out
        bearer = {"Authorization": f"Bearer {mine}"}

        @settings(
            max_examples=EXAMPLES[mode],
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def try_it(case):
            answer = case.call(server, session, headers=bearer, timeout=SECONDS)
            case.validate_response(answer, checks=CHECKS)

        try:
            try_it()
        except FailureGroup as found:
            faults += [f"{operation.label}: {each}" for each in found.exceptions]
    assert not faults, "\n\n".join(faults)
