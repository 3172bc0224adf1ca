"""Sessions that acquisition software opens and completes while people are at the beamline.

A caller who sees the proposal may open a session on it, and sees that session from then on. A
caller who sees a session may say what its beamline is set up with.
"""

from datetime import timedelta
from math import ceil

from services.core.modules.people.sessions import sessions
from services.core.schemas.people.sessions import SessionSchema
from shared import access, names, read, row_checks
from shared.db import save
from shared.errors import Forbidden, NotFound
from shared.identity import Identity
from shared.models import BLSession, Proposal, SessionHasPerson

SHIFT = timedelta(hours=8)


def start(identity: Identity, data: dict) -> tuple[dict, bool]:
    """Return the caller's session of this proposal, beamline and start, and whether it is new.

    The proposal is locked before anything is read: of two callers at once, the second finds
    what the first one made.
    """
    row_checks.locked(Proposal, data["proposalId"])
    row_checks.check_parents(identity, BLSession, {"proposalId": data["proposalId"]})
    same = {name: data[name] for name in ("proposalId", "beamLineName", "startDate")}
    if found := read.some(SessionSchema, access.sessions(identity), limit=1, **same):
        return found[0], False
    shifts = ceil((data["endDate"] - data["startDate"]) / SHIFT)
    session = sessions.create(identity, {**data, "nbShifts": shifts})
    _let_see(identity, session["sessionId"])
    return session, True


def set_up(identity: Identity, session_id: int, setup_id: int) -> dict:
    """Note what the beamline of a visible session is set up with."""
    return sessions.update(identity, str(session_id), {"beamLineSetupId": setup_id})


def _let_see(identity: Identity, session_id: int) -> None:
    """Who sees the proposal only through other sessions of it is put on the new one."""
    try:
        names.session_key(identity, str(session_id))
    except NotFound:
        if identity.personId is None:
            raise Forbidden("this token is for other beamlines") from None
        save(SessionHasPerson(), {"sessionId": session_id, "personId": identity.personId})
