"""Members of proposals and sessions: shown with these, and edited by the user office."""

import threading

import pytest

from shared.models import (
    PROPOSAL_ROLES,
    SESSION_ROLES,
    ProposalHasPerson,
    SessionHasPerson,
)

API = "/ispyb/api/v1"
ALICE, BOB, CAROL, DAVE = 1, 2, 3, 4
BOTH = pytest.mark.parametrize("of", ["proposals/2", "proposals/mx2", "sessions/22"])


def members(client, of, query=""):
    response = client.get(f"{API}/{of}/persons{query}")
    assert response.status_code == 200
    return [(row["Person"]["login"], row["role"]) for row in response.json["results"]]


def test_members_are_listed_by_name_only(as_, facility):
    assert members(as_("bob", BOB), "proposals/mx2") == [("carol", "Co-Investigator")]
    response = as_("bob", BOB).get(f"{API}/sessions/mx2-2/persons")
    name = {"personId": DAVE, "login": "dave", "givenName": None, "familyName": "Dave"}
    role = {"role": "Team Member", "remote": False}
    member = {"sessionId": 22, "personId": DAVE, **role, "Person": name}
    assert response.json == {"total": 1, "results": [member], "skip": 0, "limit": 25}


@pytest.mark.parametrize("of", ["proposals/2", "sessions/22"])
@pytest.mark.parametrize(
    "verb, path", [("get", ""), ("post", ""), ("patch", "/3"), ("delete", "/3")]
)
def test_members_of_what_is_hidden_are_hidden(as_, facility, same, of, verb, path):
    alice = as_("alice", ALICE, "uportal_sync")
    body = {"post": {"json": {"personId": 1}}, "patch": {"json": {"role": None}}}.get(verb, {})
    urls = (f"{API}/{at}/persons{path}" for at in (of, of.partition("/")[0] + "/999"))
    hidden, absent = (getattr(alice, verb)(url, **body) for url in urls)
    assert hidden.status_code == 404
    same(hidden, absent)


@BOTH
def test_only_the_user_office_changes_members(as_, facility, of):
    bob, url = as_("bob", BOB, "mx_write", "all_proposals"), f"{API}/{of}/persons"
    assert bob.post(url, json={"personId": ALICE}).status_code == 403
    assert bob.patch(f"{url}/{CAROL}", json={"role": None}).status_code == 403
    assert bob.delete(f"{url}/{CAROL}").status_code == 403


@BOTH
def test_a_member_comes_changes_and_goes(as_, office, facility, of):
    url, alice = f"{API}/{of}/persons", as_("alice", ALICE)
    assert alice.get(f"{API}/{of}").status_code == 404
    made = office.post(url, json={"personId": ALICE, "role": "Associate"})
    assert made.status_code == 201
    assert (made.json["Person"]["login"], made.json["role"]) == ("alice", "Associate")
    assert alice.get(f"{API}/{of}").status_code == 200
    assert office.post(url, json={"personId": ALICE}).status_code == 409
    changed = office.patch(f"{url}/{ALICE}", json={"role": "Principal Investigator"})
    assert changed.json["role"] == "Principal Investigator"
    assert office.patch(f"{url}/{ALICE}", json={}).json == changed.json
    assert office.patch(f"{url}/{ALICE}", json={"role": None}).json["role"] is None
    assert office.delete(f"{url}/{ALICE}").json["Person"]["login"] == "alice"
    assert alice.get(f"{API}/{of}").status_code == 404
    assert office.delete(f"{url}/{ALICE}").status_code == 404
    assert office.patch(f"{url}/{ALICE}", json={"role": None}).status_code == 404


def test_a_member_takes_part_from_elsewhere(office, facility):
    url = f"{API}/sessions/22/persons"
    assert office.post(url, json={"personId": BOB, "remote": True}).json["remote"] is True
    assert office.patch(f"{url}/{DAVE}", json={"remote": True}).json["remote"] is True
    assert office.get(f"{url}?remote=true&role=Team Member").json["total"] == 1


@pytest.mark.parametrize(
    "of, roles", [("proposals/1", PROPOSAL_ROLES), ("sessions/11", SESSION_ROLES)]
)
def test_roles_are_those_of_the_schema(office, facility, of, roles):
    url = f"{API}/{of}/persons"
    office.post(url, json={"personId": CAROL})
    for role in roles:
        assert office.patch(f"{url}/{CAROL}", json={"role": role}).json["role"] == role


@BOTH
@pytest.mark.parametrize(
    "body, status, field",
    [
        ({"personId": ALICE, "role": "King"}, 422, "role"),
        ({"role": "Associate"}, 422, "personId"),
        ({"personId": None}, 422, "personId"),
        ({"personId": "a"}, 422, "personId"),
        ({"personId": ALICE, "proposalId": 1}, 422, "proposalId"),
        ({"personId": 77}, 424, "personId"),
    ],
)
def test_a_bad_member_is_refused_by_name(office, facility, count, of, body, status, field):
    before = count(ProposalHasPerson), count(SessionHasPerson)
    response = office.post(f"{API}/{of}/persons", json=body)
    assert (response.status_code, list(response.json["errors"])) == (status, [field])
    assert before == (count(ProposalHasPerson), count(SessionHasPerson))


@BOTH
def test_a_member_stays_the_same_person(office, facility, of):
    response = office.patch(f"{API}/{of}/persons/{CAROL}", json={"personId": 1})
    assert (response.status_code, list(response.json["errors"])) == (422, ["personId"])


def test_pages_follow_each_other_in_every_order(office, facility):
    url = f"{API}/sessions/11/persons"
    for person in (ALICE, BOB, CAROL, DAVE):
        office.post(url, json={"personId": person, "role": "Staff"})
    for sort in ("remote", "-remote", "role", "-personId", "personId"):
        first = office.get(f"{url}?sort={sort}&limit=2").json
        after = f"after={first['next']}" if "next" in first else "skip=2"
        second = office.get(f"{url}?sort={sort}&limit=2&{after}").json
        shown = [row["personId"] for page in (first, second) for row in page["results"]]
        assert sorted(shown) == [ALICE, BOB, CAROL, DAVE], sort
    assert list(office.get(f"{url}?sort=x").json["errors"]) == ["sort"]


@pytest.mark.parametrize("of", ["proposals/1", "sessions/11"])
def test_of_two_at_once_one_is_a_member(as_, facility, of):
    answers, threads = [], []

    def post(client):
        answers.append(client.post(f"{API}/{of}/persons", json={"personId": DAVE}).status_code)

    for _ in range(4):
        client = as_("office", None, "uportal_sync", "all_proposals", service=True)
        threads.append(threading.Thread(target=post, args=[client]))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201, 409, 409, 409]
