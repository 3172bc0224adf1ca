"""Permissions, and the page that explains them."""

import re
from pathlib import Path

import pytest

from services.auth.modules import permissions
from services.auth.modules.permissions import HOUSE
from shared.app import specifications
from shared.models import Permission, Person, UserGroup, UserGroupHasPermission
from tests.auth.conftest import ROOT
from tests.conftest import SERVICES

PERMISSIONS = f"{ROOT}/auth/permissions"
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "permissions.md"


@pytest.fixture
def manager(as_, add):
    add(
        Permission(permissionId=1, type="mx_admin"),
        Permission(permissionId=2, type="old"),
        UserGroup(userGroupId=1, name="mx"),
        UserGroupHasPermission(userGroupId=1, permissionId=1),
    )
    return as_("ada", 1, "manage_perms")


def test_permissions_are_listed(manager):
    page = manager.get(PERMISSIONS).json
    assert [(row["type"], row["_metadata"]["groups"]) for row in page["results"]] == [
        ("mx_admin", 1),
        ("old", 0),
    ]
    assert manager.get(f"{PERMISSIONS}/1").json == page["results"][0]
    assert manager.get(f"{PERMISSIONS}?type=old").json["total"] == 1


def test_a_permission_is_made_and_changed(manager):
    made = manager.post(PERMISSIONS, json={"type": "em_admin", "description": "EM"})
    assert made.status_code == 201
    url = f"{PERMISSIONS}/{made.json['permissionId']}"
    assert manager.patch(url, json={"description": None}).json["description"] is None
    assert manager.patch(url, json={"type": "em_staff"}).json["type"] == "em_staff"
    assert manager.patch(f"{PERMISSIONS}/99", json={}).status_code == 404


def test_the_same_permission_twice(manager):
    assert manager.post(PERMISSIONS, json={"type": "old"}).status_code == 409
    assert manager.patch(f"{PERMISSIONS}/2", json={"type": "mx_admin"}).status_code == 409
    assert manager.patch(f"{PERMISSIONS}/2", json={"type": "old"}).status_code == 200


def test_a_permission_that_is_held_does_not_become_another(manager, as_):
    url, sent = f"{PERMISSIONS}/1", {"type": "manage_groups"}
    assert manager.patch(url, json=sent).status_code == 403
    assert manager.get(url).json["type"] == "mx_admin"
    both = as_("ada", 1, "manage_perms", "manage_groups")
    assert both.patch(url, json=sent).json["type"] == "manage_groups"


@pytest.mark.parametrize("new_type", [None, "", "x" * 16, "a b", "ł", 5], ids=str)
def test_a_type_that_is_none(manager, new_type):
    answer = manager.post(PERMISSIONS, json={"type": new_type})
    assert (answer.status_code, [*answer.json["errors"]]) == (422, ["type"])


def test_permissions_are_read_and_created_by_their_managers(manager, as_):
    groups, other = as_("bo", 2, "manage_groups"), as_("alice", 7, "manage_tokens")
    assert groups.get(PERMISSIONS).status_code == groups.get(f"{PERMISSIONS}/1").status_code == 200
    assert groups.post(PERMISSIONS, json={"type": "x"}).status_code == 403
    assert groups.patch(f"{PERMISSIONS}/2", json={"type": "x"}).status_code == 403
    assert other.get(PERMISSIONS).status_code == other.get(f"{PERMISSIONS}/1").status_code == 403


def test_every_permission_that_an_operation_asks_for_is_explained(built):
    names = set()
    for name in SERVICES:
        for specification in specifications(built(name)).values():
            for item in specification["paths"].values():
                for operation in item.values():
                    needs = isinstance(operation, dict) and operation.get("description", "")
                    if match := re.search(r"Needs: ([\w, ]+)\.", needs or ""):
                        names.update(match[1].split(" or "))
    explained = set(re.findall(r"^\| `(\w+)` \|", PAGE.read_text(), re.MULTILINE))
    assert names and names <= HOUSE.keys()
    assert explained == HOUSE.keys()


def test_the_first_administrator_is_made_by_the_statements_of_the_page(app, add, engine):
    add(Person(personId=1, login="ada"), Permission(type="manage_perms"))
    block = re.search(r"^```sql\n(INSERT INTO UserGroup .*?)^```", PAGE.read_text(), re.M | re.S)[
        1
    ]

    def run(login):
        """The logins that the last statement shows."""
        *changes, select = block.replace("your-login", login).split(";")[:-1]
        with engine.begin() as connection:
            for statement in changes:
                connection.exec_driver_sql(re.sub("--.*", "", statement))
            return connection.exec_driver_sql(select).scalars().all()

    assert run("adda") == []
    assert run("ada") == run("ada") == ["ada"]
    with app.app_context():
        assert permissions.of_person(1) == {"manage_groups", "manage_perms"}
