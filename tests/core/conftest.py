"""Rows that the tests of core share."""

from datetime import datetime

import pytest

from shared.models import BLSession, Person, Proposal, ProposalHasPerson, SessionHasPerson

ALICE, BOB, CAROL, DAVE = 1, 2, 3, 4


@pytest.fixture
def people(add):
    """Alice, bob, carol and dave."""
    for number, login in enumerate(("alice", "bob", "carol", "dave"), 1):
        family = login.capitalize()
        add(
            Person(
                personId=number,
                login=login,
                familyName=family,
                emailAddress=f"{login}@lab.example",
                phoneNumber=f"+44 {number}",
            )
        )


@pytest.fixture
def facility(people, add):
    """Alice leads mx1, which has session 11 on i03; bob leads mx2, which has 21 on i04 and 22 on
    i03; carol is on mx2, dave is on session 22 only.
    """
    for number, leader in ((1, ALICE), (2, BOB)):
        add(
            Proposal(
                proposalId=number, personId=leader, proposalCode="mx", proposalNumber=str(number)
            )
        )
    for session, beamline in ((11, "i03"), (21, "i04"), (22, "i03")):
        add(
            BLSession(
                sessionId=session,
                proposalId=session // 10,
                visit_number=session % 10,
                beamLineName=beamline,
                startDate=datetime(2024, 5, session, 9),
                endDate=datetime(2024, 5, session + 1, 9),
            )
        )
    add(
        ProposalHasPerson(proposalId=2, personId=CAROL, role="Co-Investigator"),
        SessionHasPerson(sessionId=22, personId=DAVE, role="Team Member"),
    )


@pytest.fixture
def office(as_):
    """The user office: it writes people, proposals and sessions, and sees them all."""
    return as_("office", None, "uportal_sync", "all_proposals", service=True)


@pytest.fixture
def same():
    """``same(one, two)``: two answers cannot be told apart, but by the id of their request."""

    def check(one, two):
        assert one.status_code == two.status_code
        texts = [answer.get_data(as_text=True) for answer in (one, two)]
        ids = [answer.headers["X-Request-ID"] for answer in (one, two)]
        assert texts[0].replace(ids[0], "") == texts[1].replace(ids[1], "")

    return check


@pytest.fixture
def count(engine):
    """``count(Person)`` is the number of its rows."""

    def ask(model):
        with engine.connect() as connection:
            return len(connection.execute(model.__table__.select()).all())

    return ask
