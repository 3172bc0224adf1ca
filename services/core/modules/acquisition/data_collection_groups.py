"""Groups of data collections, visible to those who see their session."""

from sqlalchemy import update

from services.core.modules.acquisition import positions
from services.core.modules.acquisition.data_collections import data_collections, get_copied_columns
from services.core.schemas.acquisition.data_collection_groups import (
    DataCollectionGroupSchema,
    GroupDocumentSchema,
)
from shared import read, row_checks
from shared.access import everything
from shared.db import db, save
from shared.identity import Identity
from shared.models import DataCollection, DataCollectionGroup, GridInfo
from shared.table_service import TableService

COPIED = {"sessionId", "blSampleId", "experimentType"}


class DataCollectionGroups(TableService):
    """The groups of data collections."""

    def create(self, identity: Identity, data: dict) -> dict:
        """Create a group with the data collections, positions and grids in its document.

        The answer is the same document. A fault in one of its rows rolls back all.
        """
        data = dict(data)
        documents = data.pop("collections", ())
        group = self.insert(identity, data)
        for document in map(dict, documents):
            position, grids = document.pop("position", None), document.pop("grids", ())
            collection = data_collections.insert_below(identity, group, document)
            if position is not None:
                positions.put(collection, position)
            for grid in grids:
                save(GridInfo(), {**grid, "dataCollectionId": collection.dataCollectionId})
        key = group.dataCollectionGroupId
        return read.one(GroupDocumentSchema, everything(identity), dataCollectionGroupId=key)

    def lock_in_session(
        self, identity: Identity, key: int, session_id: int
    ) -> DataCollectionGroup:
        """A visible group of this session, its row locked; NotFound if there is none."""
        filters = {"dataCollectionGroupId": key, "sessionId": session_id}
        return row_checks.lock_visible(identity, DataCollectionGroup, **filters)

    def edit(
        self, identity: Identity, row: DataCollectionGroup, data: dict
    ) -> DataCollectionGroup:
        """Change a locked group, and the columns that its data collections repeat of it."""
        group = super().edit(identity, row, data)
        if COPIED & data.keys():
            below = DataCollection.dataCollectionGroupId == group.dataCollectionGroupId
            db.session.execute(
                update(DataCollection).where(below).values(get_copied_columns(group)),
                execution_options={"synchronize_session": False},
            )
        return group


data_collection_groups = DataCollectionGroups(
    DataCollectionGroupSchema, document=GroupDocumentSchema, span=("startTime", "endTime")
)
