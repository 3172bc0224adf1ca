"""The callers of the access rule: the properties that decide its SQL, and the values it binds."""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from enum import Enum
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    bindparam,
    false,
    func,
    or_,
    select,
    true,
    union_all,
)

from shared.execution import fetch
from shared.identity import Identity, VisibleKeys
from shared.key_lists import list_keys
from shared.models import BLSession, Proposal, ProposalHasPerson, SessionHasPerson
from shared.statements import cache_statements, make_alias

Keys = Select[int, int] | CompoundSelect[int, int]
MOST_KEYS = 2_000  # proposals, and sessions, that are bound as lists
MANY_SECONDS = 60  # for which a caller with more is not looked up again
REMEMBERED = 1024
_many_until: dict[tuple, float] = {}  # by person or beamlines
_Session, _Proposal = make_alias(BLSession), make_alias(Proposal)
_OnProposal, _OnSession = make_alias(ProposalHasPerson), make_alias(SessionHasPerson)


class Form(Enum):
    """The form of the SQL that says which proposals and sessions are the caller's own."""

    LISTS = "lists"  # their keys were looked up and are bound
    GATHERED = "gathered"  # subqueries collect their keys: for callers with too many for lists
    ROWS = "rows"  # correlated subqueries check a row: for single rows, and for few


class Reach(Enum):
    """The rows that a person with closed industrial proposals sees without being a member."""

    BEAMLINES = "beamlines"  # the other sessions on its beamlines
    SESSIONS = "sessions"  # all other sessions
    PROPOSALS = "proposals"  # all other proposals


class Shape(NamedTuple):
    """The properties of a caller that decide how the SQL of its conditions looks.

    ``wide``: the sessions of its permissions are no part of its lists, each is checked.
    ``few``: the conditions are for few rows, each of which is checked. With a ``reach``, both
    ``proposals`` and ``sessions`` are false, so that each row needs an open proposal. ``closed``:
    groups of samples are shared with others only, see ``shared/access_sharing.py``.
    """

    proposals: bool
    sessions: bool
    person: bool
    beamlines: bool
    persons: bool
    form: Form = Form.ROWS
    wide: bool = False
    few: bool = False
    reach: Reach | None = None
    closed: bool = False

    @property
    def is_staff(self) -> bool:
        """Whether permissions make some sessions visible, and not all."""
        return self.reach is not None or (self.beamlines and not self.sessions)

    @property
    def is_everywhere(self) -> bool:
        """Whether the permissions are for all beamlines."""
        return self.sessions or self.reach in (Reach.SESSIONS, Reach.PROPOSALS)

    @property
    def checks_rows(self) -> bool:
        """Whether each row is checked, instead of gathering the keys of all visible rows."""
        return self.few or self.form is Form.ROWS


def is_any(conditions: Iterable[ColumnElement[bool]]) -> ColumnElement[bool]:
    """Whether one of ``conditions`` holds; those that never hold are left out of the SQL."""
    possible = [each for each in conditions if each is not false()]
    if any(each is true() for each in possible):
        return true()
    return or_(*possible) if possible else false()


def described(identity: Identity) -> tuple[Shape, dict[str, Any]]:
    """The shape of a caller and the values of its conditions.

    A service token that is limited to beamlines sees their sessions, and nothing by permissions.
    Without ``look_up`` the form is that for single rows.
    """
    limit, names = identity.beamline_limit, identity.beamlines
    if limit is not None:
        names = limit
        shape = Shape(False, False, False, beamlines=True, persons=False)
    else:
        shape = Shape(
            proposals=identity.can("all_proposals"),
            sessions=identity.can("all_proposals", "all_sessions"),
            person=bool(identity.personId),  # a service token must not match a missing leader, 0
            beamlines=bool(names),
            persons=identity.can("all_proposals", "uportal_sync"),
        )
        if identity.closed_codes:
            shape = _close_industry(shape)
    if shape.proposals:
        return shape, {}
    values: dict[str, Any] = {}
    if shape.person:
        values["me"] = identity.personId
    if shape.beamlines and not shape.sessions:
        values["my_beamlines"] = sorted(names)
    if shape.reach:
        values["closed_codes"] = identity.closed_codes
    if shape.person and identity.closed_groups:
        shape = shape._replace(closed=True)
        values |= {"closed_groups": identity.closed_groups, "own_groups": identity.own_groups}
    keys, wide = identity.visible, shape.is_staff
    if keys is None:
        return shape._replace(wide=wide), values
    wide = wide and not keys.beamlines
    if keys.proposals is None:
        return shape._replace(form=Form.GATHERED, wide=wide), values
    values |= {"my_proposals": keys.proposals, "my_sessions": keys.sessions}
    return shape._replace(form=Form.LISTS, wide=wide), values


def _close_industry(shape: Shape) -> Shape:
    """The same caller, to whom its permissions show no industrial proposal."""
    if shape.proposals:
        reach = Reach.PROPOSALS
    elif shape.sessions:
        reach = Reach.SESSIONS
    elif shape.beamlines:
        reach = Reach.BEAMLINES
    else:
        return shape
    on_beamlines = reach is Reach.BEAMLINES
    return shape._replace(proposals=False, sessions=False, beamlines=on_beamlines, reach=reach)


def is_open(proposal: Any) -> ColumnElement[bool]:
    """Whether ``proposal``, the model or an alias, is not one of the closed industrial ones."""
    code = func.lower(func.coalesce(proposal.proposalCode, ""))
    return code.not_in(bindparam("closed_codes", expanding=True))


def by_row(shape: Shape) -> Shape:
    """The same caller, whose conditions are checked for each row.

    For the negation of a condition, as MariaDB plans NOT IN with a long list for milliseconds.
    """
    return shape._replace(form=Form.ROWS, wide=shape.is_staff)


def look_up(identity: Identity) -> Identity:
    """The caller with the keys of its proposals and sessions, if they are few: for lists.

    It takes one statement, and one more for staff, whose sessions are among the keys if these are
    few too, unless groups of samples are closed to the caller.
    """
    shape, values = described(identity)
    if shape.proposals or identity.visible is not None:
        return identity
    own = _list_few(("person", identity.personId), _select_own, values) if shape.person else set()
    if own is None:
        return replace(identity, visible=VisibleKeys(None, None, False))
    staff: set | None = set()
    if shape.wide and shape.closed:  # the rules need the caller's own keys alone
        staff = None
    elif shape.wide:
        names, codes = (tuple(values.get(name, ())) for name in ("my_beamlines", "closed_codes"))
        by = (shape.reach, names, codes)
        staff = _list_few(by, lambda: _select_of_staff(shape.reach), values)
    rows = own | (staff or set())
    proposals, sessions = ({row[at] for row in rows if row[at] is not None} for at in (0, 1))
    keys = VisibleKeys(list_keys(proposals), list_keys(sessions), staff is not None)
    return replace(identity, visible=keys)


def _list_few(caller: tuple, select_keys: Callable[[], Keys], values: dict) -> set | None:
    """The proposals and sessions that ``select_keys`` selects; None if they are too many.

    These are not selected again for a minute.
    """
    now = time.monotonic()
    if _many_until.get(caller, 0) > now:
        return None
    most = 2 * MOST_KEYS  # a session may be there twice
    statement = select_keys()
    rows = fetch(statement, {**values, "most": most})
    keys = set(map(tuple, rows))
    if len(rows) < most and len(keys) <= MOST_KEYS:
        return keys
    if len(_many_until) >= REMEMBERED:
        _many_until.clear()
    _many_until[caller] = now + MANY_SECONDS
    return None


def forget() -> None:
    """Forget which callers have too many keys: another database has others."""
    _many_until.clear()


@cache_statements(1)
def _select_own() -> Keys:
    """The proposals that a person leads or is on, with their sessions; the person's sessions."""
    me, columns = bindparam("me"), (_Session.proposalId, _Session.sessionId)
    on_session = select(*columns).join(_OnSession, _OnSession.sessionId == _Session.sessionId)
    parts = [on_session.where(_OnSession.personId == me)]
    for row in (_OnProposal, _Proposal):
        stmt = select(row.proposalId, _Session.sessionId).select_from(row)
        stmt = stmt.outerjoin(_Session, _Session.proposalId == row.proposalId)
        parts.append(stmt.where(row.personId == me))
    return union_all(*parts).limit(bindparam("most"))


@cache_statements(8)
def _select_of_staff(reach: Reach | None) -> Keys:
    """The sessions that permissions make visible, with their proposals.

    For all open proposals, also those without a session.
    """
    keys = select(_Proposal.proposalId if reach else _Session.proposalId, _Session.sessionId)
    if reach:
        on = _Session.proposalId == _Proposal.proposalId
        keys = keys.select_from(_Proposal).where(is_open(_Proposal))
        keys = keys.join(_Session, on, isouter=reach is Reach.PROPOSALS)
    if reach in (None, Reach.BEAMLINES):
        on_beamlines = bindparam("my_beamlines", expanding=True)
        keys = keys.where(_Session.beamLineName.in_(on_beamlines))
    return keys.limit(bindparam("most"))
