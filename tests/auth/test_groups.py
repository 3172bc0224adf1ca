"""Groups: who holds what."""

import pytest

from shared.models import (
    Permission,
    Person,
    UserGroup,
    UserGroupHasPermission,
    UserGroupHasPerson,
)
from tests.auth.conftest import ROOT

GROUPS = f"{ROOT}/auth/groups"


@pytest.fixture
def manager(as_, add):
    add(
        Person(personId=7, login="alice", givenName="Alice", emailAddress="a@lab.example"),
        Permission(permissionId=1, type="mx_admin", description="MX beamlines"),
        UserGroup(userGroupId=1, name="mx"),
        UserGroup(userGroupId=2, name="em"),
        UserGroupHasPermission(userGroupId=1, permissionId=1),
        UserGroupHasPerson(userGroupId=1, personId=7),
    )
    return as_("ada", 1, "manage_groups")


def test_groups_are_listed_with_counts(manager):
    page = manager.get(GROUPS).json
    assert page["results"] == [
        {"userGroupId": 1, "name": "mx", "_metadata": {"permissions": 1, "persons": 1}},
        {"userGroupId": 2, "name": "em", "_metadata": {"permissions": 0, "persons": 0}},
    ]
    assert [g["name"] for g in manager.get(f"{GROUPS}?search=e").json["results"]] == ["em"]


def test_a_group_shows_what_it_holds(manager):
    group = manager.get(f"{GROUPS}/1").json
    [permission], [person] = group["permissions"], group["persons"]
    assert permission["Permission"]["type"] == "mx_admin"
    assert person["Person"] == {
        "personId": 7,
        "login": "alice",
        "givenName": "Alice",
        "familyName": None,
    }


def test_a_group_is_made_and_renamed(manager):
    made = manager.post(GROUPS, json={"name": "ssx"})
    assert made.status_code == 201
    assert (made.json["name"], made.json["permissions"], made.json["persons"]) == ("ssx", [], [])
    url = f"{GROUPS}/{made.json['userGroupId']}"
    assert manager.patch(url, json={"name": "serial"}).json["name"] == "serial"
    assert manager.patch(url, json={"name": "mx"}).status_code == 409
    assert manager.get(url).json["name"] == "serial"


def test_a_permission_is_granted_and_revoked(manager, sign_in):
    assert manager.delete(f"{GROUPS}/1/permissions/1").json["permissions"] == []
    assert sign_in("alice").json["permissions"] == []
    answer = manager.post(f"{GROUPS}/1/permissions/1")
    assert answer.status_code == 201
    assert [each["permissionId"] for each in answer.json["permissions"]] == [1]
    assert sign_in("alice").json["permissions"] == ["mx_admin"]


def test_a_person_comes_and_goes(manager, sign_in):
    assert manager.delete(f"{GROUPS}/1/persons/7").json["persons"] == []
    assert sign_in("alice").json["permissions"] == []
    answer = manager.post(f"{GROUPS}/1/persons/7")
    assert (answer.status_code, answer.json["persons"][0]["personId"]) == (201, 7)
    assert sign_in("alice").json["permissions"] == ["mx_admin"]


@pytest.mark.parametrize("link", ["permissions/1", "persons/7"])
def test_links_that_exist_or_have_no_target_are_refused(manager, link):
    kind = link.partition("/")[0]
    assert manager.post(f"{GROUPS}/1/{link}").status_code == 409
    assert manager.post(f"{GROUPS}/9/{link}").status_code == 404
    assert manager.post(f"{GROUPS}/1/{kind}/9").status_code == 404
    assert manager.delete(f"{GROUPS}/2/{link}").status_code == 404
    assert manager.delete(f"{GROUPS}/9/{link}").status_code == 404
    group = manager.get(f"{GROUPS}/1").json
    assert len(group["permissions"]) == len(group["persons"]) == 1


@pytest.mark.parametrize(
    "sent", [{}, {"name": ""}, {"name": "x" * 32}, {"name": None}, {"name": "Ł"}], ids=str
)
def test_a_name_that_is_none(manager, sent):
    answer = manager.post(GROUPS, json=sent)
    assert (answer.status_code, [*answer.json["errors"]]) == (422, ["name"])


def test_only_a_manager_handles_groups(manager, as_):
    other = as_("alice", 7, "manage_perms", "manage_tokens", "all_proposals")
    for method, path in (
        ("GET", ""),
        ("POST", ""),
        ("GET", "/1"),
        ("PATCH", "/1"),
        ("POST", "/2/permissions/1"),
        ("DELETE", "/1/permissions/1"),
        ("POST", "/2/persons/7"),
        ("DELETE", "/1/persons/7"),
    ):
        assert other.open(GROUPS + path, method=method, json={"name": "x"}).status_code == 403
    assert len(manager.get(f"{GROUPS}/1").json["persons"]) == 1
