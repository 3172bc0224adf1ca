"""Maps of fluorescence: visible with the data collection of the grid, or with its group."""

import gzip
from base64 import b64decode, b64encode

import pytest

from services.core.models import XRFFluorescenceMapping, XRFFluorescenceMappingROI
from shared.models import DataCollection, DataCollectionGroup, GridInfo

URL = "/ispyb/api/v1/xrf_maps"
WRITER = ("gda", None, "mx_write", "all_proposals")
BYTES = gzip.compress(b"[1, 2, 3]" * 100)
REGION = {"startEnergy": 6200, "endEnergy": 6500.5, "element": "Fe", "edge": "Ka1", "r": 120}
NEW = {
    "gridInfoId": 1,
    "dataFormat": "json+gzip",
    "data": b64encode(BYTES).decode(),
    "points": 300,
    "min": 1,
    "max": 3,
    "XRFFluorescenceMappingROI": REGION,
}


@pytest.fixture
def maps(stock, add):
    """Maps 1 to 3 on grids 1 to 3: in session 11, 21 and 22, the last by its group only."""
    for key, session in ((1, 11), (2, 21), (3, 22)):
        parent = {"dataCollectionGroupId" if key == 3 else "dataCollectionId": key}
        add(
            DataCollectionGroup(dataCollectionGroupId=key, sessionId=session),
            DataCollection(dataCollectionId=key, dataCollectionGroupId=key),
            GridInfo(gridInfoId=key, **parent),
            XRFFluorescenceMappingROI(xrfFluorescenceMappingROIId=key, startEnergy=1, endEnergy=2),
            XRFFluorescenceMapping(
                xrfFluorescenceMappingId=key,
                gridInfoId=key,
                xrfFluorescenceMappingROIId=key,
                dataFormat="json",
                data=b"[]",
            ),
        )


def test_a_map_of_a_hidden_collection_is_hidden_though_its_group_is_visible(as_, maps, add):
    """Grid 9 names collection 2, which bob sees, and group 1, which alice sees."""
    key = {"xrfFluorescenceMappingId": 9, "xrfFluorescenceMappingROIId": 1}
    add(
        GridInfo(gridInfoId=9, dataCollectionId=2, dataCollectionGroupId=1),
        XRFFluorescenceMapping(**key, gridInfoId=9, dataFormat="json", data=b"[]"),
    )
    assert ids(as_("alice", 1).get(URL)) == [1]
    assert as_("alice", 1).get(f"{URL}/9").status_code == 404
    body = {**NEW, "gridInfoId": 9}
    assert as_("alice", 1, "mx_write").post(URL, json=body).status_code == 424


def ids(response):
    assert response.status_code == 200, response.json
    return [row["xrfFluorescenceMappingId"] for row in response.json["results"]]


@pytest.mark.parametrize(
    "caller, query, expected",
    [
        (("alice", 1), "", [1]),
        (("carol", 3), "", [3, 2]),
        (("carol", 3), "?sessionId=22", [3]),
        (("carol", 3), "?sessionId=21", [2]),
        (("carol", 3), "?dataCollectionId=2", [2]),
        (("carol", 3), "?gridInfoId=3", [3]),
        (("dave", 4), "", [3]),
        (("erin", 5), "", []),
        (("erin", 5, "mx_admin"), "", [3, 1]),
    ],
)
def test_who_sees_which_map(as_, maps, caller, query, expected):
    client = as_(*caller)
    assert ids(client.get(URL + query)) == expected
    if not query:
        for key in (1, 2, 3):
            status = 200 if key in expected else 404
            for what in ("", "/data"):
                assert client.get(f"{URL}/{key}{what}").status_code == status


def test_a_map_comes_with_its_region_and_gives_its_bytes(as_, maps):
    made = as_(*WRITER).post(URL, json=NEW)
    assert made.status_code == 201, made.json
    current = made.json
    assert "data" not in current
    assert current["XRFFluorescenceMappingROI"] | REGION == current["XRFFluorescenceMappingROI"]
    assert (current["points"], current["opacity"], current["max"]) == (300, 1, 3)
    key = current["xrfFluorescenceMappingId"]
    answer = as_("alice", 1).get(f"{URL}/{key}/data").json
    assert b64decode(answer.pop("data")) == BYTES
    assert answer == {"xrfFluorescenceMappingId": key, "dataFormat": "json+gzip"}
    assert as_("alice", 1).get(f"{URL}/{key}").json == current


@pytest.mark.parametrize(
    "change, field",
    [
        ({"gridInfoId": 2}, "gridInfoId"),
        ({"XRFFluorescenceMappingROI": {**REGION, "blSampleId": 3}}, "blSampleId"),
    ],
)
def test_no_map_goes_to_a_hidden_parent(as_, maps, count, change, field):
    alice = as_("alice", 1, "mx_write")
    answer = alice.post(URL, json=NEW | change)
    assert (answer.status_code, list(answer.json["errors"])) == (424, [field])
    assert as_("alice", 1).post(URL, json=NEW).status_code == 403
    assert count(XRFFluorescenceMappingROI) == 3


@pytest.mark.parametrize(
    "change, field",
    [
        ({"data": "?"}, "data"),
        ({"data": ""}, "data"),
        ({"data": None}, "data"),
        ({"dataFormat": "x" * 16}, "dataFormat"),
        ({"XRFFluorescenceMappingROI": {"startEnergy": 1}}, "XRFFluorescenceMappingROI"),
        ({"XRFFluorescenceMappingROI": {**REGION, "r": 256}}, "XRFFluorescenceMappingROI"),
        ({"points": -1}, "points"),
        ({"opacity": None}, "opacity"),
    ],
)
def test_a_bad_field_is_named(as_, maps, count, change, field):
    answer = as_(*WRITER).post(URL, json=NEW | change)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
    assert count(XRFFluorescenceMapping) == 3
