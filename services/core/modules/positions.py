"""Where the samples of data collections were. No key of the database holds a position."""

from datetime import datetime

from services.core.modules import data_collections
from services.core.schemas.positions import PositionSchema
from shared import read, rows
from shared.access import EVERYTHING
from shared.db import db, save
from shared.errors import NotFound
from shared.identity import Identity
from shared.models import DataCollection, Position


def get(identity: Identity, collection_id: int, fields=()) -> dict:
    """Return the position of a visible data collection, which may have none."""
    found = data_collections.get(identity, collection_id, ("positionId",))["positionId"]
    if found is None:
        raise NotFound("Position not found")
    return read.one(PositionSchema, EVERYTHING, fields, positionId=found)


def replace(identity: Identity, collection_id: int, data: dict) -> dict:
    """Set the position of a visible data collection, in the row that it has or a new one."""
    collection = rows.locked(DataCollection, collection_id)
    data_collections.check(identity, collection_id)
    put(collection, data)
    return get(identity, collection_id)


def put(collection: DataCollection, data: dict) -> None:
    """Do so, for a row that is locked or new."""
    known = collection.positionId and db.session.get(Position, collection.positionId)
    now = {} if known else {"recordTimeStamp": datetime.now().replace(microsecond=0)}
    position = save(known or Position(), {**rows.replaced(PositionSchema, data), **now})
    save(collection, {"positionId": position.positionId})
