"""The dialect of MXCuBE: proposals and sessions, trap by trap. Its client: tests/clients."""

import threading
from datetime import datetime, timedelta

import pytest

from services.core.dialects.mxcube.schemas import MxcubeProposalSchema, MxcubeSessionSchema
from shared.models import (
    BeamLineSetup,
    BLSession,
    Person,
    Proposal,
    ProposalHasPerson,
    SessionHasPerson,
)

PROPOSALS = "/ispyb/mxcube/proposals"
SESSIONS = "/ispyb/mxcube/sessions"
ON_ARRIVAL = {  # what the client sends
    "proposalId": "10",
    "startDate": "2026-11-20T00:00:00.000000Z",
    "endDate": "2026-11-22T07:59:59.000000Z",
    "beamLineName": "i03",
    "comments": "Session created by the BCM",
    "scheduled": False,
}


def session(session_id, proposal_id, start=None, end=None, **columns):
    return BLSession(
        sessionId=session_id,
        proposalId=proposal_id,
        visit_number=session_id,
        startDate=start,
        endDate=end,
        **columns,
    )


@pytest.fixture
def facility(add):
    """alice leads mx123, is on bx7 and on one session of mx9; bob leads bx7 and mx9."""
    add(Person(personId=1, login="alice"), Person(personId=2, login="bob"))
    add(Person(personId=3, login="carol"))
    tails = {"title": "Tails", "state": "Closed", "proposalType": "BX"}
    add(
        Proposal(proposalId=10, personId=1, proposalCode="mx", proposalNumber="123"),
        Proposal(proposalId=11, personId=2, proposalCode="bx", proposalNumber="7", **tails),
        Proposal(proposalId=12, personId=2, proposalCode="mx", proposalNumber="9"),
        ProposalHasPerson(proposalId=11, personId=1),
        session(3, 10, datetime(2026, 11, 19, 8), datetime(2026, 11, 20, 8), beamLineName="i03"),
        session(1, 10, beamLineName="i04"),
        session(2, 12, datetime(2026, 11, 20), datetime(2026, 11, 22), beamLineName="i03"),
        session(4, 12, datetime(2026, 1, 1), datetime(2026, 1, 2), beamLineName="i04"),
        SessionHasPerson(sessionId=4, personId=1),
    )


@pytest.fixture
def alice(as_, facility):
    return as_("alice", 1)


@pytest.fixture
def bob(as_, facility):
    return as_("bob", 2)


def ids(answer, key="sessionId"):
    assert answer.status_code == 200, answer.json
    return [row[key] for row in answer.json]


def at_once(client, bodies):
    """Post all ``bodies`` as ``client`` at the same time; return the answers."""
    answers = []

    def post(body):
        other = client.application.test_client()
        other.environ_base.update(client.environ_base)
        answers.append(other.post(SESSIONS, json=body))

    threads = [threading.Thread(target=post, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


# ------------------------------------------------------------------ proposals


def test_proposals_are_a_bare_list_without_null(alice):
    """Trap 2.2: no text is null, and the number is text."""
    by_id = {row["proposalId"]: row for row in alice.get(PROPOSALS).json}
    assert by_id == {
        10: {
            "proposalId": 10,
            "proposalCode": "mx",
            "proposalNumber": "123",
            "proposal": "mx123",
            "title": "",
            "state": "Open",
        },
        11: {
            "proposalId": 11,
            "proposalCode": "bx",
            "proposalNumber": "7",
            "proposal": "bx7",
            "title": "Tails",
            "state": "Closed",
            "type": "BX",
        },
        12: {
            "proposalId": 12,
            "proposalCode": "mx",
            "proposalNumber": "9",
            "proposal": "mx9",
            "title": "",
            "state": "Open",
        },
    }
    assert not any(MxcubeProposalSchema().validate(row) for row in by_id.values())


def test_a_missing_state_is_open(add, as_):
    add(Person(personId=1))
    add(Proposal(personId=1, proposalCode="mx", proposalNumber="2", state=None))
    assert ids(as_("alice", 1).get(PROPOSALS), "state") == ["Open"]


def test_all_rows_are_in_the_list(add, as_):
    """Trap of section 1: the client reads one page."""
    rows = [Proposal(personId=1, proposalCode="mx", proposalNumber=f"{n}") for n in range(600)]
    add(Person(personId=1), *rows)
    add(*(session(None, row.proposalId) for row in rows))
    assert len(ids(as_("alice", 1).get(PROPOSALS), "proposalId")) == 600
    assert len(ids(as_("alice", 1).get(SESSIONS), "proposalId")) == 600


@pytest.mark.parametrize("path", [PROPOSALS, SESSIONS])
def test_a_list_is_two_statements(path, alice, statements):
    """Trap 2.2.7: it is asked for all proposals at a sign-in, with 5 s for each."""
    alice.get(path)
    with statements() as seen:
        assert len(alice.get(path).json) == 3
    assert len(seen) == 2  # the caller's keys, the rows


@pytest.mark.parametrize("name", [(None, "5"), ("mx", None), ("", ""), ("mx", "A5")])
def test_what_the_client_cannot_name_is_not_in_the_list(name, add, as_):
    """It would ask for the sessions of that name, be refused, and end the sign-in."""
    code, number = name
    add(Person(personId=1))
    add(Proposal(proposalId=1, personId=1, proposalCode=code, proposalNumber=number))
    assert as_("alice", 1).get(PROPOSALS).json == []


@pytest.mark.parametrize("text", ["mx123", "MX123", "Mx123"])
def test_a_proposal_is_found_by_code_and_number_in_any_case(text, alice):
    """Trap 2.2.3: the client says MX123 where mx123 is stored."""
    (found,) = alice.get(f"{PROPOSALS}?search={text}").json
    assert (found["proposalId"], found["proposal"]) == (10, "mx123")  # as it is stored


@pytest.mark.parametrize("text", ["mx12", "mx1234", "x123", "123", "10", "2abc", "", "%", "mx%"])
def test_no_other_text_finds_a_proposal(text, alice):
    assert ids(alice.get(PROPOSALS, query_string={"search": text}), "proposalId") == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("proposalId=10", [10]),
        ("proposalId=13", []),
        ("proposalId=None", []),  # of all proposals the client would take the first for its own
        ("proposalId=-1", []),
        ("proposalId=", []),
        ("proposalId=10&search=mx123", [10]),
        ("proposalId=10&search=mx9", []),
    ],
)
def test_a_proposal_is_found_by_id(query, found, alice):
    assert ids(alice.get(f"{PROPOSALS}?{query}"), "proposalId") == found


def test_hidden_proposals_are_not_found(as_, facility):
    for query in ("", "?proposalId=10", "?search=mx123"):
        assert as_("carol", 3).get(PROPOSALS + query).json == []


def test_a_code_may_have_a_hyphen(add, as_):
    add(Person(personId=1))
    add(Proposal(proposalId=1, personId=1, proposalCode="IH-LS", proposalNumber="3001"))
    alice = as_("alice", 1)
    for query in ("", "?search=IH-LS3001", "?search=ih-ls3001"):
        assert ids(alice.get(PROPOSALS + query), "proposal") == ["IH-LS3001"]
    assert alice.get(f"{SESSIONS}?proposal=IH-LS3001").json == []


# ------------------------------------------------------------------ sessions, read


def test_a_session_is_bare_and_has_what_the_client_needs(alice):
    """Trap 2.2.1: a date with a zone would be a new session at each sign-in."""
    assert alice.get(f"{SESSIONS}/3").json == {
        "sessionId": 3,
        "proposalId": 10,
        "proposal": "mx123",  # neither a hyphen nor the visit
        "startDate": "2026-11-19T08:00:00",  # neither Z nor an offset
        "endDate": "2026-11-20T08:00:00",
        "beamLineName": "i03",
        "title": "",
        "comments": None,
        "nbShifts": None,
        "scheduled": None,
        "visitNumber": 3,
        "BeamLineSetup": None,
    }


def test_what_the_client_needs_is_never_null(add, alice):
    add(session(5, 10, start=datetime(2026, 5, 5)), session(6, 10, end=datetime(2026, 6, 6)))
    rows = {row["sessionId"]: row for row in alice.get(SESSIONS).json}
    assert rows.keys() == {1, 3, 4, 5, 6}
    assert rows[5]["endDate"] == rows[5]["startDate"] == "2026-05-05T00:00:00"
    assert rows[6]["startDate"] == rows[6]["endDate"] == "2026-06-06T00:00:00"
    assert rows[1]["startDate"] == rows[1]["endDate"]  # when the row was made
    assert datetime.fromisoformat(rows[1]["startDate"]).tzinfo is None
    for row in rows.values():
        for name in ("proposal", "startDate", "endDate", "beamLineName", "title"):
            assert isinstance(row[name], str), name
        assert row.keys() <= MxcubeSessionSchema().fields.keys()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {1, 3, 4}),
        ("?proposal=MX123&beamLineName=i03", {3}),
        ("?proposal=mx123", {1, 3}),
        ("?proposal=MX123&beamLineName=i0", set()),
        ("?proposal=MX9", {4}),
        ("?beamLineName=i04", {1, 4}),
    ],
)
def test_sessions_of_a_proposal_and_beamline(query, found, alice):
    assert {*ids(alice.get(SESSIONS + query))} == found


@pytest.mark.parametrize(
    ("date", "found"),
    [
        ((2026, 11, 18), []),
        ((2026, 11, 19), [3]),
        ((2026, 11, 20), [3]),  # it began the day before
        ((2026, 11, 21), []),
        ((2026, 11), [3]),
        ((2026, 12), []),
        ((2026,), [3]),
        ((2025,), []),
    ],
)
def test_sessions_of_a_day_overlap_it(date, found, alice):
    """Trap 2.2.4: they need not begin on it."""
    query = dict(zip(("year", "month", "day"), date)) | {"proposal": "MX123"}
    assert ids(alice.get(SESSIONS, query_string=query)) == found


def test_the_ends_of_a_day_belong_to_it(add, alice):
    first, last = datetime(2026, 12, 31), datetime(2026, 12, 31, 23, 59, 59)
    second, day = timedelta(seconds=1), timedelta(days=1)
    add(session(21, 10, first - day, first), session(22, 10, last, last + day))
    add(session(23, 10, first - day, first - second), session(24, 10, last + second, last + day))
    add(session(25, 10, first), session(26, 10, first - second), session(27, 10, last + second))
    assert {*ids(alice.get(f"{SESSIONS}?year=2026&month=12&day=31"))} == {21, 22, 25}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("year=2026&month=2&day=30", "day"),
        ("year=2026&month=13", "month"),
        ("year=2026&day=3", "day"),
        ("month=3", "month"),
        ("year=99999", "year"),
        ("day=x&month=1&year=2026", "day"),
        ("beamlineName=i03", "beamlineName"),
        ("beamLineName=漢", "beamLineName"),
    ],
)
def test_a_wrong_query_is_refused_by_name(query, field, alice):
    answer = alice.get(f"{SESSIONS}?{query}")
    assert answer.status_code == 422
    assert field in answer.json["errors"]


@pytest.mark.parametrize("path", ["/2", "/999", "/lazy10", "/None", "?proposal=MX777"])
def test_a_hidden_or_absent_session_is_a_readable_404(path, alice):
    answer = alice.get(SESSIONS + path)
    assert answer.status_code == 404
    assert isinstance(answer.json["detail"], str) and answer.json["detail"]


# ------------------------------------------------------------------ sessions, made


def test_a_session_is_made_as_the_client_sends_it(alice):
    """Trap 2.2.2: its Z is local time."""
    answer = alice.post(SESSIONS, json=ON_ARRIVAL)
    assert answer.status_code == 201
    assert answer.json == {
        "sessionId": answer.json["sessionId"],
        "proposalId": 10,
        "proposal": "mx123",
        "startDate": "2026-11-20T00:00:00",  # the digits as they were given
        "endDate": "2026-11-22T07:59:59",
        "beamLineName": "i03",
        "title": "",
        "comments": "Session created by the BCM",
        "nbShifts": 7,
        "scheduled": False,
        "visitNumber": 4,  # the highest was 3
        "BeamLineSetup": None,
    }
    assert alice.get(f"{SESSIONS}/{answer.json['sessionId']}").json == answer.json


def test_the_same_session_is_made_once(alice):
    """Traps 2.2.6 and 2.2.8: with each sign-in it comes again."""
    first, second = (alice.post(SESSIONS, json=ON_ARRIVAL) for _ in "12")
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json == second.json
    lazily = ON_ARRIVAL | {"proposalId": 10, "comments": "later", "scheduled": True}
    assert alice.post(SESSIONS, json=lazily).json == first.json
    others = [{"beamLineName": "i04"}, {"startDate": "2026-11-21T00:00:00"}, {"proposalId": 11}]
    for other in others:
        assert alice.post(SESSIONS, json=ON_ARRIVAL | other).status_code == 201


def test_two_that_sign_in_at_once_share_one_session(alice):
    answers = at_once(alice, [ON_ARRIVAL] * 4)
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({answer.json["sessionId"] for answer in answers}) == 1


def test_sessions_made_at_once_get_their_own_numbers(alice):
    """Trap 2.2.5: it sends none, and 0 would be taken."""
    starts = [{"startDate": f"2026-11-20T0{hour}:00:00Z"} for hour in range(4)]
    answers = at_once(alice, [ON_ARRIVAL | start for start in starts])
    assert sorted(answer.json["visitNumber"] for answer in answers) == [4, 5, 6, 7]


@pytest.mark.parametrize("dates", [{}, {"startDate": None, "endDate": ""}])
def test_dates_that_are_not_sent_are_from_today(dates, alice):
    sent = {name: ON_ARRIVAL[name] for name in ("proposalId", "beamLineName")}
    made = alice.post(SESSIONS, json=sent | dates).json
    start, end = map(datetime.fromisoformat, (made["startDate"], made["endDate"]))
    assert start.time() == datetime.min.time() and abs((start - datetime.now()).days) <= 1
    assert end - start == timedelta(days=2, hours=7, minutes=59, seconds=59)


def test_zones_and_fractions_are_dropped(alice):
    odd = {"startDate": "2026-11-20T14:03:11.987654+09:00", "endDate": "2026-11-20 15:00:00Z"}
    made = alice.post(SESSIONS, json=ON_ARRIVAL | odd)
    assert made.json["startDate"] == "2026-11-20T14:03:11"
    assert made.json["endDate"] == "2026-11-20T15:00:00"
    assert alice.post(SESSIONS, json=ON_ARRIVAL | odd).status_code == 200


def test_what_has_no_home_is_dropped_and_named(alice):
    answer = alice.post(SESSIONS, json=ON_ARRIVAL | {"sessionId": "lazy10", "extra": {"a": 1}})
    assert answer.status_code == 201
    assert {*answer.json["warnings"]} == {"sessionId: not stored", "extra: not stored"}
    assert isinstance(answer.json["sessionId"], int)


def test_free_text_that_is_too_long_is_cut(alice):
    answer = alice.post(SESSIONS, json=ON_ARRIVAL | {"comments": "c" * 2001})
    assert answer.json["comments"] == "c" * 2000
    assert answer.json["warnings"] == ["comments: cut to 2000 characters"]


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        *(({"proposalId": none}, "proposalId") for none in (-1, "-1", "", "None", None)),
        ({"proposalId": "lazy10"}, "proposalId"),
        ({"proposalId": 10.5}, "proposalId"),
        ({"proposalId": True}, "proposalId"),
        ({"proposalId": 2**40}, "proposalId"),
        ({"proposalId": "9" * 5000}, "proposalId"),
        ({"proposalId": [10]}, "proposalId"),
        ({"beamLineName": None}, "beamLineName"),
        ({"beamLineName": "b" * 46}, "beamLineName"),
        ({"startDate": "yesterday"}, "startDate"),
        ({"startDate": 20261120}, "startDate"),
        ({"endDate": "2026-11-19T00:00:00Z"}, "endDate"),
        ({"startDate": "9999-12-31T00:00:00Z", "endDate": None}, "startDate"),
        ({"scheduled": "perhaps"}, "scheduled"),
    ],
)
def test_a_wrong_value_is_refused_by_name(fault, field, alice):
    answer = alice.post(SESSIONS, json=ON_ARRIVAL | fault)
    assert answer.status_code == 422
    assert field in answer.json["errors"] and answer.json["detail"]
    assert len(alice.get(f"{SESSIONS}?proposal=mx123").json) == 2


@pytest.mark.parametrize("body", ["[]", '"x"', "3", "null"])
def test_a_body_that_is_no_object_is_refused(body, alice):
    answer = alice.post(SESSIONS, data=body, content_type="application/json")
    assert answer.status_code == 422


# ------------------------------------------------------------------ who may


def test_nobody_makes_a_session_on_a_hidden_proposal(as_, facility):
    carol = as_("carol", 3)
    hidden = carol.post(SESSIONS, json=ON_ARRIVAL)
    absent = carol.post(SESSIONS, json=ON_ARRIVAL | {"proposalId": 999})
    assert hidden.status_code == absent.status_code == 404
    assert hidden.json["detail"] == absent.json["detail"]


def test_who_sees_a_proposal_through_a_session_gets_one_of_its_own(alice, bob):
    """Session 2, of the same start and beamline, is hidden from her: the answer is the same."""
    wanted = ON_ARRIVAL | {"proposalId": 12}
    answer = alice.post(SESSIONS, json=wanted)
    assert answer.status_code == 201
    made = answer.json["sessionId"]
    assert made != 2 and alice.get(f"{SESSIONS}/{made}").json == answer.json
    assert alice.post(SESSIONS, json=wanted).json == answer.json
    assert alice.get(f"{SESSIONS}/2").status_code == 404
    again = bob.post(SESSIONS, json=wanted)
    assert again.status_code == 200 and again.json["proposalId"] == 12


def test_a_program_needs_a_permission_and_its_beamline(as_, facility):
    def program(*permissions):
        return as_("gda", None, *permissions, service=True, beamlines=["i03"])

    setup = f"{SESSIONS}/3/associate-beamline-setup?beamLineSetupId=1"
    assert program().post(SESSIONS, json=ON_ARRIVAL).status_code == 403
    assert program().patch(setup).status_code == 403
    assert program("mx_write").post(SESSIONS, json=ON_ARRIVAL).status_code == 201
    elsewhere = ON_ARRIVAL | {"beamLineName": "i04"}
    assert program("mx_write").post(SESSIONS, json=elsewhere).status_code == 403
    unlimited = as_("gda", None, "mx_write", "mx_admin", service=True)  # mx_admin: of i03
    assert unlimited.post(SESSIONS, json=elsewhere).status_code == 403
    assert ids(as_("alice", 1).get(f"{SESSIONS}?beamLineName=i04&proposal=mx123")) == [1]


def test_without_a_token_nothing_is_shown(app, facility):
    nobody = app.test_client()
    for path in (PROPOSALS, SESSIONS, f"{SESSIONS}/1"):
        assert nobody.get(path).status_code == 401
    assert nobody.post(SESSIONS, json=ON_ARRIVAL).status_code == 401


# ------------------------------------------------------------------ the setup of a session


def test_a_setup_is_linked_to_its_session(add, alice):
    add(BeamLineSetup(beamLineSetupId=640))
    answer = alice.patch(f"{SESSIONS}/3/associate-beamline-setup?beamLineSetupId=640")
    assert answer.status_code == 200
    assert answer.json["sessionId"] == 3
    assert answer.json["BeamLineSetup"] == {"beamLineSetupId": 640}
    assert alice.get(f"{SESSIONS}/3").json == answer.json


@pytest.mark.parametrize(
    ("session_id", "query", "status"),
    [
        (3, "?beamLineSetupId=641", 424),
        (3, "?beamLineSetupId=-1", 422),
        (3, "?beamLineSetupId=None", 422),
        (3, "", 422),
        (2, "?beamLineSetupId=640", 404),
        (999, "?beamLineSetupId=640", 404),
    ],
)
def test_a_setup_that_cannot_be_linked(session_id, query, status, add, alice):
    add(BeamLineSetup(beamLineSetupId=640))
    answer = alice.patch(f"{SESSIONS}/{session_id}/associate-beamline-setup{query}")
    assert answer.status_code == status
    assert answer.json["detail"]
