"""The routes of ssx: what each role is answered."""

from tests.matrix import Route, everybody, holders, inside, signed_in

RUNS, CHIP = {"dataCollectionId__in": "1,2"}, {"columns": 4, "rows": 3}
FREE = {"eventTypeId"}  # keys of rows that belong to nobody
ROUTES = [
    Route("get /ssx/data_collections", signed_in(), list_key="dataCollectionId"),
    Route("get /ssx/data_collections/{collection_id}", inside()),
    Route("get /ssx/health", everybody()),
    Route("get /ssx/runs/{run_id}/images", inside()),
    Route("put /ssx/runs/{run_id}/images", holders(), body={"imageNumber": [1]}, sent_as_is=True),
    Route("get /ssx/runs/{run_id}/statistics", inside()),
    Route("get /ssx/statistics", signed_in(), query=RUNS),
    Route("get /ssx/runs/{run_id}/cells/histogram", inside()),
    Route("get /ssx/cells/histogram", signed_in(), query=RUNS),
    Route("get /ssx/runs/{run_id}/hit_rate", inside()),
    Route("get /ssx/runs/{run_id}/hit_map", inside(), query=CHIP),
    Route("get /ssx/event_chains/{event_chain_id}/timeline", inside()),
    Route("get /ssx/runs/{run_id}/timeline", inside()),
]
