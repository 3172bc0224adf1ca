"""Sessions that acquisition software opens and completes while people are at the beamline.

A caller who sees the proposal may open a session of it, and sees that session from then on. A
caller who sees a session may assign a setup of its beamline to it.
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


def get_or_create(identity: Identity, data: dict) -> tuple[dict, bool]:
    """Return the caller's session of this proposal, beamline and start, and whether it is new.

    The proposal is locked before anything is read: of two callers at once, the second reads the
    session that the first one created.
    """
    row_checks.locked(Proposal, data["proposalId"])
    row_checks.check_parents(identity, BLSession, {"proposalId": data["proposalId"]})
    key = {name: data[name] for name in ("proposalId", "beamLineName", "startDate")}
    if rows := read.some(SessionSchema, access.sessions(identity), limit=1, **key):
        return rows[0], False
    shifts = ceil((data["endDate"] - data["startDate"]) / SHIFT)
    session = sessions.create(identity, {**data, "nbShifts": shifts})
    _make_visible(identity, session["sessionId"])
    return session, True


def assign_setup(identity: Identity, session_id: int, setup_id: int) -> BLSession:
    """Let a visible session refer to a setup of its beamline; return its row."""
    session = sessions.lock(identity, session_id)
    return sessions.edit(identity, session, {"beamLineSetupId": setup_id})


def _make_visible(identity: Identity, session_id: int) -> None:
    """Add the caller to a new session unless he sees it.

    A person may see the proposal only because he is on another of its sessions.
    """
    try:
        names.session_key(identity, str(session_id))
    except NotFound:
        if identity.personId is None:
            raise Forbidden("this token is for other beamlines") from None
        save(SessionHasPerson(), {"sessionId": session_id, "personId": identity.personId})
