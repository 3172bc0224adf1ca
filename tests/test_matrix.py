"""Who may do what: every operation of every service, called in every role on a small world.

The routes are in tests/<service>/matrix.py. An operation is called for row 1, and for row 999,
which is not there: to whom row 1 is hidden, both answers are the same.
"""

import pytest

from tests.matrix import INSIDE, OUTSIDE, ROLES
from tests.registry import ROUTES

# On MariaDB the tests of writes, of filters and of what is hidden go through all routes.
pytestmark = pytest.mark.sqlite


def test_the_matrix_is_complete(operations):
    assert operations.keys() == ROUTES.keys()


@pytest.mark.parametrize("name", ROUTES)
def test_role_by_route(world, call, name):
    route, visible, faults, beyond = ROUTES[name], [], [], set()
    world()
    for role in ROLES:
        answer = call(role, name)
        if answer.status_code != route.statuses[role]:
            faults.append(f"{answer.status_code}, not {route.statuses[role]}: {answer.curl}")
        if route.list_key and answer.status_code == 200:
            rows = answer.json["results"] if "results" in answer.json else answer.json
            keys = [row[route.list_key] for row in rows]
            visible += [role] if 1 in keys else []
            others = 2 in keys and route.list_key != "personId"  # person 2 is on proposal 1
            beyond |= {role} if others else set()
        if not name.startswith("get") and answer.status_code < 400:
            world()
    assert not faults, "\n".join(faults)
    assert visible == (INSIDE if route.list_key else []), "roles that see row 1 in the list"
    assert beyond <= OUTSIDE, "roles that see row 2 in the list"


def names_a_row(route):
    return "{" in route.name or isinstance(route.body, dict) and "proposalId" in route.body


@pytest.mark.parametrize("name", [name for name, route in ROUTES.items() if names_a_row(route)])
def test_hidden_and_absent_look_the_same(world, call, name):
    world()
    faults = []
    for role, status in ROUTES[name].statuses.items():
        absent = call(role, name, absent=True)
        expected = {status if status in (401, 403, 424) else 404}
        if ROUTES[name].by_row and status == 403:
            expected.add(404)
        if role == "user office" and status < 300:
            expected = {ROUTES[name].absent}
        if absent.status_code not in expected:
            faults.append(f"{absent.status_code} for an absent row: {absent.curl}")
        if status in (404, 424):
            hidden = call(role, name)
            if {**hidden.json, "requestId": ""} != {**absent.json, "requestId": ""}:
                faults.append(f"{hidden.text}: {hidden.curl}\n{absent.text}: {absent.curl}")
    assert not faults, "\n".join(faults)
