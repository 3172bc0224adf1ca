"""The files of data collections, as far as the database names them."""

from services.core.modules.acquisition.data_collections import data_collections
from services.core.schemas.acquisition.collection_attachments import CollectionAttachmentSchema
from shared.child_service import ChildService

collection_attachments = ChildService(
    data_collections, "dataCollectionId", CollectionAttachmentSchema
)
