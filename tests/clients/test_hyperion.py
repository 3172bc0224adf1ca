"""Hyperion's callbacks, unmodified, are told of an experiment and store it as they please.

What they are told are the documents that its plans send out: begins, readings and ends of runs.
"""

import json
from contextlib import contextmanager
from datetime import datetime

import pytest
from event_model import compose_run

from services.core.models import RobotAction
from shared.models import BLSample, DataCollection, DataCollectionGroup, GridInfo, Position

SAMPLE = {"visit": "mx123-2", "sample_id": 501}
ROBOT = {
    "robot-barcode": "HA00AF3312",
    "robot-current_pin": 3,
    "robot-current_puck": 12,
    "webcam-last_saved_path": "/dls/1.png",
    "oav-snapshot-last_saved_path": "/dls/2.png",
}
PARAMETERS = {
    **SAMPLE,
    "comment": "rotation",
    "chi_start_deg": 30.0,
    "omega_start_deg": 10.0,
    "kappa_start_deg": None,
    "num_images": 3600,
    "rotation_increment_deg": 0.1,
    "scan_width_deg": 360.0,
    "rotation_direction": {"multiplier": -1},
}
DETECTOR = {
    "run_number": 1,
    "detector_distance": 250.0,
    "exposure_time_s": 0.004,
    "directory": "/dls/x/mx123-2/lys/",
    "prefix": "lys",
    "beam_position": [150.1, 160.2],
}
HARDWARE = {
    "synchrotron-synchrotron_mode": "User",
    "undulator-current_gap": 6.1,
    "s4_slit_gaps-x_gap": 0.1,
    "s4_slit_gaps-y_gap": 0.2,
    "gonio-x": 0.113,
    "gonio-y": -0.042,
    "gonio-z": 0.301,
    "dcm-energy_in_keV": 12.7,
}
FLUX = {
    "aperture_scatterguard-selected_aperture": "MEDIUM",
    "beamsize-x_um": 50.0,
    "beamsize-y_um": 20.0,
    "flux-flux_reading": 9.7e11,
    "eiger_cam_roi_mode": False,
    "eiger-ispyb_detector_id": 78,
    "attenuator-actual_transmission": 0.2,
    "dcm-energy_in_keV": 12.7,
}
SNAPSHOT = {
    "gonio-chi": 30.0,
    "oav-microns_per_pixel_x": 1.25,
    "oav-microns_per_pixel_y": 1.5,
    "oav-grid_snapshot-box_width": 16,
    "oav-grid_snapshot-num_boxes_x": 20,
    "oav-grid_snapshot-num_boxes_y": 12,
    "oav-grid_snapshot-top_left_x": 310.4,
    "oav-grid_snapshot-top_left_y": 244.0,
    "oav-grid_snapshot-last_path_full_overlay": "/dls/overlay.png",
    "oav-grid_snapshot-last_path_outer": "/dls/outer.png",
    "oav-grid_snapshot-last_saved_path": "/dls/plain.png",
}
BEFORE = "read_hardware_for_callbacks_pre_collection"
DURING = "read_hardware_for_callbacks_during_collection"


@contextmanager
def run(*callbacks, status="success", reason="", **metadata):
    """A run of a plan, of which the callbacks are told; yields what tells them of a reading."""
    documents = compose_run(metadata=metadata)

    def tell(kind, document):
        for callback in callbacks:
            callback(kind, dict(document))

    def read(name, data):
        keys = {key: {"source": "it", "dtype": "number", "shape": []} for key in data}
        stream = documents.compose_descriptor(name=name, data_keys=keys)
        tell("descriptor", stream.descriptor_doc)
        tell("event", stream.compose_event(data=data, timestamps=dict.fromkeys(data, 0.0)))

    tell("start", documents.start_doc)
    yield read
    tell("stop", documents.compose_stop(exit_status=status, reason=reason))


def plan(name, callback, experiment="SAD", **detector):
    """What the begin of a plan says, which ``callback`` is to store."""
    kind = {"ispyb_experiment_type": {"value": experiment}}
    found = {**PARAMETERS, **kind, "detector_params": {**DETECTOR, **detector}}
    return {
        "subplan_name": name,
        "activate_callbacks": [callback],
        "mx_bluesky_parameters": json.dumps(found),
    }


@pytest.mark.parametrize(
    ("name", "action", "end", "state"),
    [
        ("robot_load", "LOAD", ("success", ""), ("SUCCESS", "OK", "LOADED")),
        ("robot_unload", "UNLOAD", ("fail", "e" * 300), ("ERROR", "e" * 255, "ERROR - beamline")),
    ],
)
def test_a_sample_is_loaded(name, action, end, state, hyperion, stored):
    told = {"subplan_name": name, "activate_callbacks": ["RobotLoadISPyBCallback"]}
    before = datetime.now().replace(microsecond=0)
    with run(hyperion.Robot(), status=end[0], reason=end[1], metadata=SAMPLE, **told) as read:
        read("robot_update_pre_load", {"robot-barcode": "HA00AF3311"})  # of the one before
        read("robot_update", ROBOT)
    (row,) = stored(RobotAction)
    assert (row.blsessionId, row.blsampleId, row.actionType) == (8112, 501, action)
    assert (row.sampleBarcode, row.containerLocation, row.dewarLocation) == ("HA00AF3312", 3, 12)
    assert (row.xtalSnapshotBefore, row.xtalSnapshotAfter) == ("/dls/1.png", "/dls/2.png")
    assert (row.status, row.message, stored(BLSample)[0].blSampleStatus) == state
    assert before <= row.startTimestamp <= row.endTimestamp <= datetime.now()


def rotate(callback, number, **failure):
    told = plan("rotation_scan_with_cleanup", "RotationISPyBCallback", run_number=number)
    with run(callback, **told), run(
        callback, subplan_name="rotation_scan_main", **failure
    ) as read:
        if failure:
            return
        for angle in range(4):
            picture = {"oav-snapshot-last_saved_path": f"/dls/{angle}.png"}
            read("rotation_snapshot_triggered", picture)
        read(BEFORE, HARDWARE)
        read(DURING, FLUX)


def test_rotations_of_a_sample_are_one_group(hyperion, stored):
    callback = hyperion.Rotation()
    rotate(callback, 1)
    rotate(callback, 2)
    (group,) = stored(DataCollectionGroup)
    assert (group.sessionId, group.blSampleId, group.experimentType) == (8112, 501, "SAD")
    rows, positions = stored(DataCollection), stored(Position)
    assert [row.POSITIONID for row in rows] == [position.positionId for position in positions]
    assert {(p.posX, p.posY, p.posZ) for p in positions} == {(0.113, -0.042, 0.301)}
    for number, row in enumerate(rows, 1):
        assert row.dataCollectionGroupId == group.dataCollectionGroupId
        assert (row.SESSIONID, row.BLSAMPLEID, row.experimenttype) == (8112, 501, "SAD")
        assert row.comments == (
            "rotation Sample position (µm): (113, -42, 301) Aperture: MEDIUM. "
        )
        assert (row.dataCollectionNumber, row.fileTemplate) == (number, f"lys_{number}_master.h5")
        assert (row.imageDirectory, row.imagePrefix) == ("/dls/x/mx123-2/lys/", "lys")
        assert (row.omegaStart, row.chiStart, row.kappaStart) == (10.0, 30.0, None)
        assert (row.axisStart, row.axisEnd, row.numberOfImages) == (10.0, -350.0, 3600)
        paths = [getattr(row, f"xtalSnapshotFullPath{at}") for at in range(1, 5)]
        assert paths == [f"/dls/{angle}.png" for angle in range(4)]
        assert (row.synchrotronMode, row.undulatorGap1) == ("User", pytest.approx(6.1))
        assert (row.slitGapHorizontal, row.slitGapVertical) == pytest.approx((0.1, 0.2))
        assert (row.wavelength, row.resolution) == pytest.approx((0.97625, 1.6), rel=1e-4)
        assert (row.beamSizeAtSampleX, row.beamSizeAtSampleY) == pytest.approx((0.05, 0.02))
        assert (row.flux, row.transmission) == (9.7e11, pytest.approx(20.0))
        assert (row.DETECTORMODE, row.detectorId) == ("FULL", 78)
        assert row.runStatus == "DataCollection Successful"
        assert row.startTime <= row.endTime <= datetime.now()


def test_a_second_attempt_is_another_data_collection(hyperion, stored):
    """The first wrote no file, and files are what runs are numbered by."""
    callback = hyperion.Rotation()
    rotate(callback, 1, status="fail", reason="no beam")
    rotate(callback, 1)
    first, second = stored(DataCollection)
    assert first.dataCollectionGroupId == second.dataCollectionGroupId
    assert first.dataCollectionNumber == second.dataCollectionNumber == 1
    assert first.comments == "rotation DataCollection Unsuccessful reason: no beam"
    assert first.runStatus == "DataCollection Unsuccessful"
    assert second.runStatus == "DataCollection Successful"


NOT_FOUND = "Diffraction not found, skipping sample."
SUMMARY = "Diffraction grid scan of 20 by 12 by 12."
STEPS = (
    "Diffraction grid scan of 20 by 12 images in 20.0 um by 24.0 um steps."
    " Top left (px): [310,244], bottom right (px): [630,436]."
)


def look_for_a_crystal(hyperion, **end):
    callbacks = hyperion.Grid(), hyperion.Handling()
    told = plan("grid_detect_and_do_gridscan", "GridDetectAndScanISPyBCallback", "mesh")
    told["activate_callbacks"].append("SampleHandlingCallback")
    with run(*callbacks, metadata=SAMPLE, **end, **told) as read:
        read("snapshot_to_ispyb", {**SNAPSHOT, "gonio-omega": 0.0})
        read("snapshot_to_ispyb", {**SNAPSHOT, "gonio-omega": 90.0})
        read(BEFORE, HARDWARE)
        with run(*callbacks, subplan_name="do_fgs"):
            read(DURING, FLUX)


def test_a_crystal_is_looked_for_on_two_grids(hyperion, stored):
    """The numbers of data collections come later than the rows: when their grids are known."""
    look_for_a_crystal(hyperion)
    (group,), rows, grids = stored(DataCollectionGroup), stored(DataCollection), stored(GridInfo)
    assert (group.sessionId, group.blSampleId, group.experimentType) == (8112, 501, "Mesh")
    took = group.comments.removeprefix(SUMMARY)
    assert took.startswith("Zocalo processing took ")
    assert [row.dataCollectionNumber for row in rows] == [1, 2]
    assert [row.fileTemplate for row in rows] == ["lys_1_master.h5", "lys_2_master.h5"]
    assert [row.omegaStart for row in rows] == [0.0, -90.0]
    for number, (row, grid) in enumerate(zip(rows, grids, strict=True), 1):
        comments = f"MX-Bluesky: Xray centring {number} - {STEPS} Aperture: MEDIUM. "
        assert row.comments == comments + (f" {took}" if number == 1 else "")
        assert (row.SESSIONID, row.BLSAMPLEID, row.experimenttype) == (8112, 501, "Mesh")
        assert (row.runStatus, row.numberOfImages) == ("DataCollection Successful", 240)
        assert (row.axisRange, row.chiStart) == (0.0, 30.0)
        paths = [getattr(row, f"xtalSnapshotFullPath{at}") for at in range(1, 4)]
        assert paths == ["/dls/overlay.png", "/dls/outer.png", "/dls/plain.png"]
        assert (row.DETECTORMODE, row.detectorId, row.flux) == ("FULL", 78, 9.7e11)
        assert grid.dataCollectionId == row.dataCollectionId
        assert (grid.dx_mm, grid.dy_mm) == pytest.approx((0.02, 0.024))
        assert (grid.steps_x, grid.steps_y, grid.orientation) == (20, 12, "horizontal")
        assert (grid.micronsPerPixelX, grid.micronsPerPixelY) == (1.25, 1.5)
        assert (grid.snapshot_offsetXPixel, grid.snapshot_offsetYPixel) == (310, 244)
        assert bool(grid.snaked)
    assert stored(BLSample)[0].blSampleStatus is None


def test_no_crystal_is_found(hyperion, stored):
    look_for_a_crystal(hyperion, status="fail", reason=f"[CrystalNotFoundError]: {NOT_FOUND}")
    (group,) = stored(DataCollectionGroup)
    assert group.comments == NOT_FOUND
    reason = f"DataCollection Unsuccessful reason: {NOT_FOUND}"
    for number, row in enumerate(stored(DataCollection), 1):
        begin = f"MX-Bluesky: Xray centring {number} - {STEPS} Aperture: MEDIUM. "
        assert row.comments == f"{begin} {reason}"
        assert row.runStatus == "DataCollection Unsuccessful"
        assert row.startTime <= row.endTime <= datetime.now()
    assert stored(BLSample)[0].blSampleStatus == "ERROR - sample"
