"""Routes of groups, data collections, and what hangs on a data collection."""

from tests.matrix import PROGRAMS, Route, holders, inside, signed_in

# A group's columns are copied to its data collections: 800 is beside 1 in group 1.
COLLECTIONS = frozenset({("DataCollection", 800)})
ROUTES = [
    Route("get /data_collections", signed_in(), list_key="dataCollectionId"),
    Route(
        "post /data_collections",
        holders(201, elsewhere=424),  # it sees no such group
        body={"dataCollectionGroupId": 1},
        schema="DataCollection",
    ),
    Route("get /data_collections/groups", signed_in(), list_key="dataCollectionGroupId"),
    Route(
        "post /data_collections/groups",
        holders(201),
        body={"sessionId": 1, "DataCollection": [{"Position": {}}]},
        schema="GroupDocument",
    ),
    Route("get /data_collections/groups/{data_collection_group_id}", inside()),
    Route(
        "patch /data_collections/groups/{data_collection_group_id}", holders(), also=COLLECTIONS
    ),
    Route("get /data_collections/{data_collection_id}", inside()),
    Route("patch /data_collections/{data_collection_id}", holders()),
    Route("get /data_collections/{data_collection_id}/attachments", inside()),
    Route(
        "post /data_collections/{data_collection_id}/attachments",
        holders(201),
        body={"fileFullPath": "/data/a.log"},
        schema="CollectionAttachment",
    ),
    Route("get /data_collections/{data_collection_id}/comments", inside()),
    Route(
        "post /data_collections/{data_collection_id}/comments",
        inside(201, reader=403) | dict.fromkeys(PROGRAMS, 403),
        body={"comments": "a nice one"},
        schema="Comment",
    ),
    Route(
        "delete /data_collections/{data_collection_id}/comments/{comment_id}",
        signed_in(404) | {"on session": 200},  # who made it
    ),
    Route("get /data_collections/{data_collection_id}/grids", inside()),
    Route("post /data_collections/{data_collection_id}/grids", holders(201), schema="Grid"),
    Route(
        "get /data_collections/attachments/{attachment_id}/file",
        inside(),
        path={"attachment_id": 7},
    ),
    Route(
        "get /data_collections/groups/{data_collection_group_id}/snapshot",
        inside(),
        path={"data_collection_group_id": 7},
    ),
    Route(
        "get /data_collections/{data_collection_id}/attachments/download",
        inside(),
        path={"data_collection_id": 7},
    ),
    Route(
        "get /data_collections/{data_collection_id}/images/{image_number}/{kind}",
        inside(),
        path={
            "data_collection_id": 7,
            "image_number": 1,
            "kind": "jpeg",
        },
    ),
    Route(
        "get /data_collections/{data_collection_id}/snapshots/{number}",
        inside(),
        path={"data_collection_id": 7},
    ),
    Route("get /data_collections/{data_collection_id}/images", inside()),
    Route(
        "post /data_collections/{data_collection_id}/images",
        holders(201),
        body={"imageNumber": 1},
        schema="Image",
    ),
    Route("get /data_collections/{data_collection_id}/position", inside()),
    Route("put /data_collections/{data_collection_id}/position", holders()),
]
