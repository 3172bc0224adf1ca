"""Data collections: seen by those who see the session of their group."""

from sqlalchemy import func, select, update

from services.core.models import (
    Screening,
    ScreeningOutput,
    ScreeningStrategy,
    ScreeningStrategySubWedge,
    ScreeningStrategyWedge,
)
from services.core.modules.records import Records
from services.core.schemas.data_collections import DataCollectionSchema
from shared import access, rows
from shared.access import Rule
from shared.db import db, save
from shared.errors import BadInput, Conflict, NotFound, NotYet
from shared.identity import Identity
from shared.models import DataCollection, DataCollectionGroup

GROUP = "dataCollectionGroupId"
SAME_FILES = ("imageDirectory", "imagePrefix", "dataCollectionNumber")
LONGEST_COMMENT = 1024
LONGEST_TYPE = 24


def _visible(identity: Identity) -> Rule:
    return access.groups(identity, DataCollection.dataCollectionGroupId)


_records = Records(DataCollectionSchema, _visible)
find, get, check, shown = _records.find, _records.get, _records.check, _records.shown


def add(identity: Identity, data: dict, again: bool = False) -> dict:
    """Create a data collection of a visible group.

    Conflict if it has one with the same files, unless ``again`` says that this may be.
    """
    group = _lock_group(identity, data["dataCollectionGroupId"])
    _check_all(identity, {name: data[name] for name in data.keys() - {GROUP}})
    return shown(identity, _stored(group, data, again).dataCollectionId)


def create(identity: Identity, group: DataCollectionGroup, data: dict) -> DataCollection:
    """Create a data collection of a group that is new, and return its row."""
    _check_all(identity, data)
    return _stored(group, {**data, "dataCollectionGroupId": group.dataCollectionGroupId})


def change(identity: Identity, key: int, data: dict) -> dict:
    """Change some columns of a visible data collection."""
    row = rows.lock_visible(identity, DataCollection, key)
    _check_all(identity, {name: data[name] for name in data.keys() - {GROUP}}, row)
    if GROUP in data:
        data = {**data, **copies(_lock_group(identity, data[GROUP]))}
    save(row, data)
    return shown(identity, key)


def append_comment(identity: Identity, key: int, text: str, cut: bool = False) -> dict:
    """Add ``text`` to the comments of a visible data collection, as it is.

    What does not fit is cut, or refused: what was there is kept.
    """
    rows.lock_visible(identity, DataCollection, key)
    whole = func.coalesce(DataCollection.comments, "") + text
    changed = update(DataCollection).where(DataCollection.dataCollectionId == key)
    db.session.execute(
        changed.values(comments=func.substr(whole, 1, LONGEST_COMMENT)),
        execution_options={"synchronize_session": False},
    )
    found = shown(identity, key)
    if not cut and not found["comments"].endswith(text):
        reason = f"With what is there it is longer than {LONGEST_COMMENT} characters."
        raise BadInput("invalid input", {"comments": [reason]})
    return found


def known(session_id: int, data: dict) -> int | None:
    """The newest data collection of a session with the same files as ``data``, if it has any."""
    groups = select(DataCollectionGroup.dataCollectionGroupId)
    of_session = groups.where(DataCollectionGroup.sessionId == session_id)
    return _known(DataCollection.dataCollectionGroupId.in_(of_session), data)


def copies(group: DataCollectionGroup) -> dict:
    """What a data collection repeats of its group, since other readers join on it."""
    return {
        "sessionId": group.sessionId,
        "blSampleId": group.blSampleId,
        "experimentType": (group.experimentType or "")[:LONGEST_TYPE] or None,
    }


def _lock_group(identity: Identity, key: int) -> DataCollectionGroup:
    """The row of a visible group, locked: NotYet if there is none."""
    try:
        return rows.lock_visible(identity, DataCollectionGroup, key)
    except NotFound:
        reason = {GROUP: ["no such DataCollectionGroup"]}
        raise NotYet("a referenced row is not there yet", reason) from None


def _stored(group: DataCollectionGroup, data: dict, again: bool = False) -> DataCollection:
    inside = DataCollection.dataCollectionGroupId == group.dataCollectionGroupId
    if not again and (other := _known(inside, data)) is not None:
        raise Conflict(f"data collection {other} has the same directory, prefix and number")
    return save(DataCollection(), {**data, **copies(group)})


def _known(inside, data: dict) -> int | None:
    same = {name: data.get(name) for name in SAME_FILES}
    if None in same.values():
        return None
    found = select(DataCollection.dataCollectionId).where(inside).filter_by(**same)
    newest = found.order_by(DataCollection.dataCollectionId.desc()).limit(1)
    return db.session.scalar(newest)


def _check_all(identity: Identity, data: dict, stored: DataCollection | None = None) -> None:
    rows.check_order(data, stored, "startTime", "endTime")
    rows.check_parents(identity, DataCollection, data)
    if (key := data.get("strategySubWedgeOrigId")) is not None:
        _check_strategy(identity, key)


def _check_strategy(identity: Identity, key: int) -> None:
    """Our models have no key for this parent: its table refers back to data collections."""
    rule = access.measured(identity, Screening.dataCollectionId, Screening.dataCollectionGroupId)
    found = select(ScreeningStrategySubWedge).where(
        ScreeningStrategySubWedge.screeningStrategySubWedgeId == key, rule.condition
    )
    for parent in (ScreeningStrategyWedge, ScreeningStrategy, ScreeningOutput, Screening):
        found = found.join(parent)
    if not db.session.execute(found, rule.values).first():
        reason = "no such ScreeningStrategySubWedge"
        raise NotYet("a referenced row is not there yet", {"strategySubWedgeOrigId": [reason]})
