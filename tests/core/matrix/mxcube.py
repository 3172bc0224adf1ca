"""Routes of the mxcube dialect."""

from tests.core.matrix.acquisition import COLLECTIONS
from tests.core.matrix.people import CALENDAR, SESSION
from tests.matrix import Route, inside, signed_in

DAY = {"startDate": "2024-06-01T09:00:00", "endDate": "2024-06-02T09:00:00"}
SWEPT = {"sessionId": 1, "oscillation_sequence": [{}]}
ROUTES = [
    Route(
        "get /ispyb/mxcube/proposals",
        signed_in(),
        list_key="proposalId",
        filters={"proposalId": [101], "search": ["mx101"]},
    ),
    Route("get /ispyb/mxcube/sessions", signed_in(), list_key="sessionId", filters=CALENDAR),
    Route("post /ispyb/mxcube/sessions", inside(201, reader=403), body={**SESSION, **DAY}),
    Route("get /ispyb/mxcube/sessions/{session_id}", inside()),
    Route(
        "patch /ispyb/mxcube/sessions/{session_id}/associate-beamline-setup",
        inside(reader=403),
        query={"beamLineSetupId": 1},
    ),
    Route(
        "post /ispyb/mxcube/datacollections/datacollection",
        inside(201, reader=403),
        body=SWEPT,
        unchecked=frozenset({"group_id"}),
        also=COLLECTIONS,
    ),
    Route(
        "post /ispyb/mxcube/datacollections/group",
        inside(reader=403),
        body=SWEPT,
        unchecked=frozenset({"group_id", "screening_sub_wedge_id"}),
        also=COLLECTIONS,
    ),
    Route("get /ispyb/mxcube/datacollections/{collection_id}", inside()),
    Route(
        "get /ispyb/mxcube/samples",
        signed_in(),
        list_key="blSampleId",
        filters={"beamLineName": ["i03"]},
    ),
    Route("patch /ispyb/mxcube/samples/{sample_id}", inside(reader=403)),
    Route(
        "post /ispyb/mxcube/beamline-setups/beamline-setup",
        signed_in(201) | {"reading program": 403},
    ),
    Route(
        "get /ispyb/mxcube/detectors",
        signed_in(),
        query={"manufacturer": "Dectris", "model": "EIGER"},
    ),
    Route(
        "post /ispyb/mxcube/images/image",
        inside(201, reader=403),
        body={"dataCollectionId": 1, "imageNumber": 1},
    ),
    Route(
        "post /ispyb/mxcube/events/robot-action", inside(201, reader=403), body={"sessionId": 1}
    ),
    Route("post /ispyb/mxcube/events/energyscan", inside(201, reader=403), body={"sessionId": 1}),
    Route(
        "patch /ispyb/mxcube/events/energyscan/associate-bl-sample",
        inside(reader=403),
        body={
            "energyScanId": 7,
            "blSampleId": 1,
        },
    ),
    Route(
        "post /ispyb/mxcube/events/xfe-fluorescence-spectrum",
        inside(201, reader=403),
        body={"sessionId": 1},
    ),
]
