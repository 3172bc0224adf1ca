"""The explanation of each kind of objects agrees with what the object's service answers."""

import re

import pytest

from services.auth.modules.explanations import KINDS
from tests.matrix import ROLES, SIGNED_IN
from tests.operations import ROOT

EXPLAIN = f"{ROOT}/auth/explain"


@pytest.fixture
def ask(built, world, token):
    """``ask("leader", "auth", path)`` is the answer of a service to that role."""
    world()

    def get(role, service, path):
        arguments, claims = ROLES[role]
        headers = {"Authorization": f"Bearer {token(*arguments, **claims)}"}
        return built(service).test_client().get(path, headers=headers)

    return get


@pytest.mark.parametrize("path", KINDS)
def test_the_explanation_is_that_of_the_service(ask, path):
    faults, seen = [], set()
    for role in SIGNED_IN:
        for key in (1, 2, 999):
            detail = ask(role, "core", f"{ROOT}/{path}/{key}")
            told = ask(role, "auth", f"{EXPLAIN}?object=/{path}/{key}")
            administers = "manage_groups" in ROLES[role][0]
            if key == 999 or not (administers or detail.status_code == 200):
                expected = (404, None)
            else:
                expected = (200, detail.status_code == 200)
            if (told.status_code, told.json.get("visible")) != expected:
                faults.append(f"{role} {key}: {told.text} but {detail.status_code}")
            if told.status_code == 200:
                seen.add(told.json["visible"])
                reasons = [each["right"] for each in told.json["reasons"]]
                if not reasons or "together" in reasons:
                    faults.append(f"{role} {key}: {told.text}")
    assert not faults, "\n".join(faults)
    assert True in seen


@pytest.mark.parametrize("path", KINDS)
def test_a_change_needs_what_the_service_documents(operations, path):
    [operation] = [
        found[2]["description"]
        for name, found in operations.items()
        if name.startswith("patch ") and name.rpartition("/")[0] == f"patch /{path}"
    ]
    needed = re.match(
        r"Needs(?: a token|: ([^.]*))\.(?: A service token needs ([^.]*)\.)?", operation
    )
    writers, services = (set((text or "").split(" or ")) - {""} for text in needed.groups())
    assert (set(KINDS[path].writers), set(KINDS[path].services)) == (writers, services)
