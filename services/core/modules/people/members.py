"""Who is on a proposal or a session: the same for both, told apart by a ``Kind``."""

from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import delete, select, update

from services.core.schemas.people.members import ProposalMemberSchema, SessionMemberSchema
from shared import names, read, row_checks
from shared.access import everything
from shared.db import db, save
from shared.errors import Conflict
from shared.identity import Identity
from shared.models import BLSession, Proposal, ProposalHasPerson, SessionHasPerson
from shared.schemas import TableSchema


class Kind(NamedTuple):
    """What members are on, and the table that links them."""

    parent: Any
    link: Any
    column: str
    schema: type[TableSchema]
    key: Callable[[Identity, str], int]


PROPOSALS = Kind(
    Proposal, ProposalHasPerson, "proposalId", ProposalMemberSchema, names.proposal_key
)
SESSIONS = Kind(BLSession, SessionHasPerson, "sessionId", SessionMemberSchema, names.session_key)


def find(identity: Identity, kind: Kind, name: str, query: dict) -> dict:
    """List who is on a visible proposal or session."""
    sort = [*query.get("sort", ()), "personId"]  # no order is left to chance
    query = {**query, "sort": sort, "parent": kind.key(identity, name)}
    return read.page(kind.schema, everything(identity), query)


def add(identity: Identity, kind: Kind, name: str, data: dict) -> dict:
    """Put a person on a visible proposal or session, once."""
    on = {kind.column: kind.key(identity, name), "personId": data["personId"]}
    row_checks.check_parents(identity, kind.link, data)
    row_checks.locked(kind.parent, on[kind.column])  # no unique key would stop a second one
    if db.session.execute(select(kind.link.personId).filter_by(**on)).first():
        raise Conflict(f"person {data['personId']} is a member already")
    save(kind.link(), {**data, **on})
    return _one(identity, kind, on)


def change(identity: Identity, kind: Kind, name: str, person_id: int, data: dict) -> dict:
    """Change the part a member has."""
    on = {kind.column: kind.key(identity, name), "personId": person_id}
    _one(identity, kind, on)
    if data:
        db.session.execute(update(kind.link).filter_by(**on).values(data))
    return _one(identity, kind, on)


def remove(identity: Identity, kind: Kind, name: str, person_id: int) -> dict:
    """Take a member off a visible proposal or session; return what it was."""
    on = {kind.column: kind.key(identity, name), "personId": person_id}
    member = _one(identity, kind, on)
    db.session.execute(delete(kind.link).filter_by(**on))
    return member


def _one(identity: Identity, kind: Kind, on: dict) -> dict:
    return read.one(kind.schema, everything(identity), **on)
