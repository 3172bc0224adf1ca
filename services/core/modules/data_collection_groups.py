"""Groups of data collections: seen by those who see their session."""

from sqlalchemy import update

from services.core.modules import data_collections, grids, positions
from services.core.modules.records import Records
from services.core.schemas.data_collection_groups import (
    DataCollectionGroupSchema,
    GroupDocumentSchema,
)
from shared import access, read, rows
from shared.access import Rule, everything
from shared.db import db, save
from shared.identity import Identity
from shared.models import DataCollection, DataCollectionGroup

COPIED = {"sessionId", "blSampleId", "experimentType"}


def _visible(identity: Identity) -> Rule:
    return access.sessions(identity, DataCollectionGroup.sessionId)


_records = Records(DataCollectionGroupSchema, _visible)
find, get, check = _records.find, _records.get, _records.check


def add(identity: Identity, data: dict) -> dict:
    """Create a group in a visible session, with the data collections, positions and grids in it.

    The answer is the same document. What is wrong with one of them undoes all.
    """
    data = dict(data)
    documents = data.pop("collections", ())
    key = _records.add(identity, data)["dataCollectionGroupId"]
    group = db.session.get_one(DataCollectionGroup, key)
    for document in map(dict, documents):
        position, nets = document.pop("position", None), document.pop("grids", ())
        collection = data_collections.create(identity, group, document)
        if position is not None:
            positions.put(collection, position)
        for grid in nets:
            grids.put(collection, grid)
    return read.one(GroupDocumentSchema, everything(identity), dataCollectionGroupId=key)


def change(identity: Identity, key: int, data: dict) -> dict:
    """Change some columns of a visible group, and what its data collections repeat of them."""
    group = rows.lock_visible(identity, DataCollectionGroup, key)
    rows.check_parents(identity, DataCollectionGroup, data)
    rows.check_order(data, group, "startTime", "endTime")
    save(group, data)
    if COPIED & data.keys():
        inside = DataCollection.dataCollectionGroupId == key
        db.session.execute(
            update(DataCollection).where(inside).values(data_collections.copies(group)),
            execution_options={"synchronize_session": False},
        )
    return _records.shown(identity, key)
