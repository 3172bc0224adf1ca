"""Routes of samples, crystals, proteins and diffraction plans."""

from tests.matrix import Route, inside, signed_in


def beside(*tables):
    """The copies of rows of these tables that a write may change."""
    return frozenset((table, key) for table in tables for key in (800, 801, 802))


def usual(path, key, noun, body, schema, outside=424, deleted=409, also=frozenset(), **more):
    """The routes of a resource that everybody writes who sees its rows."""
    one, written = f"{path}/{{{noun}_id}}", inside(reader=403)
    return [
        Route(f"get {path}", signed_in(), list_key=key, **more),
        Route(f"post {path}", inside(201, reader=403, outside=outside), body=body, schema=schema),
        Route(f"get {one}", inside()),
        Route(f"put {one}", written, body=body, also=also),
        Route(f"patch {one}", written, also=also),
        Route(f"delete {one}", inside(deleted, reader=403), also=also),
    ]


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
