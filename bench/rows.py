"""Rows of a benchmark: people, proposals and sessions in any number, always the same."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import Engine, insert

from shared.db import Base
from shared.models import BLSession, Person, Proposal, ProposalHasPerson, SessionHasPerson
from shared.service_tables import Activity

PER_PROPOSAL = 10  # sessions
PEOPLE_PER_PROPOSAL = 3
BEAMLINES = 8
FIRST = datetime(2010, 1, 1)
CHUNK = 10_000
USER = 1  # is on the first 40 proposals, however many there are
USERS_PROPOSALS = 40


def fill(engine: Engine, sessions: int) -> None:
    """Create the tables in an empty database, with ``sessions`` sessions and their parents."""
    Base.metadata.create_all(engine)
    Activity.metadata.create_all(engine)
    proposals = sessions // PER_PROPOSAL
    people = max(100, proposals // 2)
    with engine.begin() as connection:
        for model, rows in (
            (Person, _people(people)),
            (Proposal, _proposals(proposals, people)),
            (BLSession, _sessions(sessions, proposals)),
            (ProposalHasPerson, _on_proposals(proposals, people)),
            (SessionHasPerson, _on_sessions(sessions, proposals, people)),
        ):
            for chunk in _chunks(rows):
                connection.execute(insert(model.__table__), chunk)


def _chunks(rows: Iterable[dict]) -> Iterator[list[dict]]:
    left = iter(rows)
    while chunk := list(islice(left, CHUNK)):
        yield chunk


def _people(people: int) -> Iterator[dict]:
    for n in range(1, people + 1):
        yield {"personId": n, "login": f"p{n}", "givenName": "Ann", "familyName": f"Number {n}"}


def _member(proposal: int, place: int, people: int) -> int:
    if place == 0 and proposal <= USERS_PROPOSALS:
        return USER
    return (proposal * 7 + place * 13) % (people - 1) + 2


def _proposals(proposals: int, people: int) -> Iterator[dict]:
    for n in range(1, proposals + 1):
        yield {
            "proposalId": n,
            "personId": _member(n, 1, people),
            "proposalCode": "mx",
            "proposalNumber": str(n),
            "title": f"Structure of protein {n}",
        }


def _sessions(sessions: int, proposals: int) -> Iterator[dict]:
    for n in range(1, sessions + 1):
        start = FIRST + timedelta(minutes=20 * n)
        yield {
            "sessionId": n,
            "proposalId": n % proposals + 1,
            "visit_number": n // proposals + 1,
            "beamLineName": f"i{n % BEAMLINES:02}",
            "startDate": start,
            "endDate": start + timedelta(hours=8),
            "scheduled": True,
        }


def _on_proposals(proposals: int, people: int) -> Iterator[dict]:
    for n in range(1, proposals + 1):
        for person in {_member(n, place, people) for place in range(PEOPLE_PER_PROPOSAL)}:
            yield {"proposalId": n, "personId": person, "role": "Co-Investigator"}


def _on_sessions(sessions: int, proposals: int, people: int) -> Iterator[dict]:
    for n in range(1, sessions + 1):
        proposal = n % proposals + 1
        yield {"sessionId": n, "personId": _member(proposal, 0, people), "role": "Team Member"}
