"""The clients of serial beamlines, unmodified, store their experiments through the gateway."""

import json
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
import requests

from services.ssx.models import Component, Event, EventChain, EventType, SSXDataCollection
from shared.models import (
    BLSample,
    BLSession,
    DataCollection,
    DataCollectionGroup,
    Detector,
    ExperimentType,
    Permission,
    Protein,
    UserGroup,
    UserGroupHasPermission,
    UserGroupHasPerson,
)
from tests.clients import serial

KINDS = ("XrayDetection", "XrayExposure", "LaserExcitation", "ReactionTrigger")
BEGIN = datetime(2026, 11, 20, 11, 5, 12, 104000)
BEAM = {
    **{"wavelength_in_a": 0.6199, "beam_size_in_um": (7.0, 7.0)},
    **{"beam_center_in_mm": (115.2, 121.8)},
}
EXPERIMENT = {
    **{"detector_name": "eiger", "detector_distance_mm": 120.0, "exposure_time_s": 0.01},
    **{"transmission": 1.0, "visit": SimpleNamespace(name="mx123-2")},
    **{"laser_delay_s": 0.005, "laser_dwell_s": 0.001, "pump_repeat": "long"},
}
FILES = ("/dls/x/mx123-2/chip03", "chip03_00001_master.h5", 25600)


@pytest.fixture
def lookups(facility, add):
    """The session 8112, mx123-2, on i24, and the kinds of events, experiments and detectors."""
    add(
        BLSession(sessionId=8112, proposalId=10, visit_number=2, beamLineName="i24"),
        *(EventType(eventTypeId=key, name=name) for key, name in enumerate(KINDS, 1)),
        ExperimentType(experimentTypeId=38, name="Serial Fixed"),
        ExperimentType(experimentTypeId=42, name="SSX-Jet"),
        Detector(detectorId=5),
        Detector(detectorId=94),
    )


@pytest.fixture
def dcid(lookups, token, tmp_path, monkeypatch):
    """The module of DCID, with the service token of i24 in its file of credentials."""
    module = serial.load_dcid()
    credentials = tmp_path / "ssx_dcserver.key"
    credentials.write_text(token("i24", None, "ssx_write", service=True, beamlines=["i24"]))
    monkeypatch.setattr(module, "CREDENTIALS_LOCATION", str(credentials))
    module.get_auth_header.cache_clear()
    yield module
    module.get_auth_header.cache_clear()


def begin(dcid, server, kind="Serial Fixed", **changes):
    parameters = EXPERIMENT | {"ispyb_experiment_type": SimpleNamespace(value=kind)} | changes
    return dcid.DCID(server=f"{server}/ispyb/i24", expt_params=serial.FixedTarget(**parameters))


def test_dcid_stores_a_chip_with_a_laser(dcid, server, stored):
    client = begin(dcid, server)
    client.generate_dcid(serial.Parameters(**BEAM), *FILES, start_time=BEGIN, pump_probe=True)
    (collection,), (group,) = stored(DataCollection), stored(DataCollectionGroup)
    assert int(client) == collection.dataCollectionId and not client.error
    assert (group.sessionId, group.experimentType, group.experimentTypeId) == (
        8112,
        "Serial Fixed",
        38,
    )
    started = BEGIN.replace(microsecond=0)
    assert group.startTime == collection.startTime == started
    columns = {
        **{"imageDirectory": FILES[0], "fileTemplate": FILES[1], "numberOfImages": FILES[2]},
        **{"startImageNumber": 1, "detectorId": 94, "SESSIONID": 8112},
        "experimenttype": "Serial Fixed",
    }
    assert {name: getattr(collection, name) for name in columns} == columns
    resolution = serial.compute_resolution(120.0, 0.6199)
    numbers = {
        **{"detectorDistance": 120.0, "exposureTime": 0.01, "transmission": 100.0},
        **{"wavelength": 0.6199, "xBeam": 115.2, "yBeam": 121.8, "resolution": resolution},
        **{"beamSizeAtSampleX": 0.007, "beamSizeAtSampleY": 0.007},
    }
    assert {n: getattr(collection, n) for n in numbers} == pytest.approx(numbers, rel=1e-5)
    assert len(stored(SSXDataCollection)) == len(stored(EventChain)) == 1
    events = [(row.name, row.eventTypeId, row.repetition) for row in stored(Event)]
    assert events == [("Xray probe", 1, 1.0), ("Laser probe", 3, 1.0)]
    assert [row.offset for row in stored(Event)] == pytest.approx([0, -0.005])

    client.collection_complete(end_time=(started + timedelta(minutes=5)).ctime())
    client.collection_complete(end_time=started + timedelta(minutes=4), aborted=True)
    (collection,), (group,) = stored(DataCollection), stored(DataCollectionGroup)
    assert collection.endTime == group.endTime == started + timedelta(minutes=4)
    assert (collection.runStatus, client.error) == ("DataCollection Cancelled", False)


def test_dcid_stops_the_experiment_if_it_is_refused(dcid, server, stored, monkeypatch):
    beam = serial.Parameters(**BEAM | {"beam_size_in_um": (0, 7.0)})
    unknown = begin(dcid, server, visit=SimpleNamespace(name="mx123-3"))
    with pytest.raises(requests.HTTPError, match="404"):
        unknown.generate_dcid(beam, *FILES)
    monkeypatch.setattr(dcid, "CREDENTIALS_LOCATION", "/nonexistent")
    dcid.get_auth_header.cache_clear()
    with pytest.raises(requests.HTTPError, match="401"):
        begin(dcid, server).generate_dcid(beam, *FILES)
    assert stored(DataCollectionGroup) == []


# ------------------------------------------------------------------ MXCuBE at ID29


class Properties(dict):
    """Those of a beamline or of its objects."""

    __getattr__ = dict.__getitem__


def nested(value):
    return json.loads(json.dumps(value), object_hook=Properties)


RUN = {
    "common_parameters": {"type": "ssx_injector_collection", "label": "dark + 3 ms"},
    "path_parameters": {"prefix": "BR-br_b4"},
    "user_collection_parameters": {"exp_time": 0.0009},
    "collection_parameters": {"num_images": 138600},
}
AT_BEAMLINE = {
    **{"transmission": 100.0, "beam_x": 115.2, "beam_y": 121.8, "wavelength": 1.072},
    **{"detector_distance": 150.0, "beam_size_x": 0.004, "beam_size_y": 0.002},
    **{"resolution": 1.8, "energy_bandwidth": 0.5, "beam_shape": "ellipse"},
}


def test_mxcube_stores_a_jet(server, lookups, add, stored, tmp_path):
    add(
        UserGroup(userGroupId=1, name="beamline"),
        Permission(permissionId=1, type="ssx_sync"),
        UserGroupHasPermission(userGroupId=1, permissionId=1),
        UserGroupHasPerson(userGroupId=1, personId=1),
    )
    beamline = SimpleNamespace(
        session=SimpleNamespace(session_id="8112", beamline_name="id29"),
        detector=SimpleNamespace(get_property=lambda name: 5),
    )
    client = serial.load_mxcube(beamline)("lims")
    settings = {"username": "alice", "password": "alice-word", "plugin": "dummy", "host": server}
    client._config = SimpleNamespace(**settings)  # as its file would set it
    client.init()
    lims = {
        **{"flux_start": 8e13, "flux_end": 7e13, "start_time": BEGIN},
        **{"end_time": BEGIN + timedelta(minutes=10), "mono_stripe": "Pd/B4C"},
        **{"chip_model": None, "polarisation": 0.99},
    }
    folder = tmp_path / "run1"
    client.create_ssx_collection(f"{folder}/", nested(RUN), nested(AT_BEAMLINE), Properties(lims))
    (group,), (collection,) = stored(DataCollectionGroup), stored(DataCollection)
    kept = json.loads((tmp_path / "ispyb_data.json").read_text())
    assert kept == {"dcg_id": group.dataCollectionGroupId}
    assert (group.sessionId, group.experimentType) == (8112, "SSX-Jet")
    assert abs(group.startTime - datetime.now()) < timedelta(minutes=5)
    (sample,), (protein,) = stored(BLSample), stored(Protein)
    bearer = {"Authorization": f"Bearer {client._configuration.access_token}"}
    samples = requests.get(f"{server}/ispyb/api/v1/samples?proposal=mx123", headers=bearer).json()
    assert [each["blSampleId"] for each in samples["results"]] == [sample.blSampleId]
    assert (sample.name, sample.support) == ("br_b4", "support_example")
    assert (protein.acronym, protein.proposalId) == ("BR", 10)
    assert (collection.BLSAMPLEID, collection.SESSIONID) == (sample.blSampleId, 8112)
    assert (collection.detectorId, collection.imagePrefix) == (5, "BR-br_b4")
    assert collection.startTime == BEGIN.replace(microsecond=0)
    assert collection.xtalSnapshotFullPath1 is None
    numbers = {"POLARISATION": 0.99, "flux_end": 7e13, "averageTemperature": 0.0}
    assert {n: getattr(collection, n) for n in numbers} == pytest.approx(numbers)
    (run,), (event,) = stored(SSXDataCollection), stored(Event)
    assert (run.dataCollectionId, run.monoStripe, run.chipPattern) == (
        collection.dataCollectionId,
        "Pd/B4C",
        None,
    )
    assert (event.eventTypeId, event.offset, stored(Component)) == (1, 0.0, [])
