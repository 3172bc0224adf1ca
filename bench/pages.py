"""A page of sessions with proposal, leader and people, made in four ways; all answer the same."""

import json
from collections.abc import Callable

import orjson
from marshmallow import fields
from sqlalchemy import func, select, text
from sqlalchemy.orm import joinedload, selectinload

from bench.rows import USER
from shared import access, read
from shared.db import db
from shared.identity import Identity
from shared.lists import query_of
from shared.models import BLSession, Person, Proposal, SessionHasPerson
from shared.schemas import TableSchema


class LeaderSchema(TableSchema):
    class Meta(TableSchema.Meta):
        model = Person
        fields = ("personId", "givenName", "familyName", "login")


class GrantedSchema(TableSchema):
    Person = fields.Nested(LeaderSchema, attribute="leader")

    class Meta(TableSchema.Meta):
        model = Proposal
        fields = ("proposalId", "proposalCode", "proposalNumber", "title", "state", "Person")


class VisitorSchema(TableSchema):
    Person = fields.Nested(LeaderSchema, attribute="person")

    class Meta(TableSchema.Meta):
        model = SessionHasPerson
        fields = ("role", "Person")


class VisitSchema(TableSchema):
    Proposal = fields.Nested(GrantedSchema, attribute="proposal")
    Session_has_Person = fields.Nested(VisitorSchema, many=True, attribute="members")

    class Meta(TableSchema.Meta):
        model = BLSession
        fields = (
            *("sessionId", "visit_number", "beamLineName", "startDate", "endDate", "scheduled"),
            *("nbShifts", "comments", "archived", "Proposal", "Session_has_Person"),
        )
        sort = ("-startDate",)


def caller(login: str, person: int | None, *permissions: str, beamlines=()) -> Identity:
    """The identity of a caller of a page."""
    return Identity(
        login, person, frozenset(permissions), frozenset(beamlines), None, False, login, 2e10
    )


CALLERS = {
    "manager": caller("manager", None, "all_proposals"),
    "beamline staff": caller("staff", 2, "mx_admin", beamlines=["i03"]),
    "user": caller("user", USER),
}
QUERY = query_of(VisitSchema)().load({})
DUMP = VisitSchema(many=True)
PEOPLE = """
SELECT m.sessionId, m.role, p.personId, p.givenName, p.familyName, p.login
FROM Session_has_Person m LEFT JOIN Person p ON p.personId = m.personId
WHERE m.sessionId IN :keys ORDER BY m.sessionId, m.personId
"""
SESSIONS = """
SELECT s.sessionId, s.visit_number, s.beamLineName, s.startDate, s.endDate, s.scheduled,
  s.nbShifts, s.comments, s.archived, o.proposalId, o.proposalCode, o.proposalNumber, o.title,
  o.state, l.personId, l.givenName, l.familyName, l.login
FROM BLSession s LEFT JOIN Proposal o ON o.proposalId = s.proposalId
  LEFT JOIN Person l ON l.personId = o.personId
WHERE s.sessionId IN (SELECT sessionId FROM (
  SELECT sessionId FROM Session_has_Person WHERE personId = :me
  UNION SELECT s.sessionId FROM BLSession s
    JOIN ProposalHasPerson h ON h.proposalId = s.proposalId WHERE h.personId = :me
  UNION SELECT s.sessionId FROM BLSession s
    JOIN Proposal o ON o.proposalId = s.proposalId WHERE o.personId = :me) mine)
"""
PERSON = ("personId", "givenName", "familyName", "login")
PROPOSAL = ("proposalId", "proposalCode", "proposalNumber", "title", "state")
SESSION = tuple(name for name in VisitSchema.Meta.fields if name[0].islower())


def compiled(limit: int, identity: Identity = CALLERS["user"]) -> bytes:
    """A page as the services make it."""
    return orjson.dumps(
        read.page(VisitSchema, access.sessions(identity), QUERY | {"limit": limit})
    )


def joined(limit: int, identity: Identity = CALLERS["user"]) -> bytes:
    """A page of ORM objects with eager loading, dumped by marshmallow."""
    ahead = (
        joinedload(BLSession.proposal).joinedload(Proposal.leader),
        selectinload(BLSession.members).joinedload(SessionHasPerson.person),
    )
    return _objects(limit, identity, ahead)


def single(limit: int, identity: Identity = CALLERS["user"]) -> bytes:
    """A page of ORM objects with lazy loading, dumped by marshmallow."""
    return _objects(limit, identity, ())


def _objects(limit: int, identity: Identity, ahead: tuple) -> bytes:
    rule = access.sessions(identity)
    stmt = select(BLSession).where(rule.condition).options(*ahead).limit(limit)
    stmt = stmt.order_by(BLSession.startDate.desc(), BLSession.sessionId.desc())
    objects = db.session.scalars(stmt, rule.values).all()
    seen = select(BLSession.sessionId).where(rule.condition).limit(read.COUNTED + 1).subquery()
    total = db.session.scalar(select(func.count()).select_from(seen), rule.values)
    page = {"total": total, "results": DUMP.dump(objects), "skip": 0, "limit": limit}
    db.session.expunge_all()
    return json.dumps(page).encode()


def by_hand(limit: int) -> bytes:
    """A page by SQL as text, for this user, with dicts by the standard library."""
    connection, me = db.session.connection(), {"me": USER}
    ordered = f"{SESSIONS} ORDER BY s.startDate DESC, s.sessionId DESC LIMIT :limit"
    rows = connection.execute(text(ordered), {**me, "limit": limit}).all()
    total = connection.scalar(text(f"SELECT count(*) FROM ({SESSIONS}) sessions"), me)
    keys = [row[0] for row in rows]
    members: dict[int, list] = {key: [] for key in keys}
    for row in connection.execute(text(PEOPLE.replace(":keys", _listed(keys)))):
        members[row[0]].append({"role": row[1], "Person": dict(zip(PERSON, row[2:]))})
    results = [_visit(row, members[row[0]]) for row in rows]
    page = {"total": total, "results": results, "skip": 0, "limit": limit}
    return json.dumps(page, default=lambda date: date.isoformat()).encode()


def _listed(keys: list[int]) -> str:
    return "(" + ", ".join(map(str, keys)) + ")"


def _visit(row, members: list[dict]) -> dict:
    session = dict(zip(SESSION, row[:9]))
    for name in ("scheduled", "archived"):
        session[name] = None if session[name] is None else bool(session[name])
    proposal = dict(zip(PROPOSAL, row[9:14])) | {"Person": dict(zip(PERSON, row[14:]))}
    return {**session, "Proposal": proposal, "Session_has_Person": members}


WAYS: dict[str, Callable[[int], bytes]] = {
    "single entities": single,
    "joined load": joined,
    "hand-written SQL": by_hand,
    "compiled path": compiled,
}
