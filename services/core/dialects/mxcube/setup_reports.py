"""How acquisition software says what a beamline is set up with: before each data collection.

It names neither the session nor, most often, the beamline: that is where its user has a session
now. A person may do so for the beamlines where he has a session now.
"""

from datetime import datetime
from math import isclose
from typing import Any

from services.core.dialects.mxcube import ad_hoc_sessions
from services.core.modules.beamline.beamline_setups import beamline_setups
from services.core.modules.beamline.detectors import detectors
from services.core.modules.people.sessions import sessions
from shared.errors import Forbidden, NotFound
from shared.identity import Identity

ALL = {"skip": 0, "limit": 1_000_000}
FIRST = {"skip": 0, "limit": 1}
PRECISION = 1e-6  # of what the database keeps of a number


def configure(identity: Identity, told: dict) -> tuple[int, bool]:
    """Return the setup that is ``told`` of, the one of before if it is the same, and if it is new.

    ``told`` has its columns, the names of its detector and, if they are known, the key of the
    setup before and the session that uses it.
    """
    now = datetime.now().replace(microsecond=0)
    data, key = dict(told["setup"]), told["beamlineSetupId"]
    data["beamlineName"] = _beamline(identity, told["sessionId"], data.get("beamlineName"), now)
    if (found := detector(told["detector"])) is not None:
        data["detectorId"] = found
    new = not _is_stored(identity, key, data)
    if new:
        key = beamline_setups.create(identity, {**data, "setupDate": now})["beamLineSetupId"]
    if told["sessionId"] is not None:
        ad_hoc_sessions.set_up(identity, told["sessionId"], key)
    return key, new


def follow(identity: Identity, session_id: int) -> None:
    """Note that a session uses the newest setup of its beamline, if it has an older one."""
    session = sessions.get(identity, session_id, ("beamLineName", "beamLineSetupId"))
    query = {"beamlineName": session["beamLineName"], "sort": ["-beamLineSetupId"]}
    found = beamline_setups.list_(identity, {**query, **FIRST, "fields": ("beamLineSetupId",)})[
        "results"
    ]
    if found and found[0]["beamLineSetupId"] > (session["beamLineSetupId"] or 0):
        ad_hoc_sessions.set_up(identity, session_id, found[0]["beamLineSetupId"])


def detector(names: dict) -> int | None:
    """The detector with these names, in any case; who names nothing means none."""
    return detectors.find_key(**names) if any(names.values()) else None


def _beamline(identity: Identity, session_id: int | None, named: str | None, now: datetime):
    """The beamline of the session; or the one that is ``named`` among those the caller is at.

    If none is named, it is the one where the caller is, unless there are several.
    """
    if session_id is not None:
        return sessions.get(identity, session_id, ("beamLineName",))["beamLineName"]
    if identity.beamline_limit is not None:
        at = set(identity.beamline_limit)
    else:
        today = {"ends_after": now, "starts_before": now, "fields": ("beamLineName",)}
        running = sessions.list_(identity, {**ALL, **today})["results"]
        at = {row["beamLineName"] for row in running} - {None}
    if named is not None and named not in at:
        raise Forbidden(f"you have no session at {named} now")
    return named or (at.pop() if len(at) == 1 else None)


def _is_stored(identity: Identity, key: int | None, data: dict) -> bool:
    """Whether the setup is there, and says no less than ``data``."""
    if key is None:
        return False
    try:
        stored = beamline_setups.get(identity, key)
    except NotFound:
        return False
    return all(_same(stored[name], value) for name, value in data.items())


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return isclose(one, other, rel_tol=PRECISION)
    return one == other
