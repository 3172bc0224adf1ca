"""The files of data collections, as far as the database knows them."""

from services.core.modules.acquisition.data_collections import data_collections
from services.core.schemas.acquisition.collection_attachments import CollectionAttachmentSchema
from shared import read
from shared.access import everything
from shared.db import save
from shared.identity import Identity
from shared.models import DataCollectionFileAttachment


def find(identity: Identity, collection_id: int, query: dict) -> dict:
    """List the files of a visible data collection."""
    data_collections.check_visible(identity, collection_id)
    query = {**query, "collection": collection_id}
    return read.page(CollectionAttachmentSchema, everything(identity), query)


def add(identity: Identity, collection_id: int, data: dict) -> dict:
    """Note a file of a visible data collection."""
    data_collections.check_visible(identity, collection_id)
    row = save(DataCollectionFileAttachment(), {**data, "dataCollectionId": collection_id})
    key = row.dataCollectionFileAttachmentId
    return read.one(
        CollectionAttachmentSchema, everything(identity), dataCollectionFileAttachmentId=key
    )
