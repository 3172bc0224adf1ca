"""Data collections, visible to those who see the session of their group."""

from typing import Any

from sqlalchemy import func, select, update

from services.core.models import (
    Screening,
    ScreeningOutput,
    ScreeningStrategy,
    ScreeningStrategySubWedge,
    ScreeningStrategyWedge,
)
from services.core.schemas.acquisition.data_collections import DataCollectionSchema
from shared import access, batches, row_checks
from shared.db import db, save
from shared.errors import BadInput, Conflict, NotFound, NotYet
from shared.identity import Identity
from shared.models import DataCollection, DataCollectionGroup
from shared.table_service import TableService

GROUP = "dataCollectionGroupId"
FILE_COLUMNS = ("imageDirectory", "imagePrefix", "dataCollectionNumber")
LONGEST_COMMENT = 1024


class DataCollections(TableService):
    """The data collections."""

    def create(self, identity: Identity, data: dict, again: bool = False) -> dict:
        """Create a data collection of a visible group.

        Conflict if the group has one with the same files, unless they are measured ``again``.
        """
        group = _lock_group(identity, data[GROUP])
        return self.written(identity, self.insert_below(identity, group, data, again))

    def insert_below(
        self, identity: Identity, group: DataCollectionGroup, data: dict, again: bool = False
    ) -> DataCollection:
        """Create a data collection of a group that is locked or new; return its row.

        Conflict if the group has one with the same files, unless they are measured ``again``.
        """
        self.check_data(identity, _without_group(data))
        inside = DataCollection.dataCollectionGroupId == group.dataCollectionGroupId
        if not again and (other := _get_newest(inside, data)) is not None:
            raise Conflict(f"data collection {other} has the same directory, prefix and number")
        group_columns = {GROUP: group.dataCollectionGroupId, **group.copied_columns}
        return save(DataCollection(), {**data, **group_columns})

    def insert_all_below(
        self, identity: Identity, group: DataCollectionGroup, documents: list[dict]
    ) -> list[int]:
        """Create the data collections of a group that is new; return their keys in this order.

        Conflict if two of them have the same files.
        """
        self.check_new(identity, documents)
        files = [tuple(map(data.get, FILE_COLUMNS)) for data in documents]
        named = [each for each in files if None not in each]
        if len({*named}) < len(named):
            raise Conflict("two data collections have the same directory, prefix and number")
        group_columns = {GROUP: group.dataCollectionGroupId, **group.copied_columns}
        rows = [{**data, **group_columns} for data in documents]
        return batches.insert_with_keys(DataCollection, rows)

    def check_data(self, identity: Identity, data: dict, stored: Any = None) -> None:
        """Raise unless ``data`` may be written over the row ``stored``, or as a new one."""
        super().check_data(identity, data, stored)
        _check_strategies(identity, [data])

    def check_new(self, identity: Identity, documents: list[dict]) -> None:
        """Raise unless each of ``documents`` may be a new row."""
        super().check_new(identity, documents)
        _check_strategies(identity, documents)

    def edit(self, identity: Identity, row: DataCollection, data: dict) -> DataCollection:
        """Change the columns of a locked row that ``data`` names; return the row."""
        self.check_data(identity, _without_group(data), row)
        if GROUP in data:
            data = {**data, **_lock_group(identity, data[GROUP]).copied_columns}
        return save(row, data)

    def append_comment(self, identity: Identity, key: int, text: str, cut: bool = False) -> dict:
        """Add ``text`` to the end of the comments of a visible data collection.

        Text that does not fit is cut, or refused: the stored comments are kept.
        """
        row = self.lock(identity, key)
        longer = func.coalesce(DataCollection.comments, "") + text
        db.session.execute(
            update(DataCollection)
            .where(DataCollection.dataCollectionId == key)
            .values(comments=func.substr(longer, 1, LONGEST_COMMENT)),
            execution_options={"synchronize_session": False},
        )
        answer = self.written(identity, row)
        if not cut and not answer["comments"].endswith(text):
            reason = f"With the stored comments it is longer than {LONGEST_COMMENT} characters."
            raise BadInput("invalid input", {"comments": [reason]})
        return answer


data_collections = DataCollections(DataCollectionSchema, span=("startTime", "endTime"))


def _check_strategies(identity: Identity, documents: list[dict]) -> None:
    """Raise NotYet unless the caller sees the strategies that data collections follow.

    The model has no foreign key to this parent: its table refers back to data collections.
    """
    keys = {data.get("strategySubWedgeOrigId") for data in documents} - {None}
    if not keys:
        return
    rule = access.recorded(identity, Screening.dataCollectionId, Screening.dataCollectionGroupId)
    key = ScreeningStrategySubWedge.screeningStrategySubWedgeId
    statement = select(key).where(key.in_(keys), rule.condition)
    for parent in (ScreeningStrategyWedge, ScreeningStrategy, ScreeningOutput, Screening):
        statement = statement.join(parent)
    if keys.difference(db.session.scalars(statement, rule.values)):
        reason = "no such ScreeningStrategySubWedge"
        raise NotYet("a referenced row is not there yet", {"strategySubWedgeOrigId": [reason]})


def get_newest_of_session(session_id: int, data: dict) -> int | None:
    """The key of the newest data collection of a session with the same files as ``data``."""
    groups = select(DataCollectionGroup.dataCollectionGroupId)
    groups = groups.where(DataCollectionGroup.sessionId == session_id)
    return _get_newest(DataCollection.dataCollectionGroupId.in_(groups), data)


def _without_group(data: dict) -> dict:
    return {name: value for name, value in data.items() if name != GROUP}


def _lock_group(identity: Identity, key: int) -> DataCollectionGroup:
    """The row of a visible group, locked; NotYet if it is hidden or absent."""
    try:
        return row_checks.lock_visible(identity, DataCollectionGroup, key)
    except NotFound:
        reason = {GROUP: ["no such DataCollectionGroup"]}
        raise NotYet("a referenced row is not there yet", reason) from None


def _get_newest(inside: Any, data: dict) -> int | None:
    """The key of the newest data collection with the same files as ``data``, if there is one."""
    files = {name: data.get(name) for name in FILE_COLUMNS}
    if None in files.values():
        return None
    statement = select(DataCollection.dataCollectionId).where(inside).filter_by(**files)
    return db.session.scalar(statement.order_by(DataCollection.dataCollectionId.desc()).limit(1))
