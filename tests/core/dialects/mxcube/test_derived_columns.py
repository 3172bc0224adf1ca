"""Columns that MXCuBE gives by another key, or only later, and keys that have none."""

import pytest

from shared.models import (
    BeamLineSetup,
    BLSample,
    Crystal,
    DataCollection,
    DataCollectionGroup,
    Detector,
    GridInfo,
    Protein,
)
from tests.core.dialects.mxcube.test_collections import COLLECTIONS, GROUPS, sent


@pytest.fixture
def alice(as_, facility, add):
    """Alice, with a sample and in front of a detector."""
    add(
        Detector(detectorId=3),
        Protein(proteinId=1, proposalId=1),
        Crystal(crystalId=1, proteinId=1),
        BLSample(blSampleId=501, crystalId=1),
    )
    return as_("alice", 1)


def test_each_collection_of_a_group_keeps_its_comment(alice, rows):
    """The queue of the client makes one group for several; an empty comment clears none."""
    first = alice.post(COLLECTIONS, json=sent(comments="first")).json
    group = {"group_id": first["dataCollectionGroupId"]}
    other = sent(files={"run_number": 2}, comments="second", **group)
    second = alice.post(COLLECTIONS, json=other).json
    update = other | {"collection_id": second["dataCollectionId"], "comments": ""}
    assert alice.post(COLLECTIONS, json=update).status_code == 200
    assert [row.comments for row in rows(DataCollection)] == ["first", "second"]
    assert [row.comments for row in rows(DataCollectionGroup)] == ["second"]
    failed = {"status": "Failed", "comments": "Data collection failed!\nα > 1"}
    failed = sent(collection_id=first["dataCollectionId"], **failed)
    answer = alice.post(COLLECTIONS, json=failed)
    assert answer.status_code == 200 and "α" in answer.json["warnings"][-1]
    assert rows(DataCollection)[0].comments == "Data collection failed!\na > 1"


@pytest.mark.parametrize(
    ("values", "column", "expected"),
    [
        ({"energy": 12.7, "wavelength": None}, "wavelength", 12.39841984 / 12.7),
        ({"energy": "12.7", "wavelength": None}, "wavelength", 12.39841984 / 12.7),
        ({"energy": 12.7}, "wavelength", 0.9763),
        ({"energy": 0.0, "wavelength": None}, "wavelength", None),
        ({"detector_distance": 150.0, "detectorDistance": None}, "detectorDistance", 150.0),
        ({"detector_distance": 150.0}, "detectorDistance", 181.2),
        ({"detector_distance": 0.0, "detectorDistance": None}, "detectorDistance", None),
    ],
)
def test_a_requested_value_is_stored_until_one_is_measured(alice, rows, values, column, expected):
    answer = alice.post(COLLECTIONS, json=sent(**values))
    assert answer.status_code == 201 and "warnings" not in answer.json
    assert getattr(rows(DataCollection)[0], column) == (expected and pytest.approx(expected))


def test_an_energy_that_is_no_energy_is_named(alice, rows):
    for energy in (12700.0, -1, "high", [1]):
        data = sent(energy=energy, wavelength=None)
        assert alice.post(COLLECTIONS, json=data).json["warnings"] == [
            f"energy: {energy!r} is not known, not stored"
        ]
    assert {row.wavelength for row in rows(DataCollection)} == {None}


@pytest.mark.parametrize(
    ("files", "suffix"),
    [
        ({"template": "lys_1_%06d.h5"}, "h5"),
        ({"template": "lys_1_%04d.cbf.gz"}, "cbf"),
        ({"template": "lys_1_%04d"}, None),
        ({"template": None}, None),
        ({"template": "lys_1_%06d.h5", "suffix": "cbf"}, "cbf"),
    ],
)
def test_the_suffix_of_the_files_is_that_of_their_template(alice, rows, files, suffix):
    answer = alice.post(COLLECTIONS, json=sent(files={"suffix": None, **files}))
    assert answer.status_code == 201
    assert rows(DataCollection)[0].imageSuffix == suffix


def test_the_mode_of_the_detector_is_stored(alice, rows):
    assert alice.post(COLLECTIONS, json=sent(detector_roi_mode="4M")).status_code == 201
    assert alice.post(COLLECTIONS, json=sent(detector_roi_mode=0)).status_code == 201
    assert [row.detectorMode for row in rows(DataCollection)] == ["4M", "0"]


@pytest.mark.parametrize("known_by_name", [True, False])
def test_the_detector_is_that_of_the_setup_of_the_session(add, alice, rows, known_by_name):
    add(BeamLineSetup(beamLineSetupId=7, beamlineName="i03", detectorId=3))
    data = sent() | ({} if known_by_name else {"detectorId": None})
    assert alice.post(COLLECTIONS, json=data).json["detectorId"] == 3
    assert rows(DataCollection)[0].detectorId == 3


OPPOSED = "not stored as a grid: number_of_lines and number_of_images do not fit it"
HORIZONTAL, VERTICAL = {"orientation": "horizontal"}, {"orientation": "vertical"}


@pytest.mark.parametrize(
    ("sweep", "grid", "reason"),
    [
        (
            {"mesh_range": [0.3, 0.1], "number_of_lines": 3, "number_of_images": 12},
            HORIZONTAL | {"steps_x": 4, "steps_y": 3, "dx_mm": 0.1, "dy_mm": 0.05},
            None,
        ),
        (
            {"mesh_range": {"horizontal_range": 0.3, "vertical_range": 0.1}}
            | {"number_of_lines": "3", "number_of_images": "12"},
            HORIZONTAL | {"steps_x": 4, "steps_y": 3, "dx_mm": 0.1, "dy_mm": 0.05},
            None,
        ),
        (
            {"mesh_range": [0.3, 0.0], "number_of_lines": 1, "number_of_images": 4},
            HORIZONTAL | {"steps_x": 4, "steps_y": 1, "dx_mm": 0.1, "dy_mm": None},
            None,
        ),
        (
            {"mesh_range": [0.0, 0.3], "number_of_lines": 1, "number_of_images": 4},
            VERTICAL | {"steps_x": 1, "steps_y": 4, "dx_mm": None, "dy_mm": 0.1},
            None,
        ),
        (
            {"mesh_range": [180, 90], "number_of_lines": 3, "number_of_images": 12},
            HORIZONTAL | {"steps_x": 4, "steps_y": 3, "dx_mm": None, "dy_mm": None},
            "not stored as the size of the grid: more than 10 mm",
        ),
        ({"mesh_range": [0.3, 0.1], "number_of_lines": 1, "number_of_images": 4}, None, OPPOSED),
        ({"mesh_range": [0.3, 0.1], "number_of_lines": 5, "number_of_images": 12}, None, OPPOSED),
        ({"mesh_range": [0.3, 0.1], "number_of_lines": 0, "number_of_images": 12}, None, OPPOSED),
        ({"mesh_range": [0.3], "number_of_lines": 3}, None, "[0.3] is not known, not stored"),
        ({"mesh_range": "wide"}, None, "'wide' is not known, not stored"),
        ({"mesh_range": [], "number_of_lines": 1}, None, None),
        ({"mesh_range": None, "number_of_lines": None}, None, None),
    ],
)
def test_a_mesh_has_a_grid(alice, rows, sweep, grid, reason):
    """The range is from the first image to the last, as in ``get_grid_range`` of the client."""
    answer = alice.post(COLLECTIONS, json=sent(sweep, experiment_type="Mesh"))
    assert answer.status_code == 201, answer.json
    expected = [f"oscillation_sequence.mesh_range: {reason}"] if reason else []
    assert answer.json.get("warnings", []) == expected
    names = ("orientation", "steps_x", "steps_y", "dx_mm", "dy_mm")
    stored = [{name: getattr(row, name) for name in names} for row in rows(GridInfo)]
    assert stored == ([pytest.approx(grid)] if grid else [])
    assert {row.dataCollectionId for row in rows(GridInfo)} <= {answer.json["dataCollectionId"]}


def test_a_mesh_has_one_grid_however_often_it_is_sent(add, alice, rows):
    mesh = {"mesh_range": [0.3, 0.1], "number_of_lines": 3, "number_of_images": 12}
    made = alice.post(COLLECTIONS, json=sent(mesh)).json
    data = sent(mesh, collection_id=made["dataCollectionId"])
    for url in (GROUPS, COLLECTIONS, COLLECTIONS):
        assert alice.post(url, json=data).status_code == 200
    (row,) = rows(GridInfo)
    assert row.dataCollectionId == made["dataCollectionId"]
    add(DataCollectionGroup(dataCollectionGroupId=90, sessionId=11))
    add(GridInfo(gridInfoId=90, dataCollectionGroupId=90, steps_x=2))  # of older software
    assert alice.post(COLLECTIONS, json=sent(mesh, group_id=90)).status_code == 201
    assert sorted(row.steps_x for row in rows(GridInfo)) == [2, 4, 4]


def test_what_has_no_home_is_named(alice):
    """A key without a value is no loss."""
    empty = {"position_name": None, "workflow_parameters": {}, "residues": "", "motors": {}}
    stored = {"energy": 12.7, "detector_distance": 180.0, "blSampleId": 501}
    sweep = {"mesh_range": [], "number_of_lines": 1}
    data = sent(sweep, **empty, **stored, ispyb_group_data_collections=False)
    assert "warnings" not in alice.post(COLLECTIONS, json=data).json
    usual = {"motors": {"phi": 1}, "skip_images": False, "residues": 200, "dark": 0}
    data = sent({"num_triggers": 1}, {"compression": True}, **usual)
    assert alice.post(COLLECTIONS, json=data).json["warnings"] == [
        "oscillation_sequence.num_triggers: not stored, no column has it",
        "fileinfo.compression: not stored, no column has it",
        "dark, motors, residues, skip_images: not stored, no column has it",
    ]
    odd = alice.post(COLLECTIONS, json=sent({"spin": 1}, workflow_id=7, comments="c" * 1025))
    assert odd.status_code == 201
    assert {*odd.json["warnings"]} == {
        "workflow_id: not stored, no column has it",
        "comments: cut to 1024 characters",
        "oscillation_sequence.spin: not stored",
    }
