"""The words that proteins and pictures use: kinds, units and scores."""

from shared.models import BLSampleImageScore, ComponentType, ConcentrationType
from tests.core.conftest import ALICE
from tests.matrix import Route, signed_in

ROOT = "/ispyb/api/v1/samples"
ROUTES = [
    Route(f"get /samples/{path}", signed_in())
    for path in (
        *("component_types", "component_types/{component_type_id}"),
        *("concentration_types", "concentration_types/{concentration_type_id}"),
        *("images/scores", "images/scores/{image_score_id}"),
    )
]
SHARED = {"ComponentType", "ConcentrationType"}
FREE = {"blSampleImageScoreId", "componentTypeId", "concentrationTypeId"}


def rows(key):
    yield ComponentType(componentTypeId=key, name=f"kind {key}")
    yield ConcentrationType(concentrationTypeId=key, name=f"unit {key}", symbol=f"u{key}")
    yield BLSampleImageScore(blSampleImageScoreId=key, name=f"score {key}", score=key)


def test_a_protein_shows_its_kind_and_the_unit_of_its_concentration(as_, stock, add):
    add(*rows(4))
    alice = as_("alice", ALICE)
    for path, name in (
        ("component_types", "kind 4"),
        ("concentration_types", "unit 4"),
        ("images/scores", "score 4"),
    ):
        (word,) = alice.get(f"{ROOT}/{path}").json["results"]
        assert word == alice.get(f"{ROOT}/{path}/4").json and word["name"] == name
    links = {"componentTypeId": 4, "concentrationTypeId": 4}
    protein = alice.patch(f"{ROOT}/proteins/1", json=links).json
    assert (protein["ComponentType"]["name"], protein["ConcentrationType"]["symbol"]) == (
        "kind 4",
        "u4",
    )
    unknown = alice.patch(f"{ROOT}/proteins/1", json={"componentTypeId": 5})
    assert (unknown.status_code, [*unknown.json["errors"]]) == (424, ["componentTypeId"])
