"""Groups of samples that are shared with named persons only: the rows that they hide from others.

A group is shared while ``SampleGroupPerson`` has rows of it. Its samples, and all rows that refer
to one of them, are then visible to these persons, to the owner of the group and to the leader of
the proposal; other members of the proposal and of its sessions do not see them. Permissions show
them as before. A sample in several such groups is visible to the persons of any of them. Members
of another proposal, in whose session the sample was measured, see the data of their session.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, or_, select, union
from sqlalchemy.orm import aliased

from shared.access_forms import is_selected
from shared.callers import Form, Shape, is_any
from shared.execution import fetch
from shared.identity import Identity
from shared.key_lists import is_listed, list_keys
from shared.models import (
    BLSampleGroup,
    BLSampleGroupHasBLSample,
    BLSession,
    Proposal,
    ProposalHasPerson,
    SessionHasPerson,
)
from shared.service_tables import SampleGroupPerson
from shared.statements import cache_statements

Seen = Callable[[Shape], ColumnElement[bool]]


def look_up(identity: Identity) -> Identity:
    """The caller with the groups of its proposals that are shared with others only, if any are."""
    if not identity.personId:
        return identity
    rows = fetch(_select_shared(), {"me": identity.personId})
    closed = [key for key, is_own in rows if not is_own]
    if not closed:
        return identity
    own = [key for key, is_own in rows if is_own]
    return replace(identity, closed_groups=list_keys(closed), own_groups=list_keys(own))


@cache_statements(1)
def _select_shared() -> Select:
    """The shared groups of a person's proposals, and whether it is among their persons."""
    me, share, group = bindparam("me"), aliased(SampleGroupPerson), aliased(BLSampleGroup)
    proposal, leads, on_proposal = aliased(Proposal), aliased(Proposal), aliased(ProposalHasPerson)
    visit, on_session = aliased(BLSession), aliased(SessionHasPerson)
    own = union(
        select(leads.proposalId).where(leads.personId == me),
        select(on_proposal.proposalId).where(on_proposal.personId == me),
        select(visit.proposalId)
        .join(on_session, on_session.sessionId == visit.sessionId)
        .where(on_session.personId == me),
    )
    is_own = or_(share.personId == me, proposal.personId == me, group.ownerId == me)
    is_own = func.max(case((is_own, 1), else_=0))
    groups = select(share.blSampleGroupId, is_own)
    groups = groups.join(group, group.blSampleGroupId == share.blSampleGroupId)
    groups = groups.join(proposal, proposal.proposalId == group.proposalId)
    groups = groups.where(group.proposalId.in_(select(own.subquery())))
    return groups.group_by(share.blSampleGroupId)


def unless_closed(shape: Shape, is_shared: ColumnElement[bool], seen: Seen) -> ColumnElement[bool]:
    """Whether a caller of that shape sees a row that hangs on a sample.

    ``seen`` is the rule without shared groups. As a member, the caller needs ``is_shared`` too;
    what its permissions show stays visible.
    """
    if not shape.closed:
        return seen(shape)
    member = shape._replace(sessions=False, beamlines=False, reach=None, wide=False, closed=False)
    conditions = [and_(seen(member), is_shared)]
    if shape.sessions or shape.is_staff:
        staff = shape._replace(person=False, form=Form.ROWS, wide=shape.is_staff, closed=False)
        conditions.insert(0, seen(staff))
    return is_any(conditions)


def is_shared(sample_id: Any) -> ColumnElement[bool]:
    """Whether a member sees the sample, or there is none: by no group that is closed to it alone.

    It is true or false, never null, so that its negation holds.
    """
    link = aliased(BLSampleGroupHasBLSample)
    closed, own = (
        is_selected(
            sample_id, select(link.blSampleId).where(is_listed(link.blSampleGroupId, name))
        )
        for name in ("closed_groups", "own_groups")
    )
    return or_(~closed, own)


def is_own_group(group_id: Any) -> ColumnElement[bool]:
    """Whether a member sees the group of samples."""
    return ~is_listed(group_id, "closed_groups")
