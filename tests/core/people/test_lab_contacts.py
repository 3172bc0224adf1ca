"""Lab contacts: the address book of a proposal, edited by callers who see the proposal."""

import pytest

from services.core.models import LabContact
from shared.models import Laboratory, Person

URL = "/ispyb/api/v1/contacts/lab_contacts"
ALICE, BOB, CAROL, DAVE = 1, 2, 3, 4


@pytest.fixture
def cards(facility, add):
    """Card 1 of mx1 is alice's, card 2 of mx2 bob's."""
    add(
        Laboratory(laboratoryId=1, name="Institute of Light"),
        LabContact(labContactId=1, proposalId=1, personId=ALICE, cardName="Alice, home"),
        LabContact(labContactId=2, proposalId=2, personId=BOB, cardName="Bob, home"),
    )


def found(client, query=""):
    response = client.get(URL + query)
    assert response.status_code == 200
    return [row["labContactId"] for row in response.json["results"]]


@pytest.mark.parametrize(
    "caller, expected",
    [
        (("alice", ALICE), [1]),
        (("carol", CAROL), [2]),
        (("dave", DAVE), [2]),
        (("erin", 5), []),
        (("erin", 5, "mx_admin"), [1, 2]),
        (("office", None, "uportal_sync"), []),
        (("staff", None, "all_proposals"), [1, 2]),
    ],
)
def test_who_sees_which_card(as_, cards, same, caller, expected):
    client = as_(*caller)
    assert found(client) == expected
    for card in (1, 2):
        response = client.get(f"{URL}/{card}")
        if card in expected:
            assert response.json["labContactId"] == card
        else:
            same(response, client.get(f"{URL}/999"))


def test_cards_are_found_by_proposal(as_, cards):
    staff, alice = as_("staff", None, "all_proposals"), as_("alice", ALICE)
    assert (found(staff, "?proposal=mx2"), found(staff, "?proposal=1")) == ([2], [1])
    assert alice.get(f"{URL}?proposal=mx2").status_code == 404
    assert found(staff, "?search=bob") == [2]


def test_a_card_shows_whom_and_where_but_no_contact_data(as_, cards, add):
    add(
        Person(personId=7, login="gina", laboratoryId=1, emailAddress="g@lab.example"),
        LabContact(labContactId=7, proposalId=1, personId=7, cardName="Gina"),
    )
    shown = as_("alice", ALICE).get(f"{URL}/7")
    assert shown.json["Person"]["Laboratory"]["name"] == "Institute of Light"
    assert "g@lab.example" not in shown.get_data(as_text=True)


NEW = {"proposalId": 2, "personId": CAROL, "cardName": "Carol, work"}


def test_a_card_comes_changes_and_goes(as_, cards):
    dave = as_("dave", DAVE)
    made = dave.post(URL, json=NEW | {"dewarAvgCustomsValue": 5})
    assert made.status_code == 201
    assert {**made.json, **NEW} == made.json
    assert (made.json["dewarAvgCustomsValue"], made.json["dewarAvgTransportValue"]) == (5, 0)
    one = f"{URL}/{made.json['labContactId']}"
    changed = dave.patch(one, json={"billingReference": "MX-17"}).json
    assert (changed["billingReference"], changed["cardName"]) == ("MX-17", "Carol, work")
    replaced = dave.put(one, json=NEW | {"cardName": "C"}).json
    assert (replaced["billingReference"], replaced["dewarAvgCustomsValue"]) == (None, 0)
    assert dave.delete(one).json["cardName"] == "C"
    assert dave.get(one).status_code == 404


@pytest.mark.parametrize("verb", ["get", "patch", "put", "delete"])
def test_hidden_cards_look_absent(as_, cards, same, verb):
    alice = as_("alice", ALICE)
    body = {} if verb in ("get", "delete") else {"json": NEW | {"proposalId": 1}}
    hidden, absent = (getattr(alice, verb)(f"{URL}/{key}", **body) for key in (2, 999))
    assert hidden.status_code == 404
    same(hidden, absent)


@pytest.mark.parametrize("verb, key", [("post", ""), ("patch", "/1"), ("put", "/1")])
def test_no_card_goes_to_a_hidden_proposal_or_names_a_hidden_person(as_, cards, same, verb, key):
    def write(change):
        mine = {"proposalId": 1, "personId": ALICE, "cardName": "new"}
        return getattr(as_("alice", ALICE), verb)(URL + key, json=mine | change)

    for field, hidden, status in (("proposalId", 2, 404), ("personId", BOB, 424)):
        response = write({field: hidden})
        assert response.status_code == status
        same(response, write({field: 999}))
    assert as_("alice", ALICE).get(f"{URL}/1").json["cardName"] == "Alice, home"


def test_a_program_needs_leave(as_, cards):
    def program(*permissions):
        return as_("tool", None, "all_proposals", *permissions, service=True)

    assert program("mx_write").post(URL, json=NEW).status_code == 403
    assert program("mx_write").delete(f"{URL}/1").status_code == 403
    for verb in ("patch", "put"):
        assert getattr(program("mx_write"), verb)(f"{URL}/2", json=NEW).status_code == 403
    assert program("uportal_sync").post(URL, json=NEW).status_code == 201


def test_a_card_and_a_person_are_once_on_a_proposal(as_, cards):
    bob = as_("bob", BOB)
    assert bob.post(URL, json=NEW | {"cardName": "Bob, home"}).status_code == 409
    assert bob.post(URL, json=NEW | {"personId": BOB}).status_code == 409


@pytest.mark.parametrize(
    "change, field",
    [
        ({"cardName": None}, "cardName"),
        ({"cardName": "x" * 41}, "cardName"),
        ({"cardName": "Ж"}, "cardName"),
        ({"dewarAvgCustomsValue": -1}, "dewarAvgCustomsValue"),
        ({"dewarAvgTransportValue": None}, "dewarAvgTransportValue"),
        ({"defaultCourierCompany": "x"}, "defaultCourierCompany"),
    ],
)
@pytest.mark.parametrize("verb, key", [("post", ""), ("patch", "/2"), ("put", "/2")])
def test_a_bad_field_is_named_and_nothing_written(as_, cards, count, verb, key, change, field):
    bob = as_("bob", BOB)
    response = getattr(bob, verb)(URL + key, json=NEW | change)
    assert (response.status_code, list(response.json["errors"])) == (422, [field])
    assert (count(LabContact), bob.get(f"{URL}/2").json["cardName"]) == (2, "Bob, home")
