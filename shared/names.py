"""Names of proposals (mx2007), sessions (mx2007-1) and beamline groups, in queries and paths.

Also the characters of the names of samples, and of the acronyms of proteins.
"""

import re
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, select

from shared import access, app_context
from shared.callers import described
from shared.errors import NotFound, bad_field, not_found
from shared.execution import fetch, fetch_value
from shared.identity import Identity
from shared.models import BLSession, Proposal
from shared.statements import cache_statements

PROPOSAL = re.compile(r"((?:[A-Za-z][A-Za-z-]*)?)([0-9]{1,9})")
SESSION = re.compile(r"([A-Za-z]+[0-9]+)-([0-9]{1,9})")
KEY = re.compile("[0-9]{1,9}")
SAMPLE = r"[a-zA-Z0-9:+_-]+"  # MXCuBE drops the whole list if one name has other characters
ACRONYM = "[A-Za-z0-9_-]+"
ACRONYM_RULE = "Must be of letters, digits, _ and - only."


def proposal_filters(name: str) -> dict:
    """The filters that find a proposal by id, ``7``, or by name, ``mx2007`` in any case."""
    match = PROPOSAL.fullmatch(name)
    if not match:
        raise not_found(Proposal)
    code, number = match.groups()
    if not code:
        return {"proposalId": int(number)}
    spellings = [code.lower(), code.upper()]  # an index serves these, but not lower(column)
    return {"proposalCode__in": spellings, "proposalNumber": number}


def proposal_key(identity: Identity, name: str) -> int:
    """The id of a visible proposal, by id or name; NotFound if it is hidden or absent."""
    return find_proposal(identity, name)[0]


def find_proposal(identity: Identity, name: str) -> tuple[int, bool]:
    """The id of a visible proposal, and whether the caller leads it or is on it.

    NotFound if it is hidden or absent.
    """
    shape, values = described(identity)
    filters = proposal_filters(name)
    visible = access.seen_proposals(shape, Proposal.proposalId)
    owned = access.owns_proposal(shape, Proposal.proposalId)
    statement = _select_proposal(visible, owned, "proposalId" in filters)
    rows = fetch(statement, {**values, **filters})
    if not rows:
        raise not_found(Proposal)
    key, owned = rows[0]
    return key, bool(owned)


def session_filters(identity: Identity, name: str | int) -> dict:
    """The filters that find a session by id, ``7``, or by name, ``mx2007-1`` in any case."""
    if KEY.fullmatch(str(name)):
        return {"sessionId": int(name)}
    match = SESSION.fullmatch(str(name))
    if not match:
        raise not_found(BLSession)
    try:
        proposal_id = proposal_key(identity, match[1])
    except NotFound:
        raise not_found(BLSession) from None
    return {"proposalId": proposal_id, "visit_number": int(match[2])}


def session_key(identity: Identity, name: str | int) -> int:
    """The id of a visible session, by id or name; NotFound if it is hidden or absent."""
    rule, filters = access.sessions(identity), session_filters(identity, name)
    statement = _select_session(rule.condition, "sessionId" in filters)
    key = fetch_value(statement, {**rule.values, **filters})
    if key is None:
        raise not_found(BLSession)
    return key


def build_proposal_name(code: str | None, number: str | None) -> str | None:
    """The name of a proposal, ``mx2007``; None without a code or a number."""
    return f"{code}{number}" if code and number else None


def build_session_name(code: str | None, number: str | None, visit: int | None) -> str | None:
    """The name of a session, ``mx2007-1``; None if a part of it is missing."""
    proposal = build_proposal_name(code, number)
    return f"{proposal}-{visit}" if proposal and visit is not None else None


def beamlines_of_group(identity: Identity, name: str) -> list[str]:
    """The beamlines of a group of the site; BadInput if the site has no such group."""
    groups = {each["name"]: each["beamlines"] for each in app_context.site()["beamline_groups"]}
    if name not in groups:
        raise bad_field("beamLineGroup", f"Must be one of: {', '.join(groups)}.")
    return groups[name]


@cache_statements(128)
def _select_proposal(
    visible: ColumnElement[bool], owned: ColumnElement[bool], by_id: bool
) -> Select:
    conditions: Any = (
        [Proposal.proposalId == bindparam("proposalId")]
        if by_id
        else [
            Proposal.proposalCode.in_(bindparam("proposalCode__in", expanding=True)),
            Proposal.proposalNumber == bindparam("proposalNumber"),
        ]
    )
    return select(Proposal.proposalId, owned).where(*conditions, visible).limit(1)


@cache_statements(128)
def _select_session(visible: ColumnElement[bool], by_id: bool) -> Select:
    conditions = (
        [BLSession.sessionId == bindparam("sessionId")]
        if by_id
        else [
            BLSession.proposalId == bindparam("proposalId"),
            BLSession.visit_number == bindparam("visit_number"),
        ]
    )
    return select(BLSession.sessionId).where(*conditions, visible).limit(1)
