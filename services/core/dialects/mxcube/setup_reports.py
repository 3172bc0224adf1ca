"""Setups of beamlines, as acquisition software reports them before each data collection.

A report names neither the session nor, most often, the beamline: it is the one where the caller
has a session now. A person may report for the beamlines where he has a session now.
"""

from collections.abc import Collection
from datetime import datetime
from math import isclose
from typing import Any

from sqlalchemy import func, update

from services.core.dialects.mxcube import ad_hoc_sessions
from services.core.modules.beamline.beamline_setups import beamline_setups
from services.core.modules.beamline.detectors import detectors
from services.core.modules.people.sessions import sessions
from shared.db import db
from shared.errors import Forbidden, NotFound
from shared.identity import Identity
from shared.lenient import WHOLE_LIST
from shared.models import BLSession

PRECISION = 1e-6  # relative, of the numbers that the database stores


def put(identity: Identity, report: dict) -> tuple[int, bool]:
    """Return the key of the setup of a ``report``, and whether it is new.

    ``report`` has the columns of the setup, the names of its detector and, if the client has
    them, the key of the setup before and of the session that uses it. The setup before is kept
    if it has the same values.
    """
    now = datetime.now().replace(microsecond=0)
    data, key, session_id = dict(report["setup"]), report["beamlineSetupId"], report["sessionId"]
    data["beamlineName"] = _get_beamline(identity, session_id, data.get("beamlineName"), now)
    data |= get_detector(identity, report["detector"], ("detectorId",))
    new = not _is_stored(identity, key, data)
    if new:
        setup = beamline_setups.insert(identity, {**data, "setupDate": now})
        key = setup.beamLineSetupId
    if session_id is not None:
        ad_hoc_sessions.assign_setup(identity, session_id, key)
    return key, new


def assign_newest(session: BLSession) -> None:
    """Let a locked session refer to the newest setup of its beamline, if it has an older one.

    Setups are public: there is nothing to check. The session is read again at the next use of
    its setup.
    """
    newest = beamline_setups.select_newest_key(session.beamLineName).scalar_subquery()
    older = func.coalesce(BLSession.beamLineSetupId, 0) < newest
    db.session.execute(
        update(BLSession)
        .where(BLSession.sessionId == session.sessionId, older)
        .values(beamLineSetupId=newest),
        execution_options={"synchronize_session": False},
    )
    db.session.expire(session, ["beamLineSetupId"])


def get_detector(identity: Identity, names: dict, fields: Collection[str] = ()) -> dict:
    """The detector with these names, in any case; empty if there is none, or no name."""
    try:
        return detectors.get_by_names(identity, names, fields) if any(names.values()) else {}
    except NotFound:
        return {}


def _get_beamline(
    identity: Identity, session_id: int | None, name: str | None, now: datetime
) -> str | None:
    """The beamline of the session; without one ``name``, where the caller must have a session now.

    Without a name it is the beamline where the caller has a session now, unless there are several.
    """
    if session_id is not None:
        return sessions.get(identity, session_id, ("beamLineName",))["beamLineName"]
    if identity.beamline_limit is not None:
        beamlines = set(identity.beamline_limit)
    else:
        at_present = {"ends_after": now, "starts_before": now, "fields": ("beamLineName",)}
        rows = sessions.list_(identity, {**WHOLE_LIST, **at_present})["results"]
        beamlines = {row["beamLineName"] for row in rows} - {None}
    if name is not None and name not in beamlines:
        raise Forbidden(f"you have no session at {name} now")
    return name or (beamlines.pop() if len(beamlines) == 1 else None)


def _is_stored(identity: Identity, key: int | None, data: dict) -> bool:
    """Whether the setup with the ``key`` is stored, and has all values of ``data``."""
    if key is None:
        return False
    try:
        stored = beamline_setups.get(identity, key)
    except NotFound:
        return False
    return all(_is_same(stored[name], value) for name, value in data.items())


def _is_same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return isclose(one, other, rel_tol=PRECISION)
    return one == other
