"""Serial data collections, visible to those who see their data collection."""

from services.ssx.schemas.data_collections import SSXDataCollectionSchema
from shared.table_service import TableService

data_collections = TableService(SSXDataCollectionSchema)
