"""The client of MXCuBE, unmodified, stores an experiment through the gateway and reads it back."""

from copy import deepcopy
from datetime import datetime

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from services.core.models import EnergyScan, Image, RobotAction, XFEFluorescenceSpectrum
from shared.models import (
    BeamLineSetup,
    BLSample,
    BLSession,
    Container,
    Crystal,
    DataCollection,
    DataCollectionGroup,
    Detector,
    Dewar,
    ProcessingPipeline,
    Protein,
    Shipping,
)
from shared.service_tables import RefreshToken
from tests.conftest import serve

COLLECTION = {
    "experiment_type": "OSC",
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
        "archive_directory": "/data/pyarch",
    },
    "motors": {"phi": 12.0},
    "energy": 12.7,
    "status": "Running",
    "wavelength": 0.9763,
    "resolution": {"upper": 1.6},
    "detectorDistance": 181.2,
    "transmission": 25.0,
    "synchrotronMode": "uniform",
    "collection_start_time": "2026-11-20 14:03:11",
}
SETUP = {
    "synchrotron_name": "RING",
    "undulators": [{"type": "U18"}],
    "monochromator_type": "Si(111)",
    "focusing_optic": "KB",
    "polarisation": 0.99,
    "detector_manufacturer": "DECTRIS",
    "detector_model": "EIGER2 X 16M",
    "detector_binning_mode": "HW",
    "detector_type": "pixel",
    "detector_px": 0.075,
}
IMAGE = {
    "fileName": "lys-x7_1_000001.h5",
    "fileLocation": "/data/bl1/mx123/20261120/raw",
    "imageNumber": 1,
    "measuredIntensity": 2.4e12,
    "synchrotronCurrent": 249.7,
    "machineMessage": "",
    "temperature": 100.2,
    "jpegFileFullPath": "/data/pyarch/lys-x7_1_000001.jpeg",
    "jpegThumbnailFileFullPath": "/data/pyarch/lys-x7_1_000001.thumb.jpeg",
}
ACTION = {
    "actionType": "LOAD",
    "containerLocation": "3",
    "dewarLocation": "2",
    "sampleBarcode": "HA00AF3312",
    "sampleId": 501,
    "startTime": "2026-11-20 13:58:02",
    "endTime": "2026-11-20 13:58:31",
    "status": "SUCCESS",
    "message": "",
}
SCAN = {
    "blSampleId": None,
    "element": "Se",
    "edgeEnergy": "K",
    "startEnergy": 12.6,
    "endEnergy": 12.72,
    "peakEnergy": 12.661,
    "peakFPrime": -8.1,
    "peakFDoublePrime": 5.9,
    "startTime": "2026-11-20 13:40:00",
    "endTime": "2026-11-20 13:41:10",
    "remoteEnergy": 12.9,
}
SPECTRUM = {
    "blSampleId": 501,
    "energy": 14.2,
    "exposureTime": 3.0,
    "beamTransmission": 1.5,
    "flux": 1.1e11,
    "scanFileFullPath": "/data/pyarch/xrf_1.dat",
    "startTime": "2026-11-20 13:45:00",
    "endTime": "2026-11-20 13:45:09",
}
CENTRED = {"blSampleId": 501, "lastKnownCentringPosition": "phi=12.0 kappa=0.0"}


MOST = {  # statements of each call of an experiment, by the end of its path
    "proposals": 1,
    "sessions": 2,
    "samples": 2,
    "robot-action": 5,
    "energyscan": 5,
    "session": 1,
    "beamline-setup": 7,
    "detectors": 1,
    "datacollection": 8,
    "image": 6,
    "group": 5,
    "datacollection again": 5,
    "sample": 5,
}
MOST_IN_ALL = 60  # with two images


@pytest.fixture
def beamline(facility, add):
    """Two samples of mx123 wait at i03, in front of its detector."""
    add(
        Detector(
            detectorId=3,
            detectorManufacturer="Dectris",
            detectorModel="EIGER2 X 16M",
            detectorMode="HW",
            detectorType="pixel",
        ),
        Protein(proteinId=1, proposalId=10, acronym="LYS"),
        Crystal(crystalId=488, proteinId=1, spaceGroup="P43212", cell_a=78.1),
        Shipping(shippingId=1, proposalId=10),
        Dewar(dewarId=1, shippingId=1),
        ProcessingPipeline(processingPipelineId=6, name="xia2", discipline="MX"),  # a default
        Container(
            containerId=77,
            dewarId=1,
            code="PUCK-07",
            beamlineLocation="i03",
            sampleChangerLocation="2",
            containerStatus="processing",
        ),
        BLSample(blSampleId=501, name="lys-x7", crystalId=488, containerId=77, location="3"),
        BLSample(blSampleId=502, name="bare", containerId=77, location="4"),
    )


@pytest.fixture
def session(beamline, adapter):
    """The id of the session of mx123 that the client made at its sign-in."""
    found = adapter.get_sessions_by_username("alice").sessions
    return next(int(each.session_id) for each in found if each.proposal_id == "10")


@pytest.fixture
def collection(session):
    """The dictionary of a collection, as it is kept by the client from begin to end."""
    sample = {"blSampleId": 501, "spacegroup": "P43212", "cell": ""}
    return deepcopy(COLLECTION) | {"sessionId": session, "sample_reference": sample}


def test_it_reads_the_samples_of_its_beamline(session, adapter):
    """No exception where a sample has neither crystal nor plan."""
    found = {sample["sampleId"]: sample for sample in adapter.get_samples(10)}
    assert found.keys() == {501, 502}
    assert found[501]["sampleName"] == "lys-x7"
    assert found[501]["proteinAcronym"] == "LYS"
    assert (found[501]["crystalSpaceGroup"], found[501]["cellA"]) == ("P43212", 78.1)
    assert (found[501]["containerCode"], found[501]["sampleLocation"]) == ("PUCK-07", "3")
    assert found[501]["containerSampleChangerLocation"] == "2"
    assert found[502]["crystalId"] is found[502]["diffractionPlan"] is None


def test_it_stores_a_collection_and_goes_on_with_it(session, adapter, collection, stored):
    """One collection is one group, after three updates; the beamline's setup is the session's."""
    setup = deepcopy(SETUP)
    key, detector = adapter.store_data_collection(collection, setup)
    (row,), (group,) = stored(DataCollection), stored(DataCollectionGroup)
    assert (row.dataCollectionId, row.detectorId, detector) == (key, 3, 3)
    collection |= {"collection_id": key, "detector_id": detector}
    for status in ("Running", "Running", "Data collection successful"):
        collection |= {"flux": 2.4e12, "status": status, "beamShape": "ellipse"}
        adapter.update_data_collection(collection)
    (row,), (group,) = stored(DataCollection), stored(DataCollectionGroup)
    assert row.dataCollectionGroupId == group.dataCollectionGroupId
    assert (row.runStatus, row.flux) == ("Data collection successful", 2.4e12)
    assert (row.imageDirectory, row.imagePrefix) == ("/data/bl1/mx123/20261120/raw/", "lys-x7")
    assert (row.SESSIONID, row.BLSAMPLEID, row.experimenttype) == (session, 501, "OSC")
    assert (row.axisEnd, row.kappaStart, row.rotationAxis) == (192.0, None, "Phi")
    assert (group.sessionId, group.blSampleId) == (session, 501)
    assert group.experimentType == "OSC"
    (made,) = stored(BeamLineSetup)
    assert made.beamLineSetupId == setup["beamlineSetupId"]
    assert (made.undulatorType1, made.synchrotronMode) == ("U18", "uniform")
    assert {r.sessionId: r.beamLineSetupId for r in stored(BLSession)}[session] == (
        made.beamLineSetupId
    )
    assert adapter.get_session(session)["BeamLineSetup"] == {
        "beamLineSetupId": made.beamLineSetupId
    }


def test_it_reads_a_collection_back(adapter, collection):
    key, _ = adapter.store_data_collection(collection)
    found = adapter.get_data_collection(key)
    assert (found["dataCollectionId"], found["imagePrefix"]) == (key, "lys-x7")
    assert found["startTime"] == "2026-11-20 14:03:11"
    assert datetime.fromisoformat(found["endTime"]) >= datetime(2026, 11, 20, 14, 3, 11)


def test_it_stores_a_collection_whose_begin_was_lost(adapter, collection, stored):
    collection["collection_id"] = None
    for _ in range(2):
        adapter.update_data_collection(collection)
    assert len(stored(DataCollection)) == len(stored(DataCollectionGroup)) == 1


def test_its_queue_makes_one_group_for_several_collections(session, adapter, collection, stored):
    """It keeps the whole answer for the key of the group."""
    told = {"sessionId": session, "experimentType": "OSC", "actualContainerSlotInSC": 2}
    group = adapter._store_data_collection_group(told)
    for number in (1, 2):
        data = deepcopy(collection) | {"group_id": group}
        data["fileinfo"]["run_number"] = number
        key, _ = adapter.store_data_collection(data)
        adapter.update_data_collection(data | {"collection_id": key})
    (row,) = stored(DataCollectionGroup)
    assert (row.dataCollectionGroupId, row.blSampleId) == (group["dataCollectionGroupId"], 501)
    assert row.actualContainerSlotInSC == 2
    assert [r.dataCollectionGroupId for r in stored(DataCollection)] == [
        row.dataCollectionGroupId
    ] * 2


def test_it_uses_the_same_setup_until_something_changes(adapter, collection, stored):
    setup = deepcopy(SETUP)
    adapter.store_data_collection(collection, setup)
    adapter.store_data_collection(collection, setup)  # it has the id of the first by now
    assert len(stored(BeamLineSetup)) == 1
    setup["focusing_optic"] = "CRL"
    adapter.store_data_collection(collection, setup)
    assert [row.focusingOptic for row in stored(BeamLineSetup)] == ["KB", "CRL"]


def test_it_works_without_a_detector_that_is_known(adapter, collection, stored):
    assert adapter.find_detector("Rayonix", "MX", "HW", "pixel") is None
    _, detector = adapter.store_data_collection(collection, SETUP | {"detector_model": "Other"})
    assert detector == 0
    assert stored(DataCollection)[0].detectorId is None


def test_it_stores_images(adapter, collection, stored):
    key, _ = adapter.store_data_collection(collection)
    image = IMAGE | {"dataCollectionId": key}
    first = adapter.store_image(image)
    assert first == adapter.store_image(image | {"temperature": 99.0})
    last = adapter.store_image(image | {"imageNumber": 1800})
    assert adapter.store_image(image | {"dataCollectionId": None}) == 0  # logged by the client
    rows = stored(Image)
    assert [(row.imageId, row.imageNumber) for row in rows] == [(first, 1), (last, 1800)]
    assert (rows[0].dataCollectionId, rows[0].fileName) == (key, "lys-x7_1_000001.h5")
    assert rows[0].temperature == pytest.approx(99.0)


def test_it_stores_what_the_robot_did(session, adapter, stored):
    action = ACTION | {"sessionId": session}
    key = adapter.store_robot_action(dict(action))
    (row,) = stored(RobotAction)
    assert (row.robotActionId, row.blsessionId, row.blsampleId) == (key, session, 501)
    assert (row.containerLocation, row.dewarLocation) == (3, 2)
    assert row.startTimestamp == datetime(2026, 11, 20, 13, 58, 2)
    assert row.endTimestamp == datetime(2026, 11, 20, 13, 58, 31)
    unknown = action | {"sampleId": -1, "startTime": "", "endTime": "", "containerLocation": "B"}
    assert adapter.store_robot_action(unknown) > key
    assert stored(RobotAction)[1].blsampleId is None


def test_it_stores_an_energy_scan_and_its_sample(session, adapter, stored):
    key = adapter.store_energy_scan(SCAN | {"sessionId": session})["energyScanId"]
    (row,) = stored(EnergyScan)
    assert (row.energyScanId, row.sessionId, row.element) == (key, session, "Se")
    assert row.peakEnergy == pytest.approx(12.661)
    assert row.startTime == datetime(2026, 11, 20, 13, 40)
    answer = adapter.associate_bl_sample_and_energy_scan({"energyScanId": key, "blSampleId": 501})
    assert answer == {"energyScanId": key, "blSampleId": 501}
    assert stored(EnergyScan)[0].blSampleId == 501
    missing = {"energyScanId": 999, "blSampleId": 501}
    assert adapter.associate_bl_sample_and_energy_scan(missing) == -1


def test_it_stores_a_spectrum(session, adapter, stored):
    spectrum = SPECTRUM | {"sessionId": session}
    key = adapter.store_xfe_spectrum(spectrum)["xfeFluorescenceSpectrumId"]
    (row,) = stored(XFEFluorescenceSpectrum)
    assert (row.xfeFluorescenceSpectrumId, row.sessionId, row.blSampleId) == (key, session, 501)
    assert (row.flux, row.scanFileFullPath) == (1.1e11, "/data/pyarch/xrf_1.dat")


def test_it_says_how_a_sample_was_centred(session, adapter, stored):
    assert adapter.update_bl_sample(CENTRED)["containerId"] == 77
    assert stored(BLSample)[0].lastKnownCenteringPosition == "phi=12.0 kappa=0.0"


@pytest.fixture
def numbers(engine, adapter):
    """The number of statements of each call of the client, by the end of its path."""
    running, numbers = [], {}

    def note_statement(connection, cursor, statement, *_):
        running.append(statement)

    def note_call(response, *args, **kwargs):
        path = response.request.path_url.partition("?")[0].split("/")
        name = path[-2].removesuffix("s") if path[-1].isdigit() else path[-1]
        name = f"{name} again" if name in numbers and name == "datacollection" else name
        numbers.setdefault(name, []).append(len(running))
        running.clear()

    event.listen(Engine, "before_cursor_execute", note_statement)
    adapter.client._session.hooks["response"].append(note_call)
    yield numbers
    event.remove(Engine, "before_cursor_execute", note_statement)


def test_an_experiment_takes_few_statements(session, adapter, collection, numbers):
    """The session is there, the robot loads the sample, and two images are reported."""
    adapter.get_sessions_by_username("alice")
    numbers["sessions"] = numbers["sessions"][-1:]  # of the proposal with the session
    adapter.get_samples(10)
    numbers["proposals"] = numbers["proposals"][-1:]
    adapter.store_robot_action(ACTION | {"sessionId": session})
    adapter.store_energy_scan(SCAN | {"sessionId": session})
    key, detector = adapter.store_data_collection(collection, deepcopy(SETUP))
    for number in (1, 1800):
        adapter.store_image(IMAGE | {"dataCollectionId": key, "imageNumber": number})
    collection |= {"collection_id": key, "detector_id": detector, "flux": 2.4e12}
    adapter.update_data_collection(collection | {"status": "Data collection successful"})
    adapter.update_bl_sample(CENTRED)
    assert numbers.keys() == MOST.keys()
    assert not {name: n for name, n in numbers.items() if max(n) > MOST[name]}, numbers
    assert sum(map(sum, numbers.values())) <= MOST_IN_ALL, numbers


@pytest.fixture
def hasty(site, beamline):
    """The URL of a gateway whose tokens live for a minute: the client wants to have that left."""
    with serve({**site, "tokens": {**site["tokens"], "access_minutes": 1}}) as url:
        yield url


@pytest.fixture
def told(mxcube, hasty, sign_in):
    """The client at ``hasty``, after all of an experiment, and the ids it got."""
    client = sign_in(url=hasty)
    adapter = mxcube.Adapter(client, "i03")
    found = adapter.get_sessions_by_username("alice").sessions
    ids = {"session": next(int(each.session_id) for each in found if each.proposal_id == "10")}
    of_session, setup = {"sessionId": ids["session"]}, deepcopy(SETUP)
    ids["robot"] = adapter.store_robot_action(ACTION | of_session)
    adapter.update_bl_sample(CENTRED)
    ids["scan"] = adapter.store_energy_scan(SCAN | of_session)["energyScanId"]
    adapter.associate_bl_sample_and_energy_scan({"energyScanId": ids["scan"], "blSampleId": 501})
    spectrum = adapter.store_xfe_spectrum(SPECTRUM | of_session)
    ids["spectrum"] = spectrum["xfeFluorescenceSpectrumId"]
    data = deepcopy(COLLECTION) | of_session | {"sample_reference": {"blSampleId": 501}}
    ids["collection"], ids["detector"] = adapter.store_data_collection(data, setup)
    ids["setup"] = setup["beamlineSetupId"]
    image = IMAGE | {"dataCollectionId": ids["collection"]}
    ids["images"] = [adapter.store_image(image | {"imageNumber": n}) for n in (1, 1800)]
    adapter.store_image(image | {"temperature": 99.5})
    data |= {"collection_id": ids["collection"], "detector_id": ids["detector"], "flux": 2.4e12}
    done = {"status": "Data collection successful", "comments": "strong"}
    adapter.update_data_collection(data | done)
    return client, ids


def test_it_reads_an_experiment_back_and_renews_its_token_on_the_way(hasty, told, stored):
    """Before each of its 19 calls after the sign-in, none of which was lost."""
    client, ids = told
    assert len(stored(RefreshToken)) == 20 and len({r.family for r in stored(RefreshToken)}) == 1

    def read(path):
        return client.get(f"{hasty}/ispyb/api/v1/{path}")

    def same(path, sent):
        row = read(path)
        assert {name: row[name] for name in sent} == pytest.approx(sent), path
        return row

    row = same(
        f"data_collections/{ids['collection']}",
        {"runStatus": "Data collection successful", "flux": 2.4e12, "transmission": 25.0}
        | {"resolution": 1.6, "wavelength": 0.9763, "axisEnd": 192.0, "numberOfImages": 1800}
        | {"imagePrefix": "lys-x7", "fileTemplate": "lys-x7_1_%06d.h5", "detectorId": 3}
        | {"startTime": "2026-11-20T14:03:11"},
    )
    group = {"sessionId": ids["session"], "blSampleId": 501, "experimentType": "OSC"}
    group |= {"comments": "strong"}
    same(f"data_collections/groups/{row['dataCollectionGroupId']}", group)
    images = read(f"data_collections/{ids['collection']}/images")
    assert [row["imageId"] for row in images] == ids["images"]
    assert [row["imageNumber"] for row in images] == [1, 1800]
    assert [row["temperature"] for row in images] == pytest.approx([99.5, 100.2])
    times = {"startTimestamp": "2026-11-20T13:58:02", "endTimestamp": "2026-11-20T13:58:31"}
    action = {"sessionId": ids["session"], "blSampleId": 501, "containerLocation": 3}
    action |= {name: ACTION[name] for name in ("actionType", "status", "sampleBarcode")}
    same(f"beamline/robot_actions/{ids['robot']}", action | times)
    numbers = {name: value for name, value in SCAN.items() if isinstance(value, float)}
    del numbers["remoteEnergy"]
    scan = {"sessionId": ids["session"], "blSampleId": 501, "element": "Se", "edgeEnergy": "K"}
    same(f"energy_scans/{ids['scan']}", numbers | scan | {"startTime": "2026-11-20T13:40:00"})
    times = {"startTime": "2026-11-20T13:45:00", "endTime": "2026-11-20T13:45:09"}
    same(f"xrf_spectra/{ids['spectrum']}", SPECTRUM | times | {"sessionId": ids["session"]})
    setup = {"undulatorType1": "U18", "synchrotronMode": "uniform", "synchrotronName": "RING"}
    setup |= {"focusingOptic": "KB", "polarisation": 0.99, "detectorId": 3, "beamlineName": "i03"}
    same(f"beamline/setups/{ids['setup']}", setup)
    same(f"sessions/{ids['session']}", {"beamLineSetupId": ids["setup"]})
    same("samples/501", {"lastKnownCenteringPosition": CENTRED["lastKnownCentringPosition"]})
    feed = [(event["type"], event["id"]) for event in read(f"events?sessionId={ids['session']}")]
    assert feed == [
        ("dc", ids["collection"]),
        ("robot", ids["robot"]),
        ("xrf", ids["spectrum"]),
        ("es", ids["scan"]),
    ]
