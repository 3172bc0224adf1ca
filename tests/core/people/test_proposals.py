"""Proposals: they are stored as sent, and shown to those who may see them."""

import pytest

from shared.models import BLSession, Person, Proposal, ProposalHasPerson, SessionHasPerson

URL = "/ispyb/api/v1/proposals"
ALICE, BOB = 1, 2


@pytest.fixture
def proposals(add):
    """Alice leads 1, is on 2 and on a session of 3; 4 has a session on i03; 5 is bob's alone."""
    add(Person(personId=ALICE, login="alice"), Person(personId=BOB, login="bob"))
    for number in range(1, 6):
        leader = ALICE if number == 1 else BOB
        add(
            Proposal(
                proposalId=number,
                personId=leader,
                proposalCode="MX" if number == 3 else "mx",
                proposalNumber=str(2000 + number),
                title=f"100% no. {number}",
            )
        )
    add(
        ProposalHasPerson(proposalId=2, personId=ALICE, role="Co-Investigator"),
        BLSession(sessionId=30, proposalId=3, visit_number=1, beamLineName="i04"),
        BLSession(sessionId=31, proposalId=3, visit_number=2, beamLineName="m02"),
        SessionHasPerson(sessionId=30, personId=ALICE, role="Team Member"),
        BLSession(sessionId=40, proposalId=4, beamLineName="i03"),
    )


@pytest.mark.parametrize(
    "caller, expected",
    [
        (("alice", ALICE), [3, 2, 1]),
        (("alice", ALICE, "mx_admin"), [4, 3, 2, 1]),
        (("carol", 3), []),
        (("machine",), []),
        (("staff", None, "all_sessions"), [4, 3]),
        (("staff", None, "all_proposals"), [5, 4, 3, 2, 1]),
    ],
)
def test_list_shows_only_visible_proposals(as_, proposals, caller, expected):
    response = as_(*caller).get(URL)
    assert response.status_code == 200
    assert response.json["total"] == len(expected)
    assert [row["proposalId"] for row in response.json["results"]] == expected


def test_counts_are_of_what_the_caller_sees(as_, proposals):
    alice, staff = as_("alice", ALICE), as_("staff", None, "all_proposals")
    shown = {row["proposalId"]: row["_metadata"] for row in alice.get(URL).json["results"]}
    names = {key: each.pop("name") for key, each in shown.items()}
    assert shown[2] == {"sessions": 0, "beamLines": [], "persons": 1}
    assert shown[3] == {"sessions": 1, "beamLines": ["i04"], "persons": 0}
    everything = {"name": names[3], "sessions": 2, "beamLines": ["i04", "m02"], "persons": 0}
    assert staff.get(f"{URL}/3").json["_metadata"] == everything


def test_an_object_nests_by_table_name(as_, proposals):
    shown = as_("alice", ALICE).get(f"{URL}/2").json
    bob = {"personId": BOB, "login": "bob", "givenName": None, "familyName": None}
    assert shown["Person"] == bob


def test_info_has_the_members_and_the_visible_sessions(as_, proposals, same):
    alice, staff = as_("alice", ALICE), as_("staff", None, "all_proposals")
    shown = alice.get(f"{URL}/mx2002/info").json
    assert (shown["proposalId"], shown["Person"]["login"]) == (2, "bob")
    assert [one["Person"]["login"] for one in shown["ProposalHasPerson"]] == ["alice"]
    assert shown["ProposalHasPerson"][0]["role"] == "Co-Investigator"
    seen = [one["sessionId"] for one in alice.get(f"{URL}/3/info").json["BLSession"]]
    assert seen == [30]
    sessions = staff.get(f"{URL}/3/info").json["BLSession"]
    assert {one["sessionId"]: one["beamLineName"] for one in sessions} == {30: "i04", 31: "m02"}
    same(alice.get(f"{URL}/5/info"), alice.get(f"{URL}/999/info"))
    assert list(alice.get(f"{URL}/2/info?x=1").json["errors"]) == ["x"]


@pytest.mark.parametrize("person", [None, 0])
def test_a_machine_is_not_the_missing_leader(as_, leaderless, person):
    assert as_("machine", person).get(URL).json["total"] == 0
    assert as_("staff", person, "all_proposals").get(f"{URL}/99").json["Person"] is None


@pytest.mark.parametrize("verb", ["get", "patch", "put", "delete"])
def test_hidden_proposal_looks_absent(as_, proposals, same, verb):
    alice = as_("alice", ALICE, "uportal_sync")
    body = {} if verb in ("get", "delete") else {"json": NEW}
    hidden, absent = (getattr(alice, verb)(f"{URL}/{key}", **body) for key in (5, 999))
    assert hidden.status_code == 404
    same(hidden, absent)


@pytest.mark.parametrize(
    "key, status",
    [
        ("3", 200),
        ("mx2003", 200),
        ("MX2003", 200),
        ("MX2002", 200),
        ("3abc", 404),
        ("mx", 404),
        ("2003mx", 404),
        ("9" * 30, 404),
        ("-1", 404),
        ("mx2005", 404),
    ],
)
def test_key_is_an_id_or_a_name_and_nothing_else(as_, proposals, key, status):
    assert as_("alice", ALICE).get(f"{URL}/{key}").status_code == status


@pytest.mark.parametrize(
    "query, expected",
    [
        ("proposalNumber=2003", [3]),
        ("proposalId__gte=2&proposalId__lte=3", [3, 2]),
        ("proposalId__in=1,4", [4, 1]),
        ("search=100% no. 4", [4]),
        ("search=100_", []),
        ("sort=proposalNumber&limit=2&skip=1", [2, 3]),
    ],
)
def test_filters(as_, proposals, query, expected):
    response = as_("staff", None, "all_proposals").get(f"{URL}?{query}")
    assert [row["proposalId"] for row in response.json["results"]] == expected


@pytest.mark.parametrize("sort", ["proposalId", "-title", "state"])
def test_pages_follow_the_cursor(as_, proposals, sort):
    staff, seen, after = as_("staff", None, "all_proposals"), [], ""
    while after is not None:
        page = staff.get(f"{URL}?limit=2&fields=proposalId&sort={sort}{after}").json
        assert page["total"] == 5
        seen += [row["proposalId"] for row in page["results"]]
        after = f"&after={page['next']}" if "next" in page else None
    assert seen == {"proposalId": [1, 2, 3, 4, 5], "-title": [5, 4, 3, 2, 1]}.get(sort, seen)


@pytest.mark.parametrize(
    "kwargs",
    [
        {"query_string": "fields=proposalId,Person.login"},
        {"headers": {"X-Fields": "{proposalId,Person{login}}"}},
    ],
)
def test_fields_narrow_the_select(as_, proposals, statements, kwargs):
    alice = as_("alice", ALICE)
    with statements() as seen:
        shown = alice.get(f"{URL}/2", **kwargs).json
    assert shown == {"proposalId": 2, "Person": {"login": "bob"}}
    assert len(seen) == 1 and "title" not in seen[0]


@pytest.mark.parametrize(
    "query, field",
    [
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=501", "limit"),
        (f"skip={10**30}", "skip"),
        ("propsalCode=mx", "propsalCode"),
        ("state=Opne", "state"),
        ("sort=nothing", "sort"),
        ("fields=nothing", "fields"),
        ("fields=Person.nothing", "fields"),
        ("proposalId=99999999999", "proposalId"),
        ("proposalId=2abc", "proposalId"),
        ("proposalCode=mx&proposalCode=cm", "proposalCode"),
        ("sort=title&after=3", "after"),
    ],
)
def test_an_unknown_query_is_refused_by_name(as_, query, field):
    response = as_("alice", ALICE).get(f"{URL}?{query}")
    assert response.status_code == 422
    assert list(response.json["errors"]) == [field]


NEW = {"personId": BOB, "proposalCode": "mx", "proposalNumber": "9"}


@pytest.mark.parametrize(
    "change, field",
    [
        ({"proposalNumber": None}, "proposalNumber"),
        ({"nope": 1}, "nope"),
        ({"title": "x" * 201}, "title"),
        ({"title": "łódź"}, "title"),
        ({"title": 7}, "title"),
        ({"state": "Shut"}, "state"),
        ({"personId": -1}, "personId"),
        ({"personId": 2**32}, "personId"),
        ({"startDate": "2024-05-01T10:00:00Z"}, "startDate"),
        ({"startDate": "2024-05-02T10:00:00", "endDate": "2024-05-01T10:00:00"}, "endDate"),
        ({"externalId": "12"}, "externalId"),
        ({"externalId": -1}, "externalId"),
        ({"externalId": True}, "externalId"),
        ({"externalId": "f81d4fae-7dec-11d0-a765-00a0c91e6bf"}, "externalId"),
    ],
)
@pytest.mark.parametrize("verb, key", [("post", ""), ("put", "/1"), ("patch", "/1")])
def test_a_bad_field_is_named_and_nothing_written(office, proposals, verb, key, change, field):
    before = office.get(f"{URL}/1").json, office.get(URL).json["total"]
    response = getattr(office, verb)(URL + key, json=NEW | change)
    assert response.status_code == 422
    assert list(response.json["errors"]) == [field]
    assert before == (office.get(f"{URL}/1").json, office.get(URL).json["total"])


@pytest.mark.parametrize(
    "external, shown",
    [
        (4711, "0" * 28 + "1267"),
        ("f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "f81d4fae7dec11d0a76500a0c91e6bf6"),
        ("F81D4FAE7DEC11D0A76500A0C91E6BF6", "f81d4fae7dec11d0a76500a0c91e6bf6"),
        (None, None),
    ],
)
def test_the_key_of_the_user_office_is_a_number_or_a_uuid(office, proposals, external, shown):
    made = office.post(URL, json=NEW | {"externalId": external})
    assert (made.status_code, made.json["externalId"]) == (201, shown)


def test_a_proposal_may_have_no_code(office, proposals):
    made = office.post(URL, json={"personId": BOB, "proposalNumber": "77"})
    assert (made.status_code, made.json["proposalCode"]) == (201, None)
    assert made.json["_metadata"]["name"] is None


@pytest.mark.parametrize("verb, key, status", [("post", "", 201), ("put", "/1", 422)])
def test_a_read_only_field_is_ignored_by_post_and_compared_by_put(
    office, proposals, verb, key, status
):
    response = getattr(office, verb)(URL + key, json=NEW | {"proposalId": 5, "Person": None})
    assert response.status_code == status
    assert response.json.get("proposalId") != 5
    assert {*response.json.get("errors", ())} == ({"proposalId", "Person"} if key else set())


@pytest.mark.parametrize(
    "caller, query, expected",
    [
        (("alice", ALICE), "login=alice", [3, 2, 1]),
        (("alice", ALICE), "login=bob", [3, 2]),
        (("alice", ALICE), "beamLineName=i04", [3]),
        (("alice", ALICE), "beamLineName=m02", []),  # on m02 is a session that she does not see
        (("staff", None, "all_sessions"), "beamLineName=m02", [3]),
        (("staff", None, "all_proposals"), "login=alice", [3, 2, 1]),
        (("staff", None, "all_proposals"), "login=bob&beamLineName=i03", [4]),
        (("staff", None, "all_proposals"), "login=nobody", []),
    ],
)
def test_proposals_by_member_and_beamline(as_, proposals, caller, query, expected):
    results = as_(*caller).get(f"{URL}?{query}").json["results"]
    assert [row["proposalId"] for row in results] == expected


@pytest.mark.parametrize("body, status", [(b"{", 400), (b"\xff", 400), (b"[]", 422), (b"1", 422)])
def test_what_is_not_an_object_is_refused(office, body, status):
    response = office.post(URL, data=body, content_type="application/json")
    assert response.status_code == status
    assert office.post(URL, data=b"personId=1").status_code == 415


def test_create_answers_the_whole_object_and_only_once(office, proposals):
    response = office.post(URL, json=NEW | {"startDate": "2024-05-01T10:00:00"})
    assert response.status_code == 201
    assert response.json["Person"]["login"] == "bob"
    assert (response.json["startDate"], response.json["state"]) == ("2024-05-01T10:00:00", "Open")
    assert office.get(f"{URL}/{response.json['proposalId']}").json == response.json
    assert office.post(URL, json=NEW).status_code == 409


def test_a_leader_who_is_not_there_may_still_come(office, proposals):
    response = office.post(URL, json=NEW | {"personId": 77})
    assert (response.status_code, list(response.json["errors"])) == (424, ["personId"])
    assert office.patch(f"{URL}/1", json={"personId": 77}).status_code == 424


def test_a_member_does_not_create(as_, proposals):
    assert as_("alice", ALICE).post(URL, json=NEW).status_code == 403


def test_patch_keeps_the_absent_and_clears_with_null(as_, proposals):
    alice = as_("alice", ALICE, "uportal_sync")
    response = alice.patch(f"{URL}/mx2002", json={"title": None})
    assert (response.json["title"], response.json["proposalNumber"]) == (None, "2002")
    assert alice.patch(f"{URL}/mx2005", json={"title": None}).status_code == 404


def test_put_leaves_nothing_of_the_old(office, proposals):
    dates = {"startDate": "2024-05-01T00:00:00", "endDate": "2024-06-01T00:00:00"}
    office.patch(f"{URL}/2", json={"state": "Closed", **dates})
    response = office.put(f"{URL}/2", json=NEW)
    assert response.status_code == 200
    shown = {key: response.json[key] for key in ("title", "state", "startDate", "personId")}
    assert shown == {"title": None, "state": "Open", "startDate": None, "personId": BOB}
    assert list(office.put(f"{URL}/2", json={"title": "x"}).json["errors"]) == [
        "personId",
        "proposalNumber",
    ]


def test_dates_are_in_order_with_those_that_stay(office, proposals):
    assert office.patch(f"{URL}/2", json={"endDate": "2024-06-01T00:00:00"}).status_code == 200
    response = office.patch(f"{URL}/2", json={"startDate": "2024-06-02T00:00:00"})
    assert (response.status_code, list(response.json["errors"])) == (422, ["startDate"])
    assert office.patch(f"{URL}/2", json={"startDate": "2024-06-01T00:00:00"}).status_code == 200


def test_the_leader_may_be_given_away(as_, proposals):
    alice = as_("alice", ALICE, "uportal_sync")
    assert alice.patch(f"{URL}/1", json={"personId": BOB}).json["Person"]["login"] == "bob"
    assert alice.get(f"{URL}/1").status_code == 404


def test_an_edit_of_an_old_reading_is_refused(office, proposals):
    tag = office.get(f"{URL}/1").headers["ETag"]
    assert (
        office.patch(f"{URL}/1", json={"title": "new"}, headers={"If-Match": tag}).status_code
        == 200
    )
    for verb in ("patch", "put", "delete"):
        late = getattr(office, verb)(f"{URL}/1", json=NEW, headers={"If-Match": tag})
        assert late.status_code == 412
    assert office.get(f"{URL}/1").json["title"] == "new"


def test_delete_is_refused_while_something_hangs_on_it(office, proposals):
    response = office.delete(f"{URL}/3")
    assert (response.status_code, response.json["detail"]) == (
        409,
        "Proposal still has sessions",
    )
    assert "members" in office.delete(f"{URL}/2").json["detail"]
    gone = office.delete(f"{URL}/mx2005")
    assert (gone.status_code, gone.json["proposalId"]) == (200, 5)
    assert office.get(f"{URL}/5").status_code == 404
    assert office.delete(f"{URL}/5").status_code == 404
