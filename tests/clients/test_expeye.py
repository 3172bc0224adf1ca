"""The client of Hyperion, unmodified, loads samples and stores scans through the gateway."""

from base64 import urlsafe_b64encode
from datetime import datetime
from hashlib import sha256
from importlib.metadata import distribution

import pytest

from services.core.models import RobotAction
from shared.models import (
    BLSample,
    BLSession,
    Container,
    Crystal,
    DataCollection,
    DataCollectionGroup,
    Detector,
    GridInfo,
    Position,
    ProcessingPipeline,
    Protein,
)

VISIT = "mx123-2"
FILES = {"imgdir": "/dls/x/mx123-2/lys/", "imgprefix": "lys", "imgsuffix": "h5"}
SWEEP = {"n_images": 3600, "start_image_number": 1, "n_passes": 1, "overlap": 0}
SWEEP |= {"axis_start": 0.0, "axis_range": 0.1, "axis_end": 360.0, "omega_start": 0.0}


@pytest.fixture
def hyperion(bluesky, server, facility, add, token, tmp_path, monkeypatch):
    """The client's modules, configured with the service token of i03."""
    add(
        BLSession(sessionId=8112, proposalId=10, visit_number=2, beamLineName="i03"),
        Protein(proteinId=1, proposalId=10),
        Crystal(crystalId=1, proteinId=1),
        ProcessingPipeline(processingPipelineId=6, name="xia2", discipline="MX"),  # a default
        Container(containerId=77, sessionId=8112),
        BLSample(blSampleId=501, crystalId=1, containerId=77, location="1"),
        Detector(detectorId=78),
    )
    issued = token("hyperion", None, "mx_write", service=True, beamlines=["i03"])
    path = tmp_path / "ispyb.cfg"
    path.write_text(f"[expeye]\nurl = {server}/ispyb/expeye\ntoken = {issued}\n")
    monkeypatch.setenv("ISPYB_CONFIG_PATH", str(path))
    return bluesky


@pytest.fixture
def client(hyperion):
    return hyperion.Interaction()


def test_the_client_is_as_published():
    wanted = {"exp_eye_store.py", "ispyb_store.py", "data_model.py"}
    files = [f for f in distribution("mx-bluesky").files if "external_interaction/ispyb" in str(f)]
    assert wanted <= {file.name for file in files}
    for file in files:
        if file.suffix == ".py":
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


def scans(model):
    """A rotation scan: one collection, with where the sample is."""
    info = model.DataCollectionInfo(
        visit_string=VISIT,
        sample_id=501,
        data_collection_number=1,
        file_template="lys_1_master.h5",
        comments="rotation",
        start_time="2026-11-20 09:20:00",
        exp_time=0.004,
        detector_distance=250.0,
        xbeam=150.1,
        ybeam=160.2,
        **FILES,
        **SWEEP,
    )
    return [model.ScanDataInfo(data_collection_info=info)]


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


def measured(model, ids, grids=False):
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
            data_collection_grid_info=grid if grids else None,
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


def test_it_stores_a_rotation_scan(hyperion, stored):
    """One POST and six PATCHes, in the client's own order."""
    model, store = hyperion.model, hyperion.Store("")
    group = model.DataCollectionGroupInfo(VISIT, "SAD", 501, comments="bundle 2")
    ids = store.begin_deposition(group, scans(model))
    (key,) = ids.data_collection_ids
    for scan in measured(model, [key]):
        ids = store.update_deposition(ids, scan)
    store.append_to_comment(key, "More.")
    store.end_deposition(ids, "success", "")
    (row,), (made,) = stored(DataCollection), stored(DataCollectionGroup)
    assert row.dataCollectionId == key
    assert row.dataCollectionGroupId == made.dataCollectionGroupId == ids.data_collection_group_id
    assert (made.sessionId, made.blSampleId, made.comments) == (8112, 501, "bundle 2")
    assert (made.experimentType, row.experimenttype) == ("SAD", "SAD")
    assert (row.SESSIONID, row.BLSAMPLEID) == (8112, 501)
    assert row.comments == "rotation Aperture: MEDIUM. More."  # one blank between the parts
    assert (row.runStatus, row.fileTemplate) == ("DataCollection Successful", "lys_1_master.h5")
    assert row.startTime == datetime(2026, 11, 20, 9, 20) <= row.endTime <= datetime.now()
    assert (row.numberOfImages, row.axisEnd, row.overlap) == (3600, 360.0, 0.0)
    assert (row.flux, row.DETECTORMODE, row.detectorId) == (9.7e11, "FULL", 78)
    assert row.wavelength == pytest.approx(0.9763) and row.synchrotronMode == "User"
    (position,) = stored(Position)
    assert row.POSITIONID == position.positionId
    assert (position.posX, position.posY, position.posZ) == (0.113, -0.042, 0.301)


def test_it_stores_a_grid_scan_that_fails(hyperion, stored):
    model, store = hyperion.model, hyperion.Store("")
    group = model.DataCollectionGroupInfo(VISIT, "mesh", 501)
    ids = store.begin_deposition(group, grid_scans(model))
    assert len(ids.data_collection_ids) == 2
    for scan in measured(model, ids.data_collection_ids, grids=True):
        ids = store.update_deposition(ids, scan)
    store.update_data_collection_group_table(
        model.DataCollectionGroupInfo(VISIT, "mesh", 501, comments="twice"),
        ids.data_collection_group_id,
    )
    store.end_deposition(ids, "fail", "beam lost")
    (made,) = stored(DataCollectionGroup)
    assert (made.experimentType, made.comments) == ("Mesh", "twice")
    rows, grids = stored(DataCollection), stored(GridInfo)
    assert [row.dataCollectionId for row in rows] == list(ids.data_collection_ids)
    reason = "DataCollection Unsuccessful reason: beam lost"
    for number, row in enumerate(rows, 1):
        assert row.comments == f"plane {number}. Aperture: MEDIUM. {reason}"
        assert row.runStatus == "DataCollection Unsuccessful" and row.endTime is not None
    assert tuple(grid.gridInfoId for grid in grids) == ids.grid_ids
    assert [grid.dataCollectionId for grid in grids] == [row.dataCollectionId for row in rows]
    assert (grids[0].dx_mm, grids[0].dy_mm, grids[0].steps_x) == (0.02, 0.03, 20)
    assert (grids[0].orientation, bool(grids[0].snaked)) == ("vertical", True)
    assert (grids[0].snapshot_offsetXPixel, grids[0].micronsPerPixelY) == (310, 1.5)
    assert len(stored(Position)) == 2
