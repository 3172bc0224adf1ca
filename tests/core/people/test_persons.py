"""Persons: colleagues read the name, the person itself and the user office all fields."""

import gzip
import json

import pytest

from shared.models import Person, UserGroup, UserGroupHasPerson

URL = "/ispyb/api/v1/contacts/persons"
ALICE, BOB, CAROL, DAVE = 1, 2, 3, 4
NAMES = {"personId", "givenName", "familyName", "login"}


def logins(client, query=""):
    response = client.get(URL + query)
    assert response.status_code == 200, response.json
    return [row["login"] for row in response.json["results"]]


@pytest.mark.parametrize(
    "caller, expected",
    [
        (("alice", ALICE), ["alice"]),
        (("bob", BOB), ["bob", "carol", "dave"]),
        (("carol", CAROL), ["bob", "carol", "dave"]),
        (("dave", DAVE), ["bob", "carol", "dave"]),
        (("erin", 5), []),
        (("erin", 5, "mx_admin"), ["alice", "bob", "carol", "dave"]),
        (("machine",), []),
        (("staff", None, "all_sessions"), ["alice", "bob", "carol", "dave"]),
        (("staff", None, "all_proposals"), ["alice", "bob", "carol", "dave"]),
        (("office", None, "uportal_sync"), ["alice", "bob", "carol", "dave"]),
    ],
)
def test_who_knows_whom(as_, facility, same, caller, expected):
    client = as_(*caller)
    assert sorted(logins(client)) == expected
    for number, login in enumerate(("alice", "bob", "carol", "dave"), 1):
        answer = client.get(f"{URL}/{number}")
        if login in expected:
            assert answer.json["login"] == login
        else:
            same(answer, client.get(f"{URL}/999"))


def test_a_token_of_a_beamline_knows_who_is_there(as_, facility):
    mine = {"service": True, "beamlines": ["i04"]}
    gda = as_("gda", None, "mx_write", "uportal_sync", "all_proposals", **mine)
    assert logins(gda) == ["bob", "carol"]


def test_lists_hold_no_contact_data(as_, facility):
    for caller in (("bob", BOB), ("office", None, "uportal_sync")):
        for row in as_(*caller).get(URL).json["results"]:
            assert row.keys() == NAMES


def test_contact_data_are_for_oneself_and_the_user_office(as_, facility):
    assert as_("bob", BOB).get(f"{URL}/{BOB}").json["emailAddress"] == "bob@lab.example"
    office = as_("office", None, "uportal_sync")
    assert office.get(f"{URL}/{BOB}").json["phoneNumber"] == "+44 2"
    for caller in (("carol", CAROL), ("staff", 9, "all_proposals", "manage_groups")):
        assert as_(*caller).get(f"{URL}/{BOB}").json.keys() == NAMES


@pytest.mark.parametrize(
    "query",
    [
        "?emailAddress=bob@lab.example",
        "?phoneNumber__gte=0",
        "?sort=emailAddress",
        "?fields=emailAddress",
        "/2?fields=emailAddress",
        "/2?fields=Laboratory.name",
    ],
)
def test_contact_data_cannot_be_asked_for(as_, facility, query):
    response = as_("carol", CAROL).get(URL + query)
    assert response.status_code == 422
    assert "lab.example" not in str(response.json["errors"]).replace("bob@lab.example", "")


def test_lists_are_searched_by_name(as_, facility):
    bob = as_("bob", BOB)
    assert logins(bob, "?search=aro") == ["carol"]
    assert logins(bob, "?login=dave") == ["dave"]
    assert logins(bob, "?search=lab.example") == []
    assert logins(bob, "?sort=-familyName&limit=2") == ["dave", "carol"]


NEW = {"familyName": "Ndiaye", "givenName": "Awa", "login": "ndiaye"}


def test_only_the_user_office_writes(as_, facility, count):
    bob = as_("bob", BOB, "mx_write", "all_proposals", "manage_groups")
    assert bob.post(URL, json=NEW).status_code == 403
    assert bob.post(f"{URL}/batch", json=[NEW]).status_code == 403
    assert bob.delete(f"{URL}/{BOB}").status_code == 403
    for verb in ("patch", "put"):
        assert getattr(bob, verb)(f"{URL}/{BOB}", json=NEW).status_code == 403
    assert count(Person) == 4


def test_a_person_comes_changes_and_goes(office, people):
    lab = office.post("/ispyb/api/v1/contacts/labs", json={"name": "Institute of Light"}).json
    full = NEW | {"emailAddress": "awa@lab.example", "laboratoryId": lab["laboratoryId"]}
    external = {"externalId": "0" * 30 + "9d"}
    made = office.post(URL, json=full | external)
    assert made.status_code == 201
    assert {**made.json, **full, **external} == made.json
    assert made.json["Laboratory"]["name"] == "Institute of Light"
    one = f"{URL}/{made.json['personId']}"
    assert office.get(one).json == made.json
    changed = office.patch(one, json={"title": "Prof.", "emailAddress": None}).json
    shown = {key: changed[key] for key in ("title", "emailAddress", "login")}
    assert shown == {"title": "Prof.", "emailAddress": None, "login": "ndiaye"}
    replaced = office.put(one, json={"familyName": "Diop"}).json
    assert (replaced["familyName"], replaced["login"], replaced["Laboratory"]) == (
        "Diop",
        None,
        None,
    )
    assert office.delete(one).json["familyName"] == "Diop"
    for verb in ("get", "delete"):
        assert getattr(office, verb)(one).status_code == 404
    for verb in ("patch", "put"):
        assert getattr(office, verb)(one, json=NEW).status_code == 404


@pytest.mark.parametrize(
    "change, status, field",
    [
        ({"familyName": None}, 422, "familyName"),
        ({"familyName": "x" * 101}, 422, "familyName"),
        ({"givenName": "Łucja"}, 422, "givenName"),
        ({"login": 7}, 422, "login"),
        ({"passwd": "secret"}, 422, "passwd"),
        ({"externalId": "xyz"}, 422, "externalId"),
        ({"person": 7}, 422, "person"),
        ({"laboratoryId": -1}, 422, "laboratoryId"),
        ({"laboratoryId": 77}, 424, "laboratoryId"),
    ],
)
@pytest.mark.parametrize("verb, key", [("post", ""), ("patch", "/1"), ("put", "/1")])
def test_a_bad_field_is_named_and_nothing_written(
    office, people, count, verb, key, change, status, field
):
    response = getattr(office, verb)(URL + key, json=NEW | change)
    assert (response.status_code, list(response.json["errors"])) == (status, [field])
    assert (count(Person), office.get(f"{URL}/1").json["login"]) == (4, "alice")


def test_a_login_belongs_to_one(office, people):
    assert office.post(URL, json=NEW | {"login": "alice"}).status_code == 409
    assert office.patch(f"{URL}/2", json={"login": "alice"}).status_code == 409


def test_delete_is_refused_while_something_hangs_on_it(office, facility, add):
    add(UserGroup(userGroupId=1, name="staff"), Person(personId=9, login="erin"))
    add(UserGroupHasPerson(userGroupId=1, personId=9))
    reasons = {ALICE: "proposals", CAROL: "members of proposals", DAVE: "members of sessions"}
    for person, reason in {**reasons, 9: "groups"}.items():
        response = office.delete(f"{URL}/{person}")
        assert (response.status_code, response.json["detail"]) == (
            409,
            f"Person still has {reason}",
        )


BATCH = [NEW, {"familyName": "Mori", "login": "tmori"}, {"familyName": "Eklund"}]


@pytest.mark.parametrize(
    "body, headers",
    [
        (json.dumps(BATCH), {"Content-Type": "application/json"}),
        ("\n".join(map(json.dumps, BATCH)), {"Content-Type": "application/x-ndjson"}),
        (
            gzip.compress(json.dumps(BATCH).encode(), mtime=0),
            {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        ),
    ],
)
def test_a_batch_comes_whole(office, people, count, body, headers):
    response = office.post(f"{URL}/batch", data=body, headers=headers)
    assert (response.status_code, response.json) == (201, {"inserted": 3})
    assert count(Person) == 7
    assert office.get(f"{URL}?login=tmori").json["results"][0]["familyName"] == "Mori"


@pytest.mark.parametrize(
    "row, status, fault",
    [
        ({"familyName": "x" * 101}, 422, "familyName"),
        ({"login": "nobody"}, 422, "familyName"),
        ({"familyName": "Mori", "nope": 1}, 422, "nope"),
        ({"familyName": "Mori", "laboratoryId": 77}, 424, "laboratoryId"),
        ({"familyName": "Mori", "login": "ALICE"}, 409, "login"),
        ({"familyName": "Mori", "login": "Ndiaye"}, 409, "login"),
    ],
)
def test_a_batch_with_a_bad_row_names_it_and_stores_nothing(
    office, people, count, row, status, fault
):
    response = office.post(f"{URL}/batch", json=[NEW, row])
    assert response.status_code == status
    assert list(response.json["errors"]) == ["1"]
    assert list(response.json["errors"]["1"]) == [fault]
    assert count(Person) == 4
