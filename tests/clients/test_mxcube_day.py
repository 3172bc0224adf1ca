"""The whole of mxcubecore, unmodified and with gevent, through a short day at a beamline."""

import json
import os
import subprocess
import sys
from pathlib import Path
from time import time
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from services.core.dialects.mxcube.collection_schemas import (
    MxcubeCollectionSchema,
    MxcubeFilesSchema,
    MxcubeSampleReferenceSchema,
    MxcubeSweepSchema,
)
from services.core.dialects.mxcube.setup_schemas import MxcubeSetupSchema
from services.core.models import Image, RobotAction
from shared.models import (
    BeamLineSetup,
    BLSample,
    BLSession,
    DataCollection,
    DataCollectionGroup,
    Detector,
    GridInfo,
)
from shared.service_tables import RefreshToken
from tests.clients.test_mxcube_experiment import beamline  # noqa: F401

ROOT = Path(__file__).parents[2]
# the columns of keys in the dictionary of a data collection; the others are in the test
SAME = (
    *("wavelength", "resolution", "resolutionAtCorner", "detectorDistance", "xBeam", "yBeam"),
    *("beamSizeAtSampleX", "beamSizeAtSampleY", "beamShape", "slitGapHorizontal", "flux"),
    *("slitGapVertical", "flux_end", "transmission", "totalAbsorbedDose", "undulatorGap1"),
    *("xtalSnapshotFullPath1", "xtalSnapshotFullPath2", "synchrotronMode", "comments"),
)
COLUMNS = {
    **{name: name for name in SAME},
    "sessionId": "SESSIONID",
    "blSampleId": "BLSAMPLEID",
    "collection_id": "dataCollectionId",
    "group_id": "dataCollectionGroupId",
    "detector_id": "detectorId",
    "experiment_type": "experimenttype",
    "collection_start_time": "startTime",
    "status": "runStatus",
    "detector_roi_mode": "DETECTORMODE",
    "actualCentringPosition": "actualCenteringPosition",
    "oscillation_sequence.start": "axisStart",
    "oscillation_sequence.range": "axisRange",
    "oscillation_sequence.offset": "overlap",
    "oscillation_sequence.number_of_images": "numberOfImages",
    "oscillation_sequence.start_image_number": "startImageNumber",
    "oscillation_sequence.number_of_passes": "numberOfPasses",
    "oscillation_sequence.exposure_time": "exposureTime",
    "oscillation_sequence.kappaStart": "kappaStart",
    "oscillation_sequence.phiStart": "phiStart",
    "fileinfo.directory": "imageDirectory",
    "fileinfo.prefix": "imagePrefix",
    "fileinfo.template": "fileTemplate",
    "fileinfo.run_number": "dataCollectionNumber",
    "sample_reference.blSampleId": "BLSAMPLEID",
}
OF_GROUP = {
    "actualContainerBarcode",
    "actualContainerSlotInSC",
    "actualSampleBarcode",
    "actualSampleSlotInContainer",
}
OF_GRID = {"oscillation_sequence.mesh_range", "oscillation_sequence.number_of_lines"}
REQUESTED = {"energy": "wavelength", "detector_distance": "detectorDistance"}  # until measured
IGNORED = {
    *MxcubeCollectionSchema.ignored,
    *(f"oscillation_sequence.{key}" for key in MxcubeSweepSchema.ignored),
    *(f"fileinfo.{key}" for key in MxcubeFilesSchema.ignored),
    *(f"sample_reference.{key}" for key in MxcubeSampleReferenceSchema.ignored),
}
SETUP = {
    "synchrotron_name": "synchrotronName",
    "focusing_optic": "focusingOptic",
    "monochromator_type": "monochromatorType",
    "synchrotronMode": "synchrotronMode",
    "polarisation": "polarisation",
}
ASCII = {"→": ">", "α": "a", "μ": "µ", "Δ": "D"}


@pytest.fixture
def day(server, beamline, add, token, tmp_path):  # noqa: F811
    """The answers that the client got: ``calls``, and the ``keys`` of its data collections."""
    add(
        Detector(
            detectorId=8,
            detectorManufacturer="Smith & Sons",
            detectorModel="S&S 16M +",
            detectorMode="HW",
            detectorType="pixel",
        )
    )
    answer, settings = tmp_path / "answer.json", tmp_path / "settings.json"
    expired = token("alice", 1, iat=int(time()) - 900, exp=int(time()) - 600)
    values = {"root": f"{server}/ispyb/mxcube/", "folder": str(tmp_path), "expired": expired}
    settings.write_text(json.dumps({**values, "answer": str(answer)}))
    result = subprocess.run(
        [sys.executable, "-m", "tests.clients.mxcube_day", str(settings)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert result.returncode == 0, result.stderr
    return SimpleNamespace(**json.loads(answer.read_text()), log=result.stdout + result.stderr)


def get_bodies(day, path):
    """What the client sent to ``path``, oldest first."""
    return [body for _, called, body, status, _ in day.calls if called == path]


def write_in_ascii(value):
    """A text as the columns of ISPyB can hold it."""
    return value.translate(str.maketrans(ASCII)) if isinstance(value, str) else value


def test_a_day_at_a_beamline_is_stored(day, stored, engine):
    """Each call after the sign-in is answered; two refreshes at once do not end it."""
    refused = [(path, status) for _, path, _, status, _ in day.calls if status not in (200, 201)]
    assert sorted(refused) == [("proposals", 401), ("proposals?proposalId=10", 401)], "as expired"
    refreshes = [status for _, path, _, status, _ in day.calls if path == "auth/refresh"]
    assert refreshes == [200] * 4
    assert "Could not" not in day.log
    with engine.connect() as connection:
        families = connection.execute(select(RefreshToken.family).distinct()).all()
    assert len(families) == 1
    assert day.samples == 2
    (action,) = stored(RobotAction)
    assert (action.message, action.sampleBarcode) == ("pin-base at 5 µm", "Lódz-7")
    assert stored(BLSample)[0].lastKnownCenteringPosition == "phi=12.0 > k=0"
    collections = stored(DataCollection)
    assert [row.dataCollectionId for row in collections] == day.keys
    done = "Data collection successful"
    assert [(row.runStatus, row.comments) for row in collections] == [
        (done, "a-helix, 5 µm loop"),
        (done, "second, straight pin"),
        (done, None),
        ("Failed", "Data collection failed!\na-detector: DT > 5 µK\n"),
        ("Stopped", "Stopped by the user"),
        (done, "after the refresh"),
    ]
    groups = [row.dataCollectionGroupId for row in collections]
    assert groups[0] == groups[1] and len({*groups}) == 5 == len(stored(DataCollectionGroup))
    (grid,) = stored(GridInfo)
    assert grid.dataCollectionId == day.keys[2]
    assert (grid.steps_x, grid.steps_y) == (4, 3)
    assert (grid.dx_mm, grid.dy_mm) == (pytest.approx(0.1), pytest.approx(0.05))
    images = [(row.dataCollectionId, row.imageNumber) for row in stored(Image)]
    assert images == [(key, 12) for key in (day.keys[0], day.keys[1], day.keys[5])]
    assert {row.machineMessage for row in stored(Image)} == {"top-up > 250 mA"}
    setup = max(row.beamLineSetupId for row in stored(BeamLineSetup))
    assert setup in {row.beamLineSetupId for row in stored(BLSession)}


def flatten(body):
    """The values of a dictionary of the client by their paths."""
    values = {}
    for key, value in body.items():
        part = value[0] if key == "oscillation_sequence" else value
        if isinstance(part, dict) and key not in ("motors", "workflow_parameters"):
            values |= {f"{key}.{name}": inner for name, inner in part.items()}
        else:
            values[key] = value
    return values


def test_each_key_that_it_sends_is_stored_or_on_the_list(day, stored):
    """The list of the how-to page, of which ``warnings`` names those that have a value."""
    check_collections(day, stored(DataCollection), stored(DataCollectionGroup))
    check_setup(get_bodies(day, "beamline-setups/beamline-setup")[-1], stored(BeamLineSetup)[-1])


def check_collections(day, rows, groups):
    """Compare the last dictionary of each data collection with its row, key by key."""
    rows = {row.dataCollectionId: row for row in rows}
    groups = {row.dataCollectionGroupId: row for row in groups}
    last = {}
    for _, path, body, _, answer in day.calls:
        if path == "datacollections/datacollection":
            last[answer["dataCollectionId"]] = flatten(body), answer["warnings"]
    assert last.keys() == rows.keys()
    for key, (sent, warnings) in last.items():
        row, named = rows[key], " ".join(warnings)
        group = groups[row.dataCollectionGroupId]
        for name, value in sent.items():
            if name in COLUMNS:
                expected = {-9999: None, "": None}.get(value, write_in_ascii(value))
                if name == "fileinfo.directory":
                    expected += "/"
                column = getattr(row, COLUMNS[name])
                column = f"{column}" if name == "collection_start_time" else column
                assert column == pytest.approx(expected), (name, value)
            elif name in OF_GROUP:
                assert getattr(group, name) == value, name
            elif name in OF_GRID:
                continue
            elif name in REQUESTED:
                assert getattr(row, REQUESTED[name]) == sent[REQUESTED[name]], name
            else:
                assert name in IGNORED, f"{name} has no column and is not on the list"
                if value not in (None, "", [], {}) and name != "ispyb_group_data_collections":
                    assert name.rpartition(".")[2] in named, name
        assert row.imageSuffix == "h5"
        assert row.detectorId == 8


def check_setup(sent, row):
    """Compare the dictionary of a setup with its row, key by key."""
    assert row.detectorId == 8
    names = {"detector_manufacturer", "detector_model", "detector_type", "detector_binning_mode"}
    for name, value in sent.items():
        if name in SETUP:
            expected = write_in_ascii(value)
            assert getattr(row, SETUP[name]) == pytest.approx(expected), name
        elif name not in ("undulators", *names):
            assert name in MxcubeSetupSchema.ignored, f"{name} is not on the list"
