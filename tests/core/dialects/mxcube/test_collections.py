"""The dialect of MXCuBE: data collections, trap by trap. Its client: tests/clients."""

from copy import deepcopy
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from services.core.models import (
    Screening,
    ScreeningOutput,
    ScreeningStrategy,
    ScreeningStrategySubWedge,
    ScreeningStrategyWedge,
)
from shared.models import (
    BeamLineSetup,
    BLSample,
    BLSession,
    Crystal,
    DataCollection,
    DataCollectionGroup,
    Detector,
    GridInfo,
    Protein,
)

COLLECTIONS = "/ispyb/mxcube/datacollections/datacollection"
GROUPS = "/ispyb/mxcube/datacollections/group"
SENT = {
    "sessionId": 11,
    "experiment_type": "OSC",
    "sample_reference": {"blSampleId": 501, "spacegroup": "", "cell": ""},
    "group_id": None,
    "oscillation_sequence": [
        {
            "start": 12.0,
            "range": 0.1,
            "offset": 0.0,
            "number_of_images": 1800,
            "start_image_number": 1,
            "number_of_passes": 1,
            "exposure_time": 0.005,
            "kappaStart": -9999,
            "phiStart": -9999,
        }
    ],
    "fileinfo": {
        "directory": "/data/bl1/mx123/20261120/raw",
        "prefix": "lys-x7",
        "suffix": "h5",
        "template": "lys-x7_1_%06d.h5",
        "run_number": 1,
    },
    "status": "Running",
    "wavelength": 0.9763,
    "resolution": 1.6,
    "detectorDistance": 181.2,
    "xBeam": 164.1,
    "yBeam": 170.4,
    "flux": 2.4e12,
    "transmission": 25.0,
    "synchrotronMode": "uniform",
    "collection_start_time": "2026-11-20 14:03:11",
    "detectorId": 3,
}


def sent(sweep=(), files=(), **other):
    """The dictionary of a collection, with some of it changed."""
    found = deepcopy(SENT) | other
    found["oscillation_sequence"][0] |= dict(sweep)
    found["fileinfo"] |= dict(files)
    return found


@pytest.fixture
def rows(engine):
    """``rows(DataCollection)`` are those in the database, oldest first."""

    def read(model):
        table = model.__table__
        with engine.connect() as connection:
            found = connection.execute(select(table).order_by(*table.primary_key))
            return [row._asdict() for row in found]

    return read


@pytest.fixture
def beamline(facility, add):
    """The rows that a collection refers to."""
    add(Detector(detectorId=3, detectorManufacturer="DECTRIS"))
    for key in (1, 2):
        add(Protein(proteinId=key, proposalId=key), Crystal(crystalId=key, proteinId=key))
        add(BLSample(blSampleId=500 + key, crystalId=key))


@pytest.fixture
def alice(as_, beamline):
    return as_("alice", 1)


def test_a_collection_is_stored_with_a_group(alice, rows):
    """Trap 2.5.1: no group exists at its creation."""
    before = datetime.now().replace(microsecond=0)
    answer = alice.post(COLLECTIONS, json=SENT)
    assert answer.status_code == 201, answer.json
    (collection,), (group,) = rows(DataCollection), rows(DataCollectionGroup)
    assert answer.json == {
        "dataCollectionId": collection["dataCollectionId"],
        "dataCollectionGroupId": group["dataCollectionGroupId"],
        "detectorId": 3,
    }
    assert before <= group.pop("endTime") <= collection.pop("endTime")
    kept = {name: value for name, value in group.items() if value is not None}
    assert kept == {
        "dataCollectionGroupId": answer.json["dataCollectionGroupId"],
        "sessionId": 11,
        "blSampleId": 501,
        "experimentType": "OSC",
        "startTime": datetime(2026, 11, 20, 14, 3, 11),
    }
    kept = {name: value for name, value in collection.items() if value not in (None, 0.0)}
    assert kept == {
        "dataCollectionId": answer.json["dataCollectionId"],
        "dataCollectionGroupId": answer.json["dataCollectionGroupId"],
        "SESSIONID": 11,  # trap 2.5.7: other readers join on these
        "BLSAMPLEID": 501,
        "experimenttype": "OSC",
        "detectorId": 3,
        "startTime": datetime(2026, 11, 20, 14, 3, 11),
        "runStatus": "Running",
        "axisStart": 12.0,
        "axisRange": pytest.approx(0.1),
        "axisEnd": 192.0,
        "rotationAxis": "Phi",  # kappa is not set
        "numberOfImages": 1800,
        "startImageNumber": 1,
        "numberOfPasses": 1,
        "exposureTime": pytest.approx(0.005),
        "imageDirectory": "/data/bl1/mx123/20261120/raw/",  # ends with a slash
        "imagePrefix": "lys-x7",
        "imageSuffix": "h5",
        "fileTemplate": "lys-x7_1_%06d.h5",
        "dataCollectionNumber": 1,
        "wavelength": pytest.approx(0.9763),
        "resolution": pytest.approx(1.6),
        "detectorDistance": pytest.approx(181.2),
        "xBeam": pytest.approx(164.1),
        "yBeam": pytest.approx(170.4),
        "flux": 2.4e12,
        "transmission": 25.0,
        "synchrotronMode": "uniform",
        "printableForReport": 1,
    }
    assert collection["overlap"] == collection["detector2Theta"] == 0.0
    assert collection["kappaStart"] is collection["phiStart"] is None  # the marks of unset


@pytest.fixture
def stored(alice):
    """The answer to alice for a new collection."""
    return alice.post(COLLECTIONS, json=SENT).json


def known(stored, **other):
    """The dictionary as the client sends it from then on."""
    found = sent(collection_id=stored["dataCollectionId"], detector_id=3)
    return found | other


def test_the_words_of_an_experiment_are_known_in_any_case(alice, rows):
    """Trap 2.5: ``mesh`` is Mesh, and Imaging is none."""
    for given, kept in (("mesh", "Mesh"), ("OSC", "OSC"), ("Imaging", None), (None, None)):
        answer = alice.post(COLLECTIONS, json=sent(experiment_type=given))
        unknown = ["experiment_type: 'Imaging' is not known, not stored"]
        assert answer.json.get("warnings", []) == (unknown if given == "Imaging" else [])
        assert rows(DataCollectionGroup)[-1]["experimentType"] == kept
        assert rows(DataCollection)[-1]["experimenttype"] == kept


def test_what_is_helical_is_called_so(alice, rows):
    alice.post(COLLECTIONS, json=sent(helical=True))
    assert rows(DataCollectionGroup)[0]["experimentType"] == "Helical"
    assert rows(DataCollection)[0]["experimenttype"] == "Helical"


@pytest.mark.parametrize(
    ("sweep", "kept"),
    [
        ({"kappaStart": 30.0, "phiStart": 5}, ("Omega", 12.0, 30.0, 5.0)),
        ({"kappaStart": 0, "phiStart": -9999}, ("Phi", None, 0.0, None)),
        ({"kappaStart": None, "phiStart": "-9999"}, ("Phi", None, None, None)),
    ],
)
def test_the_axis_that_turns(sweep, kept, alice, rows):
    """Unset is -9999, which is no angle."""
    assert alice.post(COLLECTIONS, json=sent(sweep)).status_code == 201
    (row,) = rows(DataCollection)
    assert tuple(row[n] for n in ("rotationAxis", "omegaStart", "kappaStart", "phiStart")) == kept


def test_a_gap_is_an_overlap_turned_round(alice, rows):
    alice.post(COLLECTIONS, json=sent({"offset": -89.9, "range": 1.0, "number_of_images": 2}))
    (row,) = rows(DataCollection)
    assert row["overlap"] == pytest.approx(89.9)
    assert row["axisEnd"] == pytest.approx(12 + 2 * (1 - 89.9), abs=1e-3)


def test_each_key_has_its_column(add, alice, rows):
    add(
        DataCollectionGroup(dataCollectionGroupId=1, sessionId=11),
        Screening(screeningId=1, dataCollectionGroupId=1),
        ScreeningOutput(screeningOutputId=1, screeningId=1),
        ScreeningStrategy(screeningStrategyId=1, screeningOutputId=1),
        ScreeningStrategyWedge(screeningStrategyWedgeId=1, screeningStrategyId=1),
        ScreeningStrategySubWedge(screeningStrategySubWedgeId=8, screeningStrategyWedgeId=1),
    )
    of_group = {"comments": "nice", "actualContainerBarcode": "P1", "actualSampleBarcode": "S1"}
    of_group |= {"actualContainerSlotInSC": 3, "actualSampleSlotInContainer": 12}
    same = {"resolutionAtCorner": 1.25, "beamSizeAtSampleX": 0.05, "beamSizeAtSampleY": 0.02}
    same |= {"beamShape": "ellipse", "slitGapHorizontal": 0.1, "slitGapVertical": 0.2}
    same |= {"flux_end": 2.0e12, "undulatorGap1": 6.1, "undulatorGap2": 6.2, "undulatorGap3": 6.3}
    same |= {f"xtalSnapshotFullPath{n}": f"/data/pyarch/{n}.jpeg" for n in (1, 2, 3, 4)}
    same |= {"totalAbsorbedDose": 0.3, "synchrotronMode": "7/8 + 1"}
    renamed = {"centringMethod": "3-click", "actualCentringPosition": "phi=1"}
    body = sent(**of_group, **same, **renamed, screening_sub_wedge_id="8")
    assert alice.post(COLLECTIONS, json=body).status_code == 201
    group, row = rows(DataCollectionGroup)[-1], rows(DataCollection)[-1]
    assert {name: group[name] for name in of_group} == of_group
    same |= {"centeringMethod": "3-click", "actualCenteringPosition": "phi=1"}
    same |= {"strategySubWedgeOrigId": 8}
    assert {name: row[name] for name in same} == pytest.approx(same)


@pytest.mark.parametrize("sweeps", [[], SENT["oscillation_sequence"] * 2, None])
def test_there_is_one_sweep(sweeps, alice, rows):
    """Trap 2.5: more or none is refused."""
    answer = alice.post(COLLECTIONS, json=sent() | {"oscillation_sequence": sweeps})
    assert answer.status_code == 422 and "oscillation_sequence" in answer.json["errors"]
    assert rows(DataCollectionGroup) == []


@pytest.mark.parametrize("resolution", [1.6, "1.6", {"upper": 1.6, "lower": 40}])
def test_a_resolution_is_a_number_or_a_shell(resolution, alice, rows):
    assert alice.post(COLLECTIONS, json=sent(resolution=resolution)).status_code == 201
    assert rows(DataCollection)[0]["resolution"] == pytest.approx(1.6)


def test_numbers_may_be_text_and_ids_may_be_none(alice, rows):
    as_text = {"sessionId": "11", "detectorId": "3", "flux": "2.4e12", "wavelength": ""}
    answer = alice.post(
        COLLECTIONS,
        json=sent({"number_of_images": "1800"}, sample_reference={"blSampleId": -1}, **as_text),
    )
    assert answer.status_code == 201, answer.json
    (group,), (row,) = rows(DataCollectionGroup), rows(DataCollection)
    assert group["sessionId"] == row["SESSIONID"] == 11 and row["numberOfImages"] == 1800
    assert group["blSampleId"] is row["BLSAMPLEID"] is None  # a sample the LIMS does not know
    assert row["wavelength"] is None
    for none in ("-1", "", "None", 0):
        assert alice.post(
            COLLECTIONS, json=sent(sample_reference={"blSampleId": none}, group_id=none)
        )
    assert len(rows(DataCollectionGroup)) == 5


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


def test_each_collection_of_a_group_keeps_its_comment(alice, rows):
    """The queue of the client makes one group for several; an empty comment clears none."""
    first = alice.post(COLLECTIONS, json=sent(comments="first")).json
    group = {"group_id": first["dataCollectionGroupId"]}
    other = sent(files={"run_number": 2}, comments="second", **group)
    second = alice.post(COLLECTIONS, json=other).json
    assert (
        alice.post(COLLECTIONS, json=known(second, **other | {"comments": ""})).status_code == 200
    )
    assert [row["comments"] for row in rows(DataCollection)] == ["first", "second"]
    assert [row["comments"] for row in rows(DataCollectionGroup)] == ["second"]
    failed = known(first, status="Failed", comments="Data collection failed!\nα > 1")
    answer = alice.post(COLLECTIONS, json=failed)
    assert answer.status_code == 200 and "α" in answer.json["warnings"][-1]
    assert rows(DataCollection)[0]["comments"] == "Data collection failed!\na > 1"


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
    assert rows(DataCollection)[0][column] == (expected and pytest.approx(expected))


def test_an_energy_that_is_no_energy_is_named(alice, rows):
    for energy in (12700.0, -1, "high", [1]):
        data = sent(energy=energy, wavelength=None)
        assert alice.post(COLLECTIONS, json=data).json["warnings"] == [
            f"energy: {energy!r} is not known, not stored"
        ]
    assert {row["wavelength"] for row in rows(DataCollection)} == {None}


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
    assert rows(DataCollection)[0]["imageSuffix"] == suffix


def test_the_mode_of_the_detector_is_stored(alice, rows):
    assert alice.post(COLLECTIONS, json=sent(detector_roi_mode="4M")).status_code == 201
    assert alice.post(COLLECTIONS, json=sent(detector_roi_mode=0)).status_code == 201
    assert [row["DETECTORMODE"] for row in rows(DataCollection)] == ["4M", "0"]


@pytest.mark.parametrize("known_by_name", [True, False])
def test_the_detector_is_that_of_the_setup_of_the_session(add, alice, rows, known_by_name):
    add(BeamLineSetup(beamLineSetupId=7, beamlineName="i03", detectorId=3))
    data = sent() | ({} if known_by_name else {"detectorId": None})
    assert alice.post(COLLECTIONS, json=data).json["detectorId"] == 3
    assert rows(DataCollection)[0]["detectorId"] == 3


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
    stored = [{name: row[name] for name in names} for row in rows(GridInfo)]
    assert stored == ([pytest.approx(grid)] if grid else [])
    assert {row["dataCollectionId"] for row in rows(GridInfo)} <= {answer.json["dataCollectionId"]}


def test_a_mesh_has_one_grid_however_often_it_is_sent(add, alice, rows):
    mesh = {"mesh_range": [0.3, 0.1], "number_of_lines": 3, "number_of_images": 12}
    made = alice.post(COLLECTIONS, json=sent(mesh)).json
    data = sent(mesh, collection_id=made["dataCollectionId"])
    for url in (GROUPS, COLLECTIONS, COLLECTIONS):
        assert alice.post(url, json=data).status_code == 200
    (row,) = rows(GridInfo)
    assert row["dataCollectionId"] == made["dataCollectionId"]
    add(DataCollectionGroup(dataCollectionGroupId=90, sessionId=11))
    add(GridInfo(gridInfoId=90, dataCollectionGroupId=90, steps_x=2))  # of older software
    assert alice.post(COLLECTIONS, json=sent(mesh, group_id=90)).status_code == 201
    assert [row["steps_x"] for row in rows(GridInfo)] == [4, 2, 4]


def test_a_label_that_is_too_long_costs_no_collection(alice, rows):
    cut = {"synchrotronMode": 20, "beamShape": 45, "actualSampleBarcode": 45}
    answer = alice.post(COLLECTIONS, json=sent(**dict.fromkeys(cut, "x" * 46)))
    assert answer.status_code == 201
    assert {*answer.json["warnings"]} == {
        f"{n}: cut to {most} characters" for n, most in cut.items()
    }


def test_what_is_wrong_with_a_collection_leaves_no_group(alice, rows):
    """The group would be created first."""
    for wrong in ({"detectorId": 999}, {"screening_sub_wedge_id": 999}):
        answer = alice.post(COLLECTIONS, json=sent(**wrong))
        assert answer.status_code == 424 and answer.json["errors"].keys() <= {
            "detectorId",
            "strategySubWedgeOrigId",
        }
    assert rows(DataCollectionGroup) == rows(DataCollection) == []


@pytest.mark.parametrize("sweep", [{"offset": 1e300}, {"range": 3e38}, {"start": "1e39"}])
def test_a_sweep_that_turns_too_far_is_refused(sweep, alice, rows):
    """Its end would be out of the range of the column."""
    answer = alice.post(COLLECTIONS, json=sent(sweep))
    assert answer.status_code == 422 and [*answer.json["errors"]] == ["oscillation_sequence"]
    assert rows(DataCollectionGroup) == []


def test_a_path_that_is_too_long_is_refused(alice, rows):
    answer = alice.post(COLLECTIONS, json=sent(files={"directory": "/" + "d" * 254}))
    assert answer.status_code == 422  # with its slash it has 256 characters
    assert "directory" in answer.json["errors"]["fileinfo"]
    assert rows(DataCollectionGroup) == rows(DataCollection) == []


# ------------------------------------------------------------------ updates


def test_an_update_says_so_and_keeps_both_rows(alice, rows, stored):
    """Traps 2.5.2, 2.5.4 and 2.5.6: each update sends the group first, which may not fail."""
    for status in ("Running", "Data collection successful", "Data collection successful"):
        group = alice.post(GROUPS, json=known(stored, status=status))
        assert group.status_code == 200
        assert group.json == {
            "dataCollectionGroupId": stored["dataCollectionGroupId"],
            "experimentType": "OSC",
            "blSampleId": 501,
            "sessionId": 11,
        }
        update = known(stored, status=status, group_id=group.json["dataCollectionGroupId"])
        answer = alice.post(COLLECTIONS, json=update)
        assert (answer.status_code, answer.json) == (200, stored)
        assert len(answer.json) > 1  # the client unpacks two keys
    assert len(rows(DataCollectionGroup)) == 1
    (row,) = rows(DataCollection)
    assert row["runStatus"] == "Data collection successful"


def test_an_update_changes_what_it_names(alice, rows, stored):
    later = known(stored, flux=1e12, flux_end=0.9e12, totalAbsorbedDose=0.3, beamShape="ellipse")
    later |= {"centringMethod": "3-click", "actualCentringPosition": "phi=1", "wavelength": None}
    later |= {"xtalSnapshotFullPath1": "/data/pyarch/1.jpeg", "undulatorGap1": 6.1}
    del later["transmission"]
    assert alice.post(COLLECTIONS, json=later).status_code == 200
    (row,) = rows(DataCollection)
    assert (row["flux"], row["flux_end"]) == (1e12, 0.9e12)
    assert row["centeringMethod"] == "3-click" and row["actualCenteringPosition"] == "phi=1"
    assert row["xtalSnapshotFullPath1"] == "/data/pyarch/1.jpeg"
    assert row["transmission"] == 25.0  # absent
    assert row["wavelength"] == pytest.approx(0.9763)  # the client does not know it any more


def test_the_sample_of_a_group_reaches_its_collection(add, alice, rows):
    first = alice.post(COLLECTIONS, json=sent(sample_reference={"blSampleId": -1})).json
    alice.post(GROUPS, json=known(first))
    assert (
        rows(DataCollectionGroup)[0]["blSampleId"] == rows(DataCollection)[0]["BLSAMPLEID"] == 501
    )


def test_a_first_store_that_failed_is_made_up_for(alice, rows):
    """Trap 2.5.3: ``collection_id`` is sent, and null."""
    lost = sent(collection_id=None)
    first = alice.post(COLLECTIONS, json=lost)
    second = alice.post(COLLECTIONS, json=lost)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json == second.json
    assert alice.post(GROUPS, json=lost).json["dataCollectionGroupId"] == (
        first.json["dataCollectionGroupId"]
    )
    other = alice.post(COLLECTIONS, json=sent(files={"run_number": 2}, collection_id=None))
    assert other.status_code == 201
    assert len(rows(DataCollection)) == len(rows(DataCollectionGroup)) == 2


def test_a_group_that_was_stored_first_is_joined(alice, rows):
    """An update whose collection was never stored: its group comes before it."""
    group = alice.post(GROUPS, json=sent(collection_id=None)).json["dataCollectionGroupId"]
    answer = alice.post(COLLECTIONS, json=sent(collection_id=None, group_id=group))
    assert answer.status_code == 201
    assert answer.json["dataCollectionGroupId"] == group
    assert len(rows(DataCollectionGroup)) == 1


def test_a_queue_makes_the_group_of_its_collections_first(alice, rows):
    """It sends no sweep, and from then on the whole answer in place of the key."""
    first = {"sessionId": 11, "experimentType": "Collect - Multiwedge"}
    first |= {"actualContainerSlotInSC": 3, "actualSampleSlotInContainer": 12}
    group = alice.post(GROUPS, json=first)
    assert group.status_code == 200, group.json
    (row,) = rows(DataCollectionGroup)
    assert group.json == {
        "dataCollectionGroupId": row["dataCollectionGroupId"],
        "experimentType": "Collect - Multiwedge",
        "blSampleId": None,
        "sessionId": 11,
    }
    assert (row["actualContainerSlotInSC"], row["actualSampleSlotInContainer"]) == (3, 12)
    for number in (1, 2):
        told = sent(files={"run_number": number}, group_id=group.json)
        assert alice.post(COLLECTIONS, json=told).status_code == 201
    (row,) = rows(DataCollectionGroup)
    assert (row["experimentType"], row["blSampleId"]) == ("OSC", 501)
    assert row["startTime"] == datetime(2026, 11, 20, 14, 3, 11)
    assert {r["dataCollectionGroupId"] for r in rows(DataCollection)} == {
        row["dataCollectionGroupId"]
    }
    assert alice.post(GROUPS, json={"sessionId": 22}).status_code == 404  # hidden from her


def test_several_collections_share_a_group(alice, rows, stored):
    group = stored["dataCollectionGroupId"]
    second = sent(files={"run_number": 2}, group_id=group)
    second |= {"collection_start_time": "2026-11-20 15:00:00"}
    for again in (second, second):  # what failed is tried again, as the same run
        assert alice.post(COLLECTIONS, json=again).json["dataCollectionGroupId"] == group
    assert len(rows(DataCollection)) == 3
    (row,) = rows(DataCollectionGroup)
    assert row["startTime"] == datetime(2026, 11, 20, 14, 3, 11)  # of the first one


def test_a_group_of_elsewhere_is_not_joined(add, alice, rows):
    add(BLSession(sessionId=12, proposalId=1, visit_number=2))
    add(DataCollectionGroup(dataCollectionGroupId=80, sessionId=12))
    add(DataCollectionGroup(dataCollectionGroupId=81, sessionId=21))  # hidden from her
    for key in (80, 81, 999):
        answer = alice.post(COLLECTIONS, json=sent(group_id=key))
        assert answer.status_code == 201 and answer.json["dataCollectionGroupId"] != key


def test_the_detector_is_taken_by_both_names(add, alice, rows):
    """Trap 2.5.5: ``detectorId`` at the creation, ``detector_id`` from then on."""
    add(Detector(detectorId=4))
    first = alice.post(COLLECTIONS, json=SENT).json
    after = known(first, detector_id=4)
    assert alice.post(COLLECTIONS, json=after).json["detectorId"] == 4
    assert rows(DataCollection)[0]["detectorId"] == 4


def test_a_clock_that_is_ahead_is_believed(alice, rows):
    ahead = (datetime.now() + timedelta(hours=1)).replace(microsecond=0)
    answer = alice.post(COLLECTIONS, json=sent(collection_start_time=f"{ahead}"))
    assert answer.status_code == 201
    late = sent(collection_id=answer.json["dataCollectionId"])
    del late["collection_start_time"]
    assert alice.post(GROUPS, json=late).status_code == 200
    assert alice.post(COLLECTIONS, json=late).status_code == 200
    for row in (*rows(DataCollection), *rows(DataCollectionGroup)):
        assert row["endTime"] == row["startTime"] == ahead


# ------------------------------------------------------------------ who may, and reading


@pytest.mark.parametrize("path", [COLLECTIONS, GROUPS])
def test_nobody_writes_to_a_hidden_session(path, as_, alice, stored, rows):
    carol = as_("carol", 3)
    for body in (SENT, known(stored), sent(collection_id=None)):
        hidden = carol.post(path, json=body)
        assert hidden.status_code == 404 and isinstance(hidden.json["detail"], str)
    assert alice.post(path, json=sent(sessionId=22)).status_code == 404
    assert alice.post(path, json=known(stored, collection_id=999)).status_code == 404
    assert alice.post(path, json=sent(sample_reference={"blSampleId": 502})).status_code == 424
    assert len(rows(DataCollection)) == 1


def test_a_collection_is_read_with_two_times(add, alice, stored, as_):
    """Trap 2.5: the client raises when one is null."""
    add(DataCollection(dataCollectionId=90, dataCollectionGroupId=stored["dataCollectionGroupId"]))
    start, end = datetime(2026, 5, 5), datetime(2026, 6, 6)
    add(
        DataCollection(
            dataCollectionId=91,
            dataCollectionGroupId=stored["dataCollectionGroupId"],
            startTime=start,
        )
    )
    add(
        DataCollection(
            dataCollectionId=92, dataCollectionGroupId=stored["dataCollectionGroupId"], endTime=end
        )
    )
    times = {
        key: tuple(
            alice.get(f"/ispyb/mxcube/datacollections/{key}").json[n]
            for n in ("startTime", "endTime")
        )
        for key in (90, 91, 92)
    }
    assert times[90][0] == times[90][1] and datetime.fromisoformat(times[90][0])
    assert times[91] == ("2026-05-05T00:00:00",) * 2
    assert times[92] == ("2026-06-06T00:00:00",) * 2
    assert "results" not in alice.get("/ispyb/mxcube/datacollections/91").json
    assert as_("carol", 3).get("/ispyb/mxcube/datacollections/91").status_code == 404
