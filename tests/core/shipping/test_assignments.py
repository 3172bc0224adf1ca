"""Containers in sample changers: by bar code, one in each place, and edits by two people."""

import pytest

from shared.models import Container
from tests.core.conftest import ALICE, BOB
from tests.matrix import Route, inside

ROOT = "/ispyb/api/v1"
ASSIGN, UNASSIGN = f"{ROOT}/containers/assign", f"{ROOT}/containers/unassign"
PLACE = {"beamlineLocation": "i03", "sampleChangerLocation": "5"}
NOT_ELSEWHERE = {"program elsewhere": 403}  # a token for another beamline
ROUTES = [
    Route(
        "post /containers/assign",
        inside(reader=403) | NOT_ELSEWHERE,
        body={"containerId": 1, **PLACE},
        sent_as_is=True,
        schema="Assignment",
    ),
    Route(
        "post /containers/unassign",
        inside(reader=403),
        body={"containerId": 5},
        sent_as_is=True,
        schema="Unassignment",
    ),
]


def rows(key):
    """Container ``key`` + 4 of dewar ``key``, which is at the beamline of session ``key``."""
    at = {"beamlineLocation": {1: "i03", 2: "m02"}[key], "sampleChangerLocation": "1"}
    return [Container(containerId=key + 4, dewarId=key, **at)]


@pytest.fixture
def i03(as_, stock, add):
    """The software of beamline i03; pucks 7 to 10 of alice are at the facility."""
    arrived = {"dewarId": 1, "containerStatus": "at facility"}
    add(*(Container(containerId=key, code=f"DLS-{key}", **arrived) for key in (7, 8, 9)))
    add(Container(containerId=10, dewarId=1, code="DLS-7", containerStatus="returned"))
    add(Container(containerId=11, dewarId=1, code="dls-8", containerStatus="at facility"))
    return as_("gda", None, "mx_write", service=True, beamlines=["i03"])


def test_a_puck_is_put_into_a_place_and_the_one_in_it_leaves(as_, i03):
    def put(code, place="5", status=200, client=i03):
        body = {"barcode": code, "beamlineLocation": "i03", "sampleChangerLocation": place}
        answer = client.post(ASSIGN, json=body)
        assert answer.status_code == status, answer.text
        return answer.json

    def look(key):
        row = i03.get(f"{ROOT}/containers/{key}").json
        names = ("containerStatus", "beamlineLocation", "sampleChangerLocation")
        return tuple(row[name] for name in names)

    in_place, left = ("processing", "i03", "5"), ("at facility", None, None)
    assert (put("dls-7")["containerId"], look(7)) == (7, in_place)
    assert put("DLS-8", status=409)["errors"] == {"barcode": ["Must name one container."]}
    assert put("DLS-9")["containerId"] == 9
    assert (look(7), look(9)) == (left, in_place)
    put("DLS-7", "10"), put("puck 1", "2")
    places = i03.get(
        f"{ROOT}/containers?beamlineLocation=i03&sort=sampleChangerLocation"
        "&fields=sampleChangerLocation"
    ).json
    results = [row["sampleChangerLocation"] for row in places["results"]]
    assert (results, "next" in places) == (["2", "5", "10"], False)
    history = i03.get(f"{ROOT}/containers/7/history").json["results"]
    way = [(row["status"], row["beamlineName"], row["location"]) for row in history]
    assert way == [("processing", "i03", "10"), left, in_place]
    put("absent", status=404)
    # Bob sees neither the puck of alice nor the place of it.
    bob = as_("bob", BOB)
    put("DLS-9", status=404, client=bob)
    put("puck 2", status=409, client=bob)
    assert look(9) == in_place
    assert (
        i03.post(ASSIGN, json={"containerId": 7, **PLACE, "beamlineLocation": "i04"}).status_code
        == 403
    )
    assert i03.post(UNASSIGN, json={"barcode": "DLS-9"}).status_code == 200
    assert look(9) == left
    assert i03.post(UNASSIGN, json={"containerId": 9}).status_code == 409
    for body in ({}, {"barcode": "DLS-9", "containerId": 9}):
        assert [*i03.post(UNASSIGN, json=body).json["errors"]] == ["barcode"]


def test_the_second_of_two_edits_is_refused(as_, stock):
    """The one who read the row before the other wrote it reads it again."""
    alice, dave = as_("alice", ALICE), as_("sue", None, "all_proposals")
    for path in ("containers/1", "shipments/1"):
        url = f"{ROOT}/{path}"
        read = [client.get(url).headers["ETag"] for client in (alice, dave)]
        writes = [
            client.patch(url, json={"comments": name}, headers={"If-Match": tag})
            for client, name, tag in zip((alice, dave), ("mine", "his"), read)
        ]
        assert [answer.status_code for answer in writes] == [200, 412]
        late = dave.delete(url, headers={"If-Match": read[1]})
        assert (late.status_code, alice.get(url).json["comments"]) == (412, "mine")
