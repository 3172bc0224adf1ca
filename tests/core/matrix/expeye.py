"""Routes of the expeye dialect."""

from tests.core.matrix.acquisition import COLLECTIONS
from tests.matrix import Route, holders, inside, signed_in

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
    Route("patch /ispyb/expeye/samples/{sample_id}", holders()),
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
