"""The upserts of data collections that acquisition software reports, and of their groups.

The software has no group when it begins, and sends the whole dictionary again whenever something
changes. Every caller who sees the session may report.
"""

from datetime import datetime

from services.core.dialects.mxcube import setup_reports
from services.core.modules.acquisition.data_collection_groups import data_collection_groups
from services.core.modules.acquisition.data_collections import (
    data_collections,
    get_newest_of_session,
)
from services.core.modules.acquisition.grids import grids
from services.core.modules.beamline.beamline_setups import beamline_setups
from services.core.modules.people.sessions import sessions
from shared import row_checks
from shared.errors import NotFound
from shared.identity import Identity
from shared.lenient import WHOLE_LIST
from shared.models import BLSession, DataCollection, DataCollectionGroup


def put(identity: Identity, report: dict) -> tuple[DataCollection, bool]:
    """Return the data collection of a ``report``, updated or new, and whether it is new.

    ``report`` has the columns of the ``group``, of the ``collection`` and of its ``grid``, their
    keys as far as the client has them, and ``match_files``: whether the files tell which
    collection it is. A stored grid stays: another program may have measured it.
    """
    if (key := report["collection_id"]) is None:
        session = _lock_session(identity, report)
        key = _get_key_by_files(report)
    if key is not None:
        collection = _update(identity, key, report["collection"])
    else:
        collection = _create(identity, session, report)
    if report["grid"]:
        _put_grid(identity, collection.dataCollectionId, report["grid"])
    return collection, key is None


def put_group(identity: Identity, report: dict) -> DataCollectionGroup:
    """Return the group of the collection of a ``report``: updated, or new if there is none."""
    key = report["collection_id"]
    if key is None and report["match_files"]:
        _lock_session(identity, report)
        key = _get_key_by_files(report)
    if key is None:
        return _put_group(identity, report)
    return _update_group(
        identity, data_collection_groups.lock_by_collection(identity, key), report
    )


def _lock_session(identity: Identity, report: dict) -> BLSession:
    """The visible session of a ``report``, locked before anything else is read or written.

    Of two callers at once the second then reads the rows that the first one created. Without the
    lock, both would hold the shared lock that an INSERT takes on its parent, and each would wait
    for the other to update the session.
    """
    return sessions.lock(identity, report["group"]["sessionId"])


def _get_key_by_files(report: dict) -> int | None:
    """The key of the collection with the files of a ``report``, if the files shall tell it."""
    if not report["match_files"]:
        return None
    return get_newest_of_session(report["group"]["sessionId"], report["collection"])


def _create(identity: Identity, session: BLSession, report: dict) -> DataCollection:
    """The new collection of a ``report``, with the detector of the setup unless it names one."""
    parents = {DataCollectionGroup: [report["group"]], DataCollection: [report["collection"]]}
    row_checks.check_all_parents(identity, parents)  # of both rows in one statement
    group = _put_group(identity, report)
    setup_reports.assign_newest(session)
    data = {"detector2Theta": 0.0, **_with_end(report["collection"])}
    if "detectorId" not in data and session.beamLineSetupId is not None:
        data |= beamline_setups.get(identity, session.beamLineSetupId, ("detectorId",))
    return data_collections.insert_below(identity, group, data, again=True)


def _update(identity: Identity, key: int, columns: dict) -> DataCollection:
    collection = data_collections.lock(identity, key)
    return data_collections.edit(identity, collection, _with_end(columns, collection.startTime))


def _put_grid(identity: Identity, collection_id: int, grid: dict) -> None:
    """Create the grid of a locked or new collection, unless it has one."""
    names = ("dataCollectionId",)
    stored = grids.list_(identity, collection_id, {**WHOLE_LIST, "fields": names})["results"]
    if not any(row["dataCollectionId"] for row in stored):  # older rows are of the group
        grids.create(identity, collection_id, grid)


def _put_group(identity: Identity, report: dict) -> DataCollectionGroup:
    """The group that the ``report`` names, if it is visible and of the session; else a new one."""
    key, columns = report["group_id"], report["group"]
    if key is not None:
        try:
            group = data_collection_groups.lock_in_session(identity, key, columns["sessionId"])
            return _update_group(identity, group, report)
        except NotFound:
            pass
    return data_collection_groups.insert(identity, _with_end(columns))


def _update_group(
    identity: Identity, group: DataCollectionGroup, report: dict
) -> DataCollectionGroup:
    data = {name: value for name, value in report["group"].items() if name != "sessionId"}
    if group.startTime and "startTime" in data:  # a group starts with its first collection
        data["startTime"] = min(data["startTime"], group.startTime)
    return data_collection_groups.edit(identity, group, _with_end(data, group.startTime))


def _with_end(data: dict, stored_start: datetime | None = None) -> dict:
    """``data`` with an end: now, or its start if the clock of the beamline is ahead of ours."""
    now = datetime.now().replace(microsecond=0)
    return {**data, "endTime": max(now, data.get("startTime") or stored_start or now)}
