"""What is published: all that is served, and each operation with who, in and out."""

import re

import pytest

from shared.settings import known_dialects
from tests.conftest import DIALECTS, SERVICES
from tests.operations import answer, names
from tests.registry import ROUTES

# What every service has beside its operations: probes, and the specifications themselves.
PLUMBING = re.compile(
    r"/health|/ready|/metrics|/swaggerui/{filename}"
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
