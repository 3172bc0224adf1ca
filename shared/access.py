"""Who sees what: the conditions every query starts from. The only file that knows the rule.

What a person sees is a union of ids, each part of it served by an index. Written as one WHERE
with OR, the database walks all sessions instead. What staff see of their beamlines is too much
to gather: it is asked of each row, beside the union. A condition is made once for each shape of
caller (someone, a person with beamlines, a program…); who it is, is bound when it runs.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, exists, or_, select, true, union
from sqlalchemy.orm import aliased

from shared.db import db
from shared.errors import NotFound
from shared.identity import Identity
from shared.models import (
    BLSession,
    DataCollection,
    DataCollectionGroup,
    Person,
    Proposal,
    ProposalHasPerson,
    SessionHasPerson,
)


@dataclass(frozen=True)
class Rule:
    """What a caller sees of one table, and the values to run ``condition`` with."""

    condition: ColumnElement[bool]
    values: dict[str, Any]
    identity: Identity | None = None


EVERYTHING = Rule(true(), {})


class _Shape(NamedTuple):
    """What of a caller decides how its condition looks."""

    proposals: bool
    sessions: bool
    person: bool
    beamlines: bool


def sessions(identity: Identity, session_id: Any = BLSession.sessionId) -> Rule:
    """Sessions on the caller's beamlines, or it is on them, or on or leads their proposal.

    For other tables, ``session_id`` is the column that points at the session.
    """
    shape, values = _described(identity)
    return Rule(_sessions(shape, session_id), values, identity)


def proposals(identity: Identity, proposal_id: Any = Proposal.proposalId) -> Rule:
    """Proposals the caller leads, is on, or sees a session of."""
    shape, values = _described(identity)
    return Rule(_proposals(shape, proposal_id), values, identity)


def groups(identity: Identity, group_id: Any = DataCollectionGroup.dataCollectionGroupId) -> Rule:
    """Groups of data collections in the sessions the caller sees."""
    shape, values = _described(identity)
    return Rule(_groups(shape, group_id), values, identity)


def collections(identity: Identity, collection_id: Any = DataCollection.dataCollectionId) -> Rule:
    """Data collections of those groups: what they say of a session themselves is only a copy."""
    shape, values = _described(identity)
    return Rule(_collections(shape, collection_id), values, identity)


def persons(identity: Identity, person_id: Any = Person.personId) -> Rule:
    """Persons on what the caller sees, and the caller itself; the user office knows all.

    It is about their names: contact data are shown to the user office and to oneself only.
    """
    shape, values = _described(identity)
    if identity.only is None and identity.can("uportal_sync"):
        shape = shape._replace(proposals=True)
    return Rule(_persons(shape, person_id), values, identity)


def check_sessions(identity: Identity, ids: Collection[int]) -> None:
    """Raise unless the caller sees every session of ``ids``: the first step of a write."""
    _check(BLSession.sessionId, sessions(identity), ids)


def check_proposals(identity: Identity, ids: Collection[int]) -> None:
    """Raise unless the caller sees every proposal of ``ids``: the first step of a write."""
    _check(Proposal.proposalId, proposals(identity), ids)


def _check(key: Any, rule: Rule, ids: Collection[int]) -> None:
    wanted = select(key).where(key.in_(ids), rule.condition)
    if set(ids).difference(db.session.scalars(wanted, rule.values)):
        raise NotFound(f"{key.class_.__name__} not found")


def _described(identity: Identity) -> tuple[_Shape, dict]:
    """A program limited to beamlines sees their sessions, whatever else it may do."""
    if identity.only is not None:
        return _Shape(False, False, False, True), {"my_beamlines": sorted(identity.only)}
    shape = _Shape(
        proposals=identity.can("all_proposals"),
        sessions=identity.can("all_proposals", "all_sessions"),
        person=bool(identity.personId),  # a machine must not match the missing leader, 0
        beamlines=bool(identity.beamlines),
    )
    if shape.proposals:
        return shape, {}
    values: dict[str, Any] = {}
    if shape.person:
        values["me"] = identity.personId
    if shape.beamlines and not shape.sessions:
        values["my_beamlines"] = sorted(identity.beamlines)
    return shape, values


@lru_cache(maxsize=512)
def _sessions(shape: _Shape, session_id: Any) -> ColumnElement[bool]:
    if shape.sessions:
        return true()
    rules: list[Select] = []
    if shape.person:
        me, found = bindparam("me"), select(BLSession.sessionId)
        on_proposal = found.join(
            ProposalHasPerson, ProposalHasPerson.proposalId == BLSession.proposalId
        )
        leads = found.join(Proposal, Proposal.proposalId == BLSession.proposalId)
        rules = [
            select(SessionHasPerson.sessionId).where(SessionHasPerson.personId == me),
            on_proposal.where(ProposalHasPerson.personId == me),
            leads.where(Proposal.personId == me),
        ]
    if not shape.beamlines:
        return session_id.in_(_any(rules))
    mine = or_(_on_beamlines(BLSession), BLSession.sessionId.in_(_any(rules)))
    if session_id is BLSession.sessionId:
        return mine
    return session_id.in_(select(BLSession.sessionId).where(mine))


@lru_cache(maxsize=512)
def _proposals(shape: _Shape, proposal_id: Any) -> ColumnElement[bool]:
    if shape.proposals:
        return true()
    rules: list[Select] = []
    if shape.person:
        me = bindparam("me")
        rules = [
            select(ProposalHasPerson.proposalId).where(ProposalHasPerson.personId == me),
            select(Proposal.proposalId).where(Proposal.personId == me),
            select(BLSession.proposalId)
            .join(SessionHasPerson, SessionHasPerson.sessionId == BLSession.sessionId)
            .where(SessionHasPerson.personId == me),
        ]
    if not shape.beamlines and not shape.sessions:
        return proposal_id.in_(_any(rules))
    visit = aliased(BLSession)
    held = exists().where(visit.proposalId == proposal_id)
    if not shape.sessions:
        held = held.where(_on_beamlines(visit))
    return or_(held, proposal_id.in_(_any(rules)))


@lru_cache(maxsize=512)
def _groups(shape: _Shape, group_id: Any) -> ColumnElement[bool]:
    if shape.sessions:
        return true()
    found = select(DataCollectionGroup.dataCollectionGroupId)
    return group_id.in_(found.where(_sessions(shape, DataCollectionGroup.sessionId)))


@lru_cache(maxsize=512)
def _collections(shape: _Shape, collection_id: Any) -> ColumnElement[bool]:
    if shape.sessions:
        return true()
    found = select(DataCollection.dataCollectionId)
    return collection_id.in_(found.where(_groups(shape, DataCollection.dataCollectionGroupId)))


def _on_beamlines(session: Any) -> ColumnElement[bool]:
    """Beamlines hold most of the table: asked row by row, a page need not gather their ids."""
    return session.beamLineName.in_(bindparam("my_beamlines", expanding=True))


@lru_cache(maxsize=512)
def _persons(shape: _Shape, person_id: Any) -> ColumnElement[bool]:
    if shape.proposals:
        return true()
    narrow = shape._replace(beamlines=False, sessions=False)
    rules = []
    if shape.person:
        on_proposal, on_session = ProposalHasPerson, SessionHasPerson
        rules = [
            select(Person.personId).where(Person.personId == bindparam("me")),
            select(Proposal.personId).where(_proposals(narrow, Proposal.proposalId)),
            select(on_proposal.personId).where(_proposals(narrow, on_proposal.proposalId)),
            select(on_session.personId).where(_sessions(narrow, on_session.sessionId)),
        ]
    if shape == narrow:
        return person_id.in_(_any(rules))
    asked = (
        _met(shape, person_id, Proposal, "proposalId"),
        _met(shape, person_id, ProposalHasPerson, "proposalId"),
        _met(shape, person_id, SessionHasPerson, "sessionId"),
    )
    return or_(person_id.in_(_any(rules)), *asked)


def _met(shape: _Shape, person_id: Any, table: Any, shared: str) -> ColumnElement[bool]:
    """The person is in a row of ``table`` that shares its key with a session staff see.

    The limit keeps MariaDB from gathering all such persons before the first one is shown.
    """
    link, visit = aliased(table), aliased(BLSession)
    found = select(visit.sessionId).where(link.personId == person_id)
    found = found.where(getattr(link, shared) == getattr(visit, shared))
    if not shape.sessions:
        found = found.where(_on_beamlines(visit))
    return found.correlate(person_id.class_).limit(1).scalar_subquery().is_not(None)


def _any(rules: list[Select]) -> Any:
    """All ids, in a derived table: MariaDB fills that once, but runs a bare union per row."""
    if not rules:
        return ()
    return select(union(*rules).subquery())
