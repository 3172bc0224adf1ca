"""The rule of persons: callers see the persons of their proposals and sessions."""

from typing import Any

from sqlalchemy import ColumnElement, bindparam, false, select, true
from sqlalchemy.orm import aliased

from shared.access import is_of_staff, seen_proposals, seen_sessions
from shared.access_forms import is_selected, union_keys
from shared.callers import Form, Shape, is_any
from shared.models import BLSession, Person, Proposal, ProposalHasPerson, SessionHasPerson
from shared.statements import cache_statements


@cache_statements(512)
def seen_persons(shape: Shape, person_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the name of the person; contact data are not shown.

    It is the caller, or a person of visible proposals and sessions; all for the user office.
    """
    if shape.persons:
        return true()
    own: Any = false()
    is_wide = shape.sessions or shape.wide
    if shape.person or shape.form is Form.LISTS:
        personal = shape._replace(sessions=False, wide=False, few=shape.few or is_wide)
        own = _is_own_person(personal, person_id)
    if not is_wide:
        return own
    conditions = (
        _by_shared_membership(shape, person_id, Proposal, "proposalId"),
        _by_shared_membership(shape, person_id, ProposalHasPerson, "proposalId"),
        _by_shared_membership(shape, person_id, SessionHasPerson, "sessionId"),
    )
    return is_any([own, *conditions])


def _is_own_person(shape: Shape, person_id: Any) -> ColumnElement[bool]:
    """Whether the person is the caller, or in one of the caller's proposals and sessions."""
    leads, on_proposal = aliased(Proposal), aliased(ProposalHasPerson)
    on_session = aliased(SessionHasPerson)
    rules = [
        select(leads.personId).where(seen_proposals(shape, leads.proposalId)),
        select(on_proposal.personId).where(seen_proposals(shape, on_proposal.proposalId)),
        select(on_session.personId).where(seen_sessions(shape, on_session.sessionId)),
    ]
    if shape.person:
        person = aliased(Person)
        rules.append(select(person.personId).where(person.personId == bindparam("me")))
    if shape.checks_rows:
        return is_any(is_selected(person_id, rule) for rule in rules)
    return person_id.in_(union_keys(rules))


def _by_shared_membership(
    shape: Shape, person_id: Any, table: Any, shared: str
) -> ColumnElement[bool]:
    """Whether the person is in a row of ``table`` with the proposal or session of visible ones."""
    link, visit = aliased(table), aliased(BLSession)
    keys = select(visit.sessionId).where(link.personId == person_id)
    keys = keys.where(getattr(link, shared) == getattr(visit, shared))
    if not shape.sessions:
        keys = keys.where(is_of_staff(shape, visit))
    return keys.correlate(person_id.class_).limit(1).scalar_subquery().is_not(None)
