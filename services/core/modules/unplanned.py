"""Sessions that acquisition software opens and completes while people are at the beamline.

Who may: whoever sees the proposal may open a session on it, and sees the session from then on;
whoever sees a session may say what its beamline is set up with. A program needs ``mx_write``.
"""

from datetime import timedelta
from math import ceil

from sqlalchemy import func, select

from services.core.modules import sessions
from services.core.schemas.sessions import SessionSchema
from shared import access, read
from shared.db import db, save
from shared.errors import Forbidden, NotFound
from shared.identity import Identity
from shared.models import BLSession, Proposal, SessionHasPerson

PROGRAMS = "mx_write"
SHIFT = timedelta(hours=8)


def start(identity: Identity, data: dict) -> tuple[dict, bool]:
    """Return the caller's session of this proposal, beamline and start, and whether it is new.

    The proposal's row is locked first: of two callers at once, one finds what the other made.
    """
    _check(identity)
    proposal_id = data["proposalId"]
    db.session.execute(
        select(Proposal.proposalId).where(Proposal.proposalId == proposal_id).with_for_update()
    )
    access.check_proposals(identity, {proposal_id})
    same = {name: data[name] for name in ("proposalId", "beamLineName", "startDate")}
    if found := read.some(SessionSchema, access.sessions(identity), limit=1, **same):
        return found[0], False
    highest = select(func.max(BLSession.visit_number)).where(BLSession.proposalId == proposal_id)
    visit = (db.session.scalar(highest) or 0) + 1
    shifts = ceil((data["endDate"] - data["startDate"]) / SHIFT)
    session = save(BLSession(), {**data, "visit_number": visit, "nbShifts": shifts})
    return _shown(identity, session.sessionId), True


def set_up(identity: Identity, session_id: int, setup_id: int) -> dict:
    """Note what the beamline of a visible session is set up with."""
    _check(identity)
    return sessions.change(identity, session_id, {"beamLineSetupId": setup_id})


def _check(identity: Identity) -> None:
    if identity.program:
        identity.need(PROGRAMS)


def _shown(identity: Identity, session_id: int) -> dict:
    """The new session; who sees the proposal only through other sessions is put on it."""
    try:
        return sessions.get(identity, session_id)
    except NotFound:
        if not identity.personId:
            raise Forbidden("the session would be on a beamline that is not yours") from None
    save(SessionHasPerson(), {"sessionId": session_id, "personId": identity.personId})
    return sessions.get(identity, session_id)
