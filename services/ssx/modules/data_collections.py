"""Serial data collections."""

from services.ssx.models import SSXDataCollection
from services.ssx.schemas.data_collections import SSXDataCollectionSchema
from shared import access, read
from shared.identity import Identity


def visible(identity: Identity) -> access.Rule:
    """The serial data collections of the sessions the caller sees."""
    return access.collections(identity, SSXDataCollection.dataCollectionId)


def find(identity: Identity, query: dict) -> dict:
    """List visible serial data collections, latest first."""
    return read.page(SSXDataCollectionSchema, visible(identity), query)


def get(identity: Identity, collection_id: int, fields=()) -> dict:
    """Return one visible serial data collection."""
    key = {"dataCollectionId": collection_id}
    return read.one(SSXDataCollectionSchema, visible(identity), fields, **key)
