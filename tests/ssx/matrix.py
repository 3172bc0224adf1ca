"""The routes of ssx: what each role is answered."""

from tests.matrix import Route, everybody, inside, signed_in

FREE = {"eventTypeId"}  # keys of rows that belong to nobody
ROUTES = [
    Route("get /ssx/data_collections", signed_in(), list_key="dataCollectionId"),
    Route("get /ssx/data_collections/{collection_id}", inside()),
    Route("get /ssx/health", everybody()),
]
