"""Routes of the timeline, statistics, JSON schemas and health."""

from tests.matrix import Route, everybody, inside, signed_in

ROUTES = [
    Route(
        "get /beamline/statistics",
        signed_in(),
        query={
            "beamLineName": "i03",
            "start": "2024-05-01",
            "end": "2024-05-02",
        },
    ),
    Route("get /beamline/statistics/histogram", signed_in(), query={"parameter": "energy"}),
    Route("get /events", signed_in(), list_key="id", filters={"eventType": ["es"]}),
    Route("get /events/types", signed_in()),
    Route("get /containers/{container_id}/results", inside()),
    Route("get /health", everybody()),
    Route("get /samples/{sample_id}/lineage", inside()),
    Route("get /schemas/available_names", signed_in()),
    Route("get /schemas/{name}", signed_in(), path={"name": "Proposal"}),
    Route("get /sessions/{session_id}/statistics", inside()),
    Route("get /shipments/{shipment_id}/results", inside()),
]
