"""The client of Hyperion, unmodified, loads a sample and stores a scan through the gateway.

What drives it at a beamline: test_hyperion.
"""

from base64 import urlsafe_b64encode
from datetime import datetime
from hashlib import sha256
from importlib.metadata import distribution

import pytest

from services.core.models import RobotAction
from shared.models import BLSample, DataCollection, DataCollectionGroup, GridInfo, Position

VISIT = "mx123-2"
FILES = {"imgdir": "/dls/x/mx123-2/lys/", "imgprefix": "lys", "imgsuffix": "h5"}


@pytest.fixture
def client(hyperion):
    return hyperion.Interaction()


def test_the_client_is_as_published():
    found = distribution("mx-bluesky").files
    files = [f for f in found if "external_interaction" in f.parts and f.suffix == ".py"]
    assert {"exp_eye_store.py", "ispyb_store.py", "ispyb_callback.py"} <= {f.name for f in files}
    for file in files:
        digest = sha256(file.locate().read_bytes()).digest()
        assert file.hash.value == urlsafe_b64encode(digest).decode().rstrip("="), file


def test_it_loads_a_sample(hyperion, client, stored):
    before = datetime.now().replace(microsecond=0)
    key = client.start_robot_action("LOAD", "mx123", 2, 501)
    (begun,) = stored(RobotAction)
    client.update_robot_action(key, {})
    place = {"sampleBarcode": "HA00AF3312", "containerLocation": 3, "dewarLocation": 12}
    client.update_robot_action(key, place)
    client.update_robot_action(
        key, {"xtalSnapshotBefore": "/1.png", "xtalSnapshotAfter": "/2.png"}
    )
    client.end_robot_action(key, "fail", "r" * 300)
    (row,) = stored(RobotAction)
    assert (row.robotActionId, row.blsessionId, row.blsampleId) == (key, 8112, 501)
    assert (row.actionType, row.status, row.message) == ("LOAD", "ERROR", "r" * 255)
    assert {name: getattr(row, name) for name in place} == place
    assert (row.xtalSnapshotBefore, row.xtalSnapshotAfter) == ("/1.png", "/2.png")
    assert before <= row.startTimestamp == begun.startTimestamp
    assert row.startTimestamp <= row.endTimestamp <= datetime.now()
    sample = client.update_sample_status(501, hyperion.Status.ERROR_SAMPLE)
    assert (sample.bl_sample_id, sample.container_id) == (501, 77)
    assert sample.bl_sample_status == stored(BLSample)[0].blSampleStatus == "ERROR - sample"


def test_it_is_told_what_is_wrong(hyperion, client, stored):
    with pytest.raises(hyperion.Refused, match="no such BLSample"):
        client.start_robot_action("LOAD", "mx123", 2, 999)
    with pytest.raises(hyperion.Refused, match="not found"):
        client.start_robot_action("LOAD", "mx9", 1, 501)
    with pytest.raises(hyperion.Refused, match="not found"):
        client.update_sample_status(999, hyperion.Status.LOADED)
    with pytest.raises(hyperion.Refused, match="not found"):
        client.create_data_collection(999, hyperion.model.DataCollectionInfo())
    assert stored(RobotAction) == []


def grid_scans(model):
    """A grid scan: two collections, from the front and from the side."""
    return [
        model.ScanDataInfo(
            data_collection_info=model.DataCollectionInfo(
                visit_string=VISIT,
                sample_id=501,
                data_collection_number=number,
                comments=f"plane {number}.",
                omega_start=omega,
                **FILES,
            )
        )
        for number, omega in ((1, 0.0), (2, 90.0))
    ]


def measured(model, ids):
    """What the client sends after it read the hardware, and again after the flux."""
    position = model.DataCollectionPositionInfo(0.113, -0.042, 0.301)
    grid = model.DataCollectionGridInfo(
        dx_in_mm=0.02,
        dy_in_mm=0.03,
        steps_x=20,
        steps_y=12,
        microns_per_pixel_x=1.25,
        microns_per_pixel_y=1.5,
        snapshot_offset_x_pixel=310,
        snapshot_offset_y_pixel=244,
        orientation=model.Orientation.VERTICAL,
        snaked=True,
    )
    hardware = [
        model.ScanDataInfo(
            data_collection_id=key,
            data_collection_info=model.DataCollectionInfo(
                slitgap_horizontal=0.1, synchrotron_mode="User", wavelength=0.9763
            ),
            data_collection_position_info=position,
            data_collection_grid_info=grid,
        )
        for key in ids
    ]
    flux = [
        model.ScanDataInfo(
            data_collection_id=key,
            data_collection_info=model.DataCollectionInfo(
                flux=9.7e11,
                beamsize_at_samplex=0.05,
                transmission=20.0,
                detector_mode="FULL",
                ispyb_detector_id=78,
                comments="Aperture: MEDIUM.",
            ),
        )
        for key in ids
    ]
    return hardware, flux


def test_it_stores_a_grid_scan_that_fails(hyperion, stored):
    model, store = hyperion.model, hyperion.Store("")
    group = model.DataCollectionGroupInfo(VISIT, "mesh", 501)
    ids = store.begin_deposition(group, grid_scans(model))
    assert len(ids.data_collection_ids) == 2
    for scan in measured(model, ids.data_collection_ids):
        ids = store.update_deposition(ids, scan)
    store.update_data_collection_group_table(
        model.DataCollectionGroupInfo(VISIT, "mesh", 501, comments="twice"),
        ids.data_collection_group_id,
    )
    store.end_deposition(ids, "fail", "beam lost")
    store.append_to_comment(ids.data_collection_ids[1], "x" * 1024)
    (made,) = stored(DataCollectionGroup)
    assert (made.experimentType, made.comments) == ("Mesh", "twice")
    rows, grids = stored(DataCollection), stored(GridInfo)
    assert [row.dataCollectionId for row in rows] == list(ids.data_collection_ids)
    reason = "DataCollection Unsuccessful reason: beam lost"
    comments = [f"plane {number}. Aperture: MEDIUM. {reason}" for number in (1, 2)]
    assert rows[0].comments == comments[0]  # one blank between the parts
    assert rows[1].comments == (comments[1] + " " + "x" * 1024)[:1024]  # nothing is lost of it
    for row in rows:
        assert (row.runStatus, row.synchrotronMode) == ("DataCollection Unsuccessful", "User")
        assert (row.flux, row.detectorId) == (9.7e11, 78) and row.endTime is not None
    assert tuple(grid.gridInfoId for grid in grids) == ids.grid_ids
    assert [grid.dataCollectionId for grid in grids] == [row.dataCollectionId for row in rows]
    assert (grids[0].dx_mm, grids[0].dy_mm, grids[0].steps_x) == (0.02, 0.03, 20)
    assert (grids[0].orientation, bool(grids[0].snaked)) == ("vertical", True)
    assert (grids[0].snapshot_offsetXPixel, grids[0].micronsPerPixelY) == (310, 1.5)
    assert [row.POSITIONID for row in rows] == [found.positionId for found in stored(Position)]
