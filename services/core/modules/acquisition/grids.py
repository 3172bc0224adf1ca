"""The grids of data collections."""

from services.core.modules.acquisition.data_collections import data_collections
from services.core.schemas.acquisition.grids import GridSchema
from shared.child_service import ChildService

grids = ChildService(data_collections, "dataCollectionId", GridSchema)
