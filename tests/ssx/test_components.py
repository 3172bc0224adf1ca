"""Components: substances of proposals, in samples and crystals."""

import pytest

from services.ssx.models import Component, CrystalComposition, SampleComposition
from tests.matrix import Route, signed_in, usual
from tests.ssx.conftest import API

URL = f"{API}/ssx/components"
IN_SAMPLES, IN_CRYSTALS = f"{API}/ssx/sample_compositions", f"{API}/ssx/crystal_compositions"
ROUTES = [
    *usual(
        *("/ssx/components", "componentId", "component"),
        {"proposalId": 1, "componentTypeId": 1, "name": "tris"},
        outside=404,
    ),
    *usual(
        *("/ssx/sample_compositions", "sampleCompositionId", "composition"),
        {"blSampleId": 1, "componentId": 1},
        deleted=200,
    ),
    *usual(
        *("/ssx/crystal_compositions", "crystalCompositionId", "composition"),
        {"crystalId": 1, "componentId": 1},
        deleted=200,
    ),
    Route("get /ssx/event_types", signed_in()),
    Route("get /ssx/event_types/{event_type_id}", signed_in()),
]


def rows(key):
    """Component ``key`` of proposal ``key``, in its sample and its crystal."""
    return [
        Component(componentId=key, componentTypeId=1, proposalId=key, name="buffer"),
        SampleComposition(sampleCompositionId=key, blSampleId=key, componentId=key),
        CrystalComposition(crystalCompositionId=key, crystalId=key, componentId=key),
    ]


@pytest.fixture
def shared(add, facility):
    """The component 9 of all proposals."""
    add(Component(componentId=9, componentTypeId=3, name="LCP", composition="monoolein"))


def make(client, **columns):
    body = {"proposalId": 1, "componentTypeId": 2, "name": "tris", **columns}
    answer = client.post(URL, json=body)
    assert answer.status_code == 201, answer.json
    return answer.json


def test_a_component_is_of_a_proposal_or_of_all(alice, bob, shared):
    mine = make(alice, composition="C4H11NO3")
    assert mine["ComponentType"] == {"componentTypeId": 2, "name": "Buffer"}
    assert [row["componentId"] for row in alice.get(URL).json["results"]] == [
        mine["componentId"],
        9,
    ]
    assert [row["componentId"] for row in bob.get(URL).json["results"]] == [9]
    assert bob.get(f"{URL}/{mine['componentId']}").status_code == 404
    assert bob.get(f"{URL}/9").json["composition"] == "monoolein"
    for answer in (alice.patch(f"{URL}/9", json={"name": "x"}), alice.delete(f"{URL}/9")):
        assert answer.status_code == 403
    none = alice.post(URL, json={"proposalId": None, "componentTypeId": 2, "name": "tris"})
    assert (none.status_code, [*none.json["errors"]]) == (422, ["proposalId"])
    unbound = alice.patch(f"{URL}/{mine['componentId']}", json={"proposalId": None})
    assert (unbound.status_code, [*unbound.json["errors"]]) == (422, ["proposalId"])


@pytest.mark.parametrize(
    "url, link",
    [(IN_SAMPLES, "blSampleId"), (IN_CRYSTALS, "crystalId")],
    ids=["sample", "crystal"],
)
def test_components_of_samples_and_crystals(as_, alice, bob, shared, url, link):
    mine, overseer = make(alice), as_("overseer", None, "all_proposals")
    body = {link: 1, "componentId": mine["componentId"], "abundance": 20.5, "pH": 8}
    added = alice.post(url, json=body)
    assert (added.status_code, added.json["Component"]["name"]) == (201, "tris")
    assert {**added.json, **body} == added.json
    assert alice.get(f"{url}?{link}=1").json["results"] == [added.json]
    assert bob.get(url).json["total"] == 0
    (key,) = (value for name, value in added.json.items() if name.endswith("CompositionId"))
    assert alice.patch(f"{url}/{key}", json={"componentId": 9}).json["Component"]["name"] == "LCP"
    assert bob.post(url, json={**body, link: 2}).status_code == 424  # a hidden component
    other = overseer.post(url, json={**body, link: 2})
    assert (other.status_code, [*other.json["errors"]]) == (422, ["componentId"])
    used = alice.delete(f"{URL}/{mine['componentId']}")
    assert used.status_code == 200, "nothing contains it any more"
    assert alice.delete(f"{url}/{key}").json["componentId"] == 9


def test_a_component_in_use_stays(alice, shared):
    mine = make(alice)
    alice.post(IN_SAMPLES, json={"blSampleId": 1, "componentId": mine["componentId"]})
    kept = alice.delete(f"{URL}/{mine['componentId']}")
    assert (kept.status_code, "still has" in kept.json["detail"]) == (409, True)
