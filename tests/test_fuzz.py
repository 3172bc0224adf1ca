"""The published specification, taken at its word: requests made from it, answers held to it."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.operations import PERMISSIONS
from tests.rows import fill

pytestmark = pytest.mark.serial
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = {GenerationMode.POSITIVE: 8, GenerationMode.NEGATIVE: 5}  # of each operation
SECONDS = 60  # for an answer: nothing here is timed, and the machine may have more to do


@pytest.fixture
def operations(server, engine):
    """All operations of all services, through the gateway, on a full database."""
    fill(engine, last=5)
    schema = schemathesis.openapi.from_url(f"{server}/ispyb/api/v1/openapi.json")
    return [found.ok() for found in schema.get_all_operations()]


@pytest.mark.parametrize("mode", EXAMPLES, ids=lambda mode: mode.value)
def test_no_request_breaks_the_services(operations, server, token, mode):
    faults = []
    for operation in operations:
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
            answer = case.call(base_url=server, headers=bearer, timeout=SECONDS)
            case.validate_response(answer, checks=CHECKS)

        try:
            try_it()
        except Unsatisfiable:
            assert not (operation.body or operation.query or operation.path_parameters)
        except FailureGroup as found:
            faults += [f"{operation.label}: {each}" for each in found.exceptions]
    assert not faults, "\n\n".join(faults)
