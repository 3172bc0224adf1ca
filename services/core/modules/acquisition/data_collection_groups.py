"""Groups of data collections: seen by those who see their session."""

from sqlalchemy import update

from services.core.modules.acquisition import grids, positions
from services.core.modules.acquisition.data_collections import copies, data_collections
from services.core.schemas.acquisition.data_collection_groups import (
    DataCollectionGroupSchema,
    GroupDocumentSchema,
)
from shared import read
from shared.access import everything
from shared.db import db
from shared.identity import Identity
from shared.models import DataCollection, DataCollectionGroup
from shared.table_service import TableService

COPIED = {"sessionId", "blSampleId", "experimentType"}


class DataCollectionGroups(TableService):
    """The groups of data collections."""

    def create(self, identity: Identity, data: dict) -> dict:
        """Create a group with the data collections, positions and grids in its document.

        The answer is the same document. A fault in one of them undoes all.
        """
        data = dict(data)
        documents = data.pop("collections", ())
        group = self.insert(identity, data)
        for document in map(dict, documents):
            position, nets = document.pop("position", None), document.pop("grids", ())
            collection = data_collections.insert_below(identity, group, document)
            if position is not None:
                positions.put(collection, position)
            for grid in nets:
                grids.put(collection, grid)
        key = group.dataCollectionGroupId
        return read.one(GroupDocumentSchema, everything(identity), dataCollectionGroupId=key)

    def update(self, identity: Identity, key: int, data: dict) -> dict:
        """Change a visible group, and the columns that its data collections repeat of it."""
        answer = super().update(identity, key, data)
        if COPIED & data.keys():
            below = DataCollection.dataCollectionGroupId == key
            group = db.session.get_one(DataCollectionGroup, key)
            db.session.execute(
                update(DataCollection).where(below).values(copies(group)),
                execution_options={"synchronize_session": False},
            )
        return answer


data_collection_groups = DataCollectionGroups(
    DataCollectionGroupSchema, document=GroupDocumentSchema, span=("startTime", "endTime")
)
