"""Sharing groups of samples with named persons of the proposal only."""

import pytest
from sqlalchemy import select

from shared.models import (
    BLSample,
    BLSampleGroup,
    BLSession,
    Crystal,
    DataCollection,
    DataCollectionGroup,
    Person,
    Proposal,
    ProposalHasPerson,
    Protein,
    SessionHasPerson,
)
from shared.service_tables import SampleGroupPerson
from tests.matrix import Route, inside

MANAGERS = inside(403) | {"leader": 200, "user office": 200}  # of the group of samples
ROUTES = [
    Route("get /samples/groups/{group_id}/persons", inside()),
    Route(
        "post /samples/groups/{group_id}/persons",
        MANAGERS | {"leader": 201, "user office": 201},
        body={"personId": 2},
        schema="SharedWith",
        sent_as_is=True,
        by_row=True,
    ),
    Route(
        "delete /samples/groups/{group_id}/persons/{person_id}",
        MANAGERS | {"on session": 404},
        path={"group_id": 7, "person_id": 2},
        by_row=True,
    ),
]
API = "/ispyb/api/v1"
GROUPS = f"{API}/samples/groups"
ALICE, BOB, CAROL, DAVE, ERIN = range(1, 6)
LOGINS = ("alice", "bob", "carol", "dave", "erin")


@pytest.fixture
def laboratories(add, folder):
    """Proposal mx1 of alice, with bob and carol of two laboratories; dave is on session mx1-1.

    Samples 1 and 2 have a data collection each, in session 1 on i03; erin is on nothing.
    """
    (folder / "a.jpeg").write_bytes(b"picture")
    add(*(Person(personId=key, login=login) for key, login in enumerate(LOGINS, 1)))
    named = {"proposalCode": "mx", "proposalNumber": "1"}
    add(
        Proposal(proposalId=1, personId=ALICE, **named),
        ProposalHasPerson(proposalId=1, personId=BOB),
        ProposalHasPerson(proposalId=1, personId=CAROL),
        BLSession(sessionId=1, proposalId=1, visit_number=1, beamLineName="i03"),
        SessionHasPerson(sessionId=1, personId=DAVE),
        Protein(proteinId=1, proposalId=1, acronym="LYS"),
        Crystal(crystalId=1, proteinId=1),
        BLSampleGroup(blSampleGroupId=90, ownerId=BOB),  # of no proposal
    )
    for key in (1, 2):
        group = {"dataCollectionGroupId": key}
        file = str(folder / "a.jpeg")
        add(
            BLSample(blSampleId=key, crystalId=1, name=f"s{key}"),
            DataCollectionGroup(**group, sessionId=1, blSampleId=key),
            DataCollection(dataCollectionId=key, **group, xtalSnapshotFullPath1=file),
        )


@pytest.fixture
def people(as_, laboratories):
    """A client of each person, of the staff of i03, and of the user office."""
    clients = {login: as_(login, key) for key, login in enumerate(LOGINS, 1)}
    office = ("office", None, "uportal_sync", "all_proposals", "mx_write")
    return clients | {
        "staff": as_("staff", 9, "mx_admin"),
        "office": as_(*office, service=True),
    }


def list_keys(client, path, key):
    answer = client.get(f"{API}/{path}")
    assert answer.status_code == 200, answer.text
    return sorted(row[key] for row in answer.json["results"])


def list_samples(people, *names):
    """The samples of each of them, which are those of its data collections too."""
    samples = {}
    for name in names or people:
        samples[name] = list_keys(people[name], "samples", "blSampleId")
        for query in ("", "?session=mx1-1", "?proposal=mx1") if name != "erin" else ("",):
            path = f"data_collections{query}"
            assert list_keys(people[name], path, "dataCollectionId") == samples[name]
        for key in (1, 2):
            status = 200 if key in samples[name] else 404
            assert people[name].get(f"{API}/samples/{key}").status_code == status
            assert people[name].get(f"{API}/data_collections/{key}").status_code == status
    return samples


def create(client, **body):
    made = client.post(GROUPS, json={"proposalId": 1, **body})
    assert made.status_code == 201, made.text
    return made.json["blSampleGroupId"]


def test_a_laboratory_shares_its_samples_with_named_persons_only(people, engine):
    bob, carol, alice = people["bob"], people["carol"], people["alice"]
    both, none = [1, 2], []
    open_to_all = dict.fromkeys(people, both) | {"erin": none}
    group = create(bob, name="of bob")
    row = bob.get(f"{GROUPS}/{group}").json
    assert (row["ownerId"], row["_metadata"], row["Person"]["login"]) == (
        BOB,
        {"samples": 0},
        "bob",
    )
    url = f"{GROUPS}/{group}"
    assert bob.post(f"{url}/samples", json={"blSampleId": 1, "type": "sample"}).status_code == 201
    assert bob.post(f"{url}/samples", json={"blSampleId": 1}).status_code == 409
    assert carol.post(f"{url}/samples", json={"blSampleId": 2}).status_code == 201
    assert carol.delete(f"{url}/samples/2").json["BLSample"]["name"] == "s2"
    assert list_samples(people) == open_to_all

    # Only its managers share a group, and only with persons of the proposal.
    assert carol.post(f"{url}/persons", json={"personId": CAROL}).status_code == 403
    assert people["staff"].post(f"{url}/persons", json={"personId": BOB}).status_code == 403
    refused = bob.post(f"{url}/persons", json={"personId": DAVE})
    assert (refused.status_code, [*refused.json["errors"]]) == (422, ["personId"])
    assert bob.post(f"{GROUPS}/90/persons", json={"personId": BOB}).status_code == 409
    shared = bob.post(f"{url}/persons", json={"personId": BOB})
    assert (shared.status_code, shared.json["login"]) == (201, "bob")
    assert bob.post(f"{url}/persons", json={"personId": BOB}).status_code == 409
    closed = open_to_all | {"carol": [2], "dave": [2]}
    assert list_samples(people) == closed
    for hidden in (url, f"{url}/samples", f"{url}/persons"):
        assert carol.get(hidden).status_code == 404
    assert carol.delete(f"{url}/samples/1").status_code == 404
    assert carol.patch(f"{API}/samples/1", json={"comments": "x"}).status_code == 404
    assert list_keys(alice, f"samples/groups/{group}/persons", "personId") == [BOB]
    statistics = [p.get(f"{API}/sessions/1/statistics").json["counts"] for p in (bob, carol)]
    assert [each["data_collections"] for each in statistics] == [2, 1]

    # A sample in several shared groups is visible to the persons of each.
    other = create(alice, name="of both")
    assert alice.post(f"{GROUPS}/{other}/samples", json={"blSampleId": 1}).status_code == 201
    assert alice.post(f"{GROUPS}/{other}/persons", json={"personId": CAROL}).status_code == 201
    seen = list_samples(people, "bob", "carol", "dave")
    assert seen == {"bob": both, "carol": both, "dave": [2]}
    assert carol.patch(f"{GROUPS}/{other}", json={"name": "x"}).status_code == 403
    assert carol.delete(f"{GROUPS}/{other}").status_code == 403

    # A group that is deleted, or shared with nobody any more, hides nothing: its samples stay.
    assert alice.delete(f"{GROUPS}/{other}").json["name"] == "of both"
    assert list_samples(people, "carol") == {"carol": [2]}
    assert bob.delete(f"{url}/persons/{CAROL}").status_code == 404
    assert people["office"].delete(f"{url}/persons/{BOB}").json["login"] == "bob"
    assert list_samples(people) == open_to_all
    with engine.connect() as connection:
        assert connection.execute(select(SampleGroupPerson)).all() == []


def test_a_one_time_link_opens_no_closed_sample(people, built, token):
    """The signer is looked up anew: the link of a person shows no more than the person sees."""
    bob = people["bob"]
    url = f"{GROUPS}/{create(bob)}"
    assert bob.post(f"{url}/samples", json={"blSampleId": 1}).status_code == 201
    assert bob.post(f"{url}/persons", json={"personId": BOB}).status_code == 201
    auth, core = built("auth").test_client(), built("core").test_client()
    for login, key, status in (("carol", CAROL, 404), ("bob", BOB, 200)):
        path = f"{API}/data_collections/1/snapshots/1"
        headers = {"Authorization": f"Bearer {token(login, key)}"}
        link = auth.post(f"{API}/user/sign", json={"url": path}, headers=headers).json
        assert core.get(link["url"]).status_code == status, login
