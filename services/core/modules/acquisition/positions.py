"""The positions of the samples of data collections: no foreign key refers to a position."""

from datetime import datetime

from sqlalchemy import select

from services.core.modules.acquisition.data_collections import data_collections
from services.core.schemas.acquisition.positions import PositionSchema
from shared import batches, read, row_checks
from shared.access import everything
from shared.db import db, save
from shared.errors import NotFound
from shared.identity import Identity
from shared.models import DataCollection, Position


def get(identity: Identity, collection_id: int, fields=()) -> dict:
    """The position of a visible data collection; NotFound if it has none."""
    key = data_collections.get(identity, collection_id, ("positionId",))["positionId"]
    if key is None:
        raise NotFound("Position not found")
    return read.one(PositionSchema, everything(identity), fields, positionId=key)


def replace(identity: Identity, collection_id: int, data: dict) -> dict:
    """Set the position of a visible data collection; return it."""
    put(data_collections.lock(identity, collection_id), data)
    return get(identity, collection_id)


def insert_all(documents: list[dict]) -> None:
    """Create the ``position`` of each document of a new data collection; put its key there."""
    now = datetime.now().replace(microsecond=0)
    placed = [document for document in documents if document.get("position") is not None]
    rows = [row_checks.replaced(PositionSchema, document["position"]) for document in placed]
    keys = batches.insert_with_keys(Position, [{**row, "recordTimeStamp": now} for row in rows])
    for document in documents:
        document.pop("position", None)
    for document, key in zip(placed, keys):
        document["positionId"] = key


def put(collection: DataCollection, data: dict) -> None:
    """Set the position of a data collection whose row is locked or new.

    The position keeps its row and key, unless another data collection uses that row too.
    """
    stored = collection.positionId and db.session.get(Position, collection.positionId)
    data = row_checks.replaced(PositionSchema, data)
    if stored and all(getattr(stored, name) == value for name, value in data.items()):
        return
    if stored and not _is_shared(collection):
        save(stored, data)
        return
    now = {"recordTimeStamp": datetime.now().replace(microsecond=0)}
    save(collection, {"positionId": save(Position(), {**data, **now}).positionId})


def _is_shared(collection: DataCollection) -> bool:
    """Whether another data collection has this position; without an index, it scans the table."""
    key, position = DataCollection.dataCollectionId, DataCollection.positionId
    others = select(key).where(position == collection.positionId)
    others = others.where(key != collection.dataCollectionId).limit(1)
    return db.session.execute(others).first() is not None
