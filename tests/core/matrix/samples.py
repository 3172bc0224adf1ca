"""Routes of containers, samples, crystals, proteins and diffraction plans."""

from tests.matrix import Route, inside, signed_in

ROUTES = [
    Route("get /containers", signed_in(), list_key="containerId"),
    Route("get /containers/{container_id}", inside()),
    Route("get /samples", signed_in(), list_key="blSampleId", filters={"beamLineName": ["i03"]}),
    Route("get /samples/{sample_id}", inside()),
    Route("patch /samples/{sample_id}", inside(reader=403)),
    Route("get /samples/crystals", signed_in(), list_key="crystalId"),
    Route("get /samples/crystals/{crystal_id}", inside()),
    Route("get /samples/diffraction_plans", signed_in(), list_key="diffractionPlanId"),
    Route("get /samples/diffraction_plans/{plan_id}", inside()),
    Route("get /samples/proteins", signed_in(), list_key="proteinId"),
    Route("get /samples/proteins/{protein_id}", inside()),
]
