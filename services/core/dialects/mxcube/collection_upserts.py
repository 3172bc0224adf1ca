"""What acquisition software tells of its data collections: all of it, again and again.

It knows no groups when it begins, and repeats the whole when it goes on. Whoever sees the session
may do so.
"""

from datetime import datetime

from services.core.dialects.mxcube import setup_reports
from services.core.modules.acquisition.data_collection_groups import data_collection_groups
from services.core.modules.acquisition.data_collections import data_collections, newest_of_session
from shared import access, row_checks
from shared.errors import NotFound
from shared.identity import Identity
from shared.models import BLSession

SHOWN = ("dataCollectionId", "dataCollectionGroupId", "detectorId")


def store(identity: Identity, told: dict) -> tuple[dict, bool]:
    """Return the data collection of what is ``told``, updated or made, and whether it is new.

    ``told`` has the columns of the ``group`` and of the ``collection``, the keys that are known
    of them, and whether the collection is ``maybe_known``: then its files tell which it is.
    """
    key = _known(identity, told)
    if key is not None:
        stored = data_collections.get(identity, key, ("startTime",))
        found = data_collections.update(identity, key, _ending(told["collection"], stored))
    else:
        told = {**told, "maybe_known": False}
        group = {"dataCollectionGroupId": store_group(identity, told)["dataCollectionGroupId"]}
        data = {"detector2Theta": 0.0, **_ending(told["collection"])}
        found = data_collections.create(identity, {**data, **group}, again=True)
        setup_reports.follow(identity, told["group"]["sessionId"])
    return {name: found[name] for name in SHOWN}, key is None


def store_group(identity: Identity, told: dict) -> dict:
    """Return the group of the collection that ``told`` is about, updated; a new one if need be."""
    key, group = _group_of(identity, told), told["group"]
    if key is None:
        return data_collection_groups.create(identity, _ending(group))
    stored = data_collection_groups.get(identity, key, ("startTime",))
    data = {name: value for name, value in group.items() if name != "sessionId"}
    if stored["startTime"] and "startTime" in data:  # that of its first collection
        data["startTime"] = min(data["startTime"], datetime.fromisoformat(stored["startTime"]))
    return data_collection_groups.update(identity, key, _ending(data, stored))


def _known(identity: Identity, told: dict) -> int | None:
    """The key of the collection that ``told`` is about, if there is one."""
    if told["collection_id"] is not None or not told["maybe_known"]:
        return told["collection_id"]
    session_id = told["group"]["sessionId"]
    row_checks.locked(BLSession, session_id)  # who comes second finds what the first one made
    access.check_sessions(identity, {session_id})
    return newest_of_session(session_id, told["collection"])


def _group_of(identity: Identity, told: dict) -> int | None:
    """The key of its collection's group, else of the group of the same session that it joins."""
    link = "dataCollectionGroupId"
    if (key := _known(identity, told)) is not None:
        return data_collections.get(identity, key, (link,))[link]
    if told["group_id"] is None:
        return None
    try:
        found = data_collection_groups.get(identity, told["group_id"], (link, "sessionId"))
    except NotFound:
        return None
    return found[link] if found["sessionId"] == told["group"]["sessionId"] else None


def _ending(data: dict, stored: dict | None = None) -> dict:
    """``data`` ends now, or when it starts by the clock of a beamline that is ahead of ours."""
    start = data.get("startTime")
    if start is None and stored and stored["startTime"]:
        start = datetime.fromisoformat(stored["startTime"])
    now = datetime.now().replace(microsecond=0)
    return {**data, "endTime": max(now, start or now)}
