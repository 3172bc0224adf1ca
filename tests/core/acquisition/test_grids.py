"""Grids of scans: of a data collection, and older ones of its group."""

import pytest

from shared.models import DataCollection, DataCollectionGroup, GridInfo

URL = "/ispyb/api/v1/data_collections"
WRITER = ("gda", None, "mx_write", "all_sessions")
GRID = {
    "dx_mm": 0.02,
    "dy_mm": 0.01,
    "steps_x": 20,
    "steps_y": 12,
    "orientation": "vertical",
    "snaked": True,
    "snapshot_offsetXPixel": 310,
    "micronsPerPixelX": 1.25,
}


@pytest.fixture
def collections(facility, add):
    """Data collections 1 and 2 of group 1 in session 11; grid 1 is of the group, grid 2 of 2."""
    add(DataCollectionGroup(dataCollectionGroupId=1, sessionId=11))
    for key in (1, 2):
        add(DataCollection(dataCollectionId=key, dataCollectionGroupId=1))
    add(
        GridInfo(gridInfoId=1, dataCollectionGroupId=1),
        GridInfo(gridInfoId=2, dataCollectionGroupId=1, dataCollectionId=2),
    )


def ids(response):
    assert response.status_code == 200, response.json
    return [row["gridInfoId"] for row in response.json["results"]]


def test_a_grid_is_added(as_, collections):
    response = as_(*WRITER).post(f"{URL}/1/grids", json=GRID)
    assert response.status_code == 201, response.json
    shown = response.json
    assert {key: shown[key] for key in GRID} == GRID
    assert (shown["dataCollectionId"], shown["dataCollectionGroupId"]) == (1, None)
    assert (shown["patchesX"], shown["recordTimeStamp"] is None) == (1, False)
    assert ids(as_("alice", 1).get(f"{URL}/1/grids")) == [1, shown["gridInfoId"]]
    assert as_("alice", 1).get(f"{URL}/1").json["_metadata"]["grids"] == 1


def test_older_grids_are_of_the_group(as_, collections):
    alice = as_("alice", 1)
    assert ids(alice.get(f"{URL}/1/grids")) == [1]
    assert ids(alice.get(f"{URL}/2/grids")) == [1, 2]
    assert ids(alice.get(f"{URL}/2/grids?dataCollectionId=1")) == []


def test_hidden_and_absent_are_the_same(as_, collections, same, count):
    dave = as_("dave", 4, "mx_write")
    for verb, body in (("get", {}), ("post", {"json": GRID})):
        hidden, absent = (getattr(dave, verb)(f"{URL}/{n}/grids", **body) for n in (1, 9))
        assert hidden.status_code == 404
        same(hidden, absent)
    assert as_("alice", 1).post(f"{URL}/1/grids", json=GRID).status_code == 403
    assert count(GridInfo) == 2


@pytest.mark.parametrize(
    "field, value",
    [
        ("orientation", "up"),
        ("steps_x", "many"),
        ("workflowMeshId", 1),
    ],
)
def test_a_bad_field_is_named(as_, collections, field, value):
    answer = as_(*WRITER).post(f"{URL}/1/grids", json=GRID | {field: value})
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
