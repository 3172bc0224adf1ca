"""Groups of data collections, visible to those who see their session."""

from sqlalchemy import update

from services.core.modules.acquisition import positions
from services.core.modules.acquisition.data_collections import data_collections
from services.core.schemas.acquisition.data_collection_groups import (
    DataCollectionGroupSchema,
    GroupDocumentSchema,
)
from shared import batches, read, row_checks
from shared.access import everything
from shared.db import db
from shared.errors import NotFound, not_found
from shared.identity import Identity
from shared.models import DataCollection, DataCollectionGroup, GridInfo
from shared.table_service import TableService


class DataCollectionGroups(TableService):
    """The groups of data collections."""

    def create(self, identity: Identity, data: dict) -> dict:
        """Create a group with the data collections, positions and grids in its document.

        The answer is the same document. A fault in one of its rows rolls back all.
        """
        data = dict(data)
        documents = [dict(document) for document in data.pop("collections", ())]
        grids = [document.pop("grids", ()) for document in documents]
        group = self.insert(identity, data)
        positions.insert_all(documents)
        keys = data_collections.insert_all_below(identity, group, documents)
        below = [
            {**grid, "dataCollectionId": key}
            for key, of_collection in zip(keys, grids)
            for grid in of_collection
        ]
        batches.insert_with_keys(GridInfo, below)
        key = group.dataCollectionGroupId
        return read.one(GroupDocumentSchema, everything(identity), dataCollectionGroupId=key)

    def lock_in_session(
        self, identity: Identity, key: int, session_id: int
    ) -> DataCollectionGroup:
        """A visible group of this session, its row locked; NotFound if there is none."""
        filters = {"dataCollectionGroupId": key, "sessionId": session_id}
        return row_checks.lock_visible(identity, DataCollectionGroup, **filters)

    def lock_by_collection(self, identity: Identity, key: int) -> DataCollectionGroup:
        """The group of a data collection, its row locked; NotFound if that is not visible.

        A data collection is visible with its group.
        """
        try:
            return row_checks.lock_parent(identity, DataCollection.dataCollectionGroupId, key)
        except NotFound:
            raise not_found(DataCollection) from None

    def edit(
        self, identity: Identity, row: DataCollectionGroup, data: dict
    ) -> DataCollectionGroup:
        """Change a locked group, and the columns that its data collections repeat of it."""
        copied = row.copied_columns
        group = super().edit(identity, row, data)
        if group.copied_columns != copied:
            below = DataCollection.dataCollectionGroupId == group.dataCollectionGroupId
            db.session.execute(
                update(DataCollection).where(below).values(group.copied_columns),
                execution_options={"synchronize_session": False},
            )
        return group


data_collection_groups = DataCollectionGroups(
    DataCollectionGroupSchema, document=GroupDocumentSchema, span=("startTime", "endTime")
)
