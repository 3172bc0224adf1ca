"""Routes of the expeye dialect."""

from tests.core.matrix.acquisition import COLLECTIONS
from tests.matrix import Route, holders, inside, managers, signed_in

ROUTES = [
    Route("get /ispyb/expeye/proposals/{ref}/data", inside(), path={"ref": "mx1"}),
    Route("get /ispyb/expeye/proposals/{ref}/sessions/{visit}", inside(), path={"ref": "mx1"}),
    Route("get /ispyb/expeye/proteins/{protein_id}", inside()),
    Route("get /ispyb/expeye/sessions", signed_in()),
    Route(
        "post /ispyb/expeye/proposals/{ref}/sessions/{visit}/robot-actions",
        holders(201),
        path={"ref": "mx1"},
    ),
    Route(
        "post /ispyb/expeye/proposals/{ref}/sessions/{visit}/data-groups",
        holders(201),
        path={"ref": "mx1"},
    ),
    Route("patch /ispyb/expeye/robot-actions/{action_id}", holders(), path={"action_id": 7}),
    Route("patch /ispyb/expeye/samples/{sample_id}", inside(reader=403)),
    Route(
        "post /ispyb/expeye/proposals/{ref}/shipments",
        inside(201, reader=403),
        body={"shippingName": "new"},
        path={"ref": "mx1"},
    ),
    Route("get /ispyb/expeye/shipments/{shipment_id}", inside()),
    Route("patch /ispyb/expeye/shipments/{shipment_id}", inside(reader=403)),
    Route("get /ispyb/expeye/shipments/{shipment_id}/samples", inside()),
    Route("post /ispyb/expeye/shipments/{shipment_id}/dewars", inside(201, reader=403)),
    Route("patch /ispyb/expeye/dewars/{dewar_id}", inside(reader=403)),
    Route("post /ispyb/expeye/dewars/{dewar_id}/containers", inside(201, reader=403)),
    Route("patch /ispyb/expeye/containers/{container_id}", inside(reader=403)),
    Route("post /ispyb/expeye/containers/{container_id}/containers", inside(201, reader=403)),
    Route("post /ispyb/expeye/containers/{container_id}/samples", inside(201, reader=403)),
    Route("post /ispyb/expeye/samples", managers(201)),
    Route("get /ispyb/expeye/dewars/{dewar_id}/history", inside()),
    Route("get /ispyb/expeye/dewar-registry", signed_in()),
    Route(
        "post /ispyb/expeye/proposals/{ref}/dewar-registry",
        holders(201),
        body={"facilityCode": "DLS-BI-1043"},
        path={"ref": "mx1"},
    ),
    Route(
        "get /ispyb/expeye/proposals/{ref}/dewar-registry/{code}", inside(), path={"ref": "mx1"}
    ),
    Route("patch /ispyb/expeye/data-groups/{group_id}", holders(), also=COLLECTIONS),
    Route(
        "post /ispyb/expeye/data-groups/{group_id}/data-collections",
        holders(201),
        also=COLLECTIONS,
    ),
    Route("patch /ispyb/expeye/data-collections/{collection_id}", holders(), also=COLLECTIONS),
    Route("post /ispyb/expeye/data-collections/{collection_id}/position", holders(201)),
    Route("post /ispyb/expeye/data-collections/{collection_id}/grids", holders(201)),
]
