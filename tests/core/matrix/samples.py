"""Routes of samples, crystals, proteins and diffraction plans."""

from tests.matrix import usual

ROUTES = [
    *usual(
        *(
            "/samples",
            "blSampleId",
            "sample",
            {"crystalId": 1},
            "NewSample",
        ),
        filters={"beamLineName": ["i03"]},
    ),
    *usual("/samples/crystals", "crystalId", "crystal", {"proteinId": 1}, "Crystal"),
    *usual(
        *("/samples/diffraction_plans", "diffractionPlanId", "plan"),
        *({"presetForProposalId": 1}, "DiffractionPlan", 404),
    ),
    *usual(
        *("/samples/proteins", "proteinId", "protein"),
        *({"proposalId": 1, "acronym": "new"}, "Protein", 404),
    ),
]
