"""The grids of data collections."""

from services.core.modules.acquisition.data_collections import data_collections
from services.core.schemas.acquisition.grids import GridSchema
from shared import read, row_checks
from shared.access import everything
from shared.db import save
from shared.identity import Identity
from shared.models import DataCollection, GridInfo


def find(identity: Identity, collection_id: int, query: dict) -> dict:
    """List the grids of a visible data collection, or those of its group that name none."""
    data_collections.check_visible(identity, collection_id)
    return read.page(GridSchema, everything(identity), {**query, "collection": collection_id})


def add(identity: Identity, collection_id: int, data: dict) -> dict:
    """Create a grid of a visible data collection."""
    grid = put(row_checks.lock_visible(identity, DataCollection, collection_id), data)
    return read.one(GridSchema, everything(identity), gridInfoId=grid.gridInfoId)


def put(collection: DataCollection, data: dict) -> GridInfo:
    """Do so, for a row that is locked or new."""
    return save(GridInfo(), {**data, "dataCollectionId": collection.dataCollectionId})
