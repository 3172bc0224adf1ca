"""The dialect of MXCuBE: setups, detectors, images, robot, scans, trap by trap.

Its client: tests/clients.
"""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from services.core.models import EnergyScan, Image, RobotAction, XFEFluorescenceSpectrum
from shared.models import (
    BeamLineSetup,
    BLSession,
    DataCollection,
    DataCollectionGroup,
    Detector,
    MotorPosition,
)

ROOT = "/ispyb/mxcube"
SETUP = {
    "synchrotronMode": "uniform",
    "synchrotron_name": "RING",
    "undulators": [{"type": "U18"}, {"type": "U21"}],
    "monochromator_type": "Si(111)",
    "focusing_optic": "KB",
    "polarisation": 0.99,
    "beam_divergence_vertical": 6.5,
    "beam_divergence_horizontal": 104,
    "minimum_exposure_time": 0.001,
    "maximum_phi_speed": 90.0,
    "minimum_phi_oscillation": "0.01",
    "detector_manufacturer": "DECTRIS",
    "detector_model": "EIGER2 X 16M",
    "detector_binning_mode": "HW",
    "detector_type": "pixel",
}
ROBOT = {
    "actionType": "LOAD",
    "containerLocation": "3",
    "dewarLocation": "2",
    "sampleBarcode": "HA00AF3312",
    "sessionId": "11",
    "blSampleId": 1,
    "startTimestamp": "2026-11-20 13:58:02",
    "endTimestamp": "2026-11-20 13:58:31",
    "status": "SUCCESS",
    "message": "",
}
SCAN = {
    "sessionId": 11,
    "blSampleId": 1,
    "element": "Se",
    "edgeEnergy": "K",
    "startEnergy": 12.6,
    "endEnergy": 12.72,
    "startTime": "2026-11-20 13:40:00",
    "endTime": "2026-11-20 13:41:10",
    "transmissionFactor": 5.5,
    "exposureTime": 0.5,
    "fluorescenceDetector": "Ketek",
    "filename": "se.raw",
    "scanFileFullPath": "/data/se.raw",
    "choochFileFullPath": "/data/se.efs",
    "jpegChoochFileFullPath": "/data/se.jpeg",
    "workingDirectory": "/data",
    "peakEnergy": 12.661,
    "peakFPrime": -8.1,
    "peakFDoublePrime": 5.9,
    "inflectionEnergy": 12.658,
    "inflectionFPrime": -10.2,
    "inflectionFDoublePrime": 3.1,
    "beamSizeHorizontal": 50.0,
    "beamSizeVertical": 20.0,
    "flux": 1.1e11,
    "comments": "sharp",
}


@pytest.fixture
def rows(engine):
    """``rows(Image)`` are those in the database, oldest first."""

    def read(model):
        table = model.__table__
        with engine.connect() as connection:
            found = connection.execute(select(table).order_by(*table.primary_key))
            return [row._asdict() for row in found]

    return read


@pytest.fixture
def alice(as_, stock):
    return as_("alice", 1)


@pytest.fixture
def today(add, alice):
    """Alice has session 12 at i03 now."""
    now, day = datetime.now().replace(microsecond=0), timedelta(days=1)
    add(
        BLSession(
            sessionId=12,
            proposalId=1,
            visit_number=2,
            beamLineName="i03",
            startDate=now - day,
            endDate=now + day,
        )
    )


def setup_of(rows, session_id):
    return {row["sessionId"]: row["beamLineSetupId"] for row in rows(BLSession)}[session_id]


# ------------------------------------------------------------------ setups


def store_setup(client, **other):
    return client.post(f"{ROOT}/beamline-setups/beamline-setup", json=SETUP | other)


def store_collection(client, session_id):
    sent = {"sessionId": session_id, "oscillation_sequence": [{"start": 0.0}]}
    answer = client.post(f"{ROOT}/datacollections/datacollection", json=sent)
    assert answer.status_code == 201
    return answer.json["dataCollectionId"]


def test_a_setup_is_stored_and_answered_by_a_key_of_an_object(add, alice, today, rows):
    """Traps 1 and 2.3: a bare number would stop the client."""
    names = {"detectorModel": "EIGER2 X 16M", "detectorMode": "HW", "detectorType": "pixel"}
    add(*(Detector(detectorId=key, detectorManufacturer="Dectris", **names) for key in (7, 5)))
    before = datetime.now().replace(microsecond=0)
    answer = store_setup(alice)
    assert answer.status_code == 201, answer.json
    (row,) = rows(BeamLineSetup)
    assert answer.json == {"results": row["beamLineSetupId"]}
    assert before <= row["setupDate"] <= datetime.now()
    assert row["detectorId"] == 5  # the lowest, whatever the case of its manufacturer
    expected = {
        "beamlineName": "i03",
        "synchrotronMode": "uniform",
        "synchrotronName": "RING",
        "undulatorType1": "U18",
        "undulatorType2": "U21",
        "undulatorType3": None,
        "monochromatorType": "Si(111)",
        "focusingOptic": "KB",
        "polarisation": pytest.approx(0.99),
        "beamDivergenceVertical": 6.5,
        "beamDivergenceHorizontal": 104.0,
        "minExposureTimePerImage": 0.001,
        "goniostatMaxOscillationSpeed": 90.0,
        "goniostatMinOscillationWidth": 0.01,
    }
    assert {name: row[name] for name in expected} == expected


def test_a_setup_is_linked_by_the_next_collection_of_its_beamline(add, alice, today, rows):
    """Trap 2.3.1: the client never sends the PATCH that would link them."""
    key = store_setup(alice).json["results"]
    assert setup_of(rows, 12) is None
    store_collection(alice, 12)
    assert setup_of(rows, 12) == key
    newer = store_setup(alice, focusing_optic="CRL").json["results"]
    store_collection(alice, 12)
    assert setup_of(rows, 12) == newer
    assert alice.get(f"{ROOT}/sessions/12").json["BeamLineSetup"] == {"beamLineSetupId": newer}


def test_a_setup_is_linked_to_the_session_it_names(alice, rows):
    key = store_setup(alice, sessionId="11").json["results"]
    assert setup_of(rows, 11) == key
    assert rows(BeamLineSetup)[0]["beamlineName"] == "i03"
    assert store_setup(alice, sessionId=22).status_code == 404  # hidden from her


def test_the_same_setup_is_stored_once(alice, today, rows):
    """Trap 2.3.2: from the second on, the client sends the key of the one before."""
    key = store_setup(alice).json["results"]
    again = store_setup(alice, beamlineSetupId=key)
    assert (again.status_code, again.json) == (200, {"results": key})
    changed = store_setup(alice, beamlineSetupId=key, polarisation=0.98)
    assert changed.status_code == 201 and changed.json["results"] != key
    lost = store_setup(alice, beamlineSetupId=999)
    assert lost.status_code == 201
    assert len(rows(BeamLineSetup)) == 3


def test_a_setup_of_nowhere_is_nobodys(alice, rows):
    """Alice is at no beamline now."""
    store_setup(alice)
    assert rows(BeamLineSetup)[0]["beamlineName"] is None
    store_collection(alice, 11)
    assert setup_of(rows, 11) is None


def test_nobody_sets_up_a_beamline_that_he_is_not_at(alice, today, as_, rows):
    assert store_setup(alice, beamline_name="i04").status_code == 403
    assert store_setup(alice, beamline_name="i03").status_code == 201
    program = {"service": True, "beamlines": ["i03"]}
    assert store_setup(as_("gda", None, **program)).status_code == 403
    writer = as_("gda", None, "mx_write", **program)
    assert store_setup(writer, beamline_name="i04").status_code == 403
    assert store_setup(writer).status_code == 201
    assert [row["beamlineName"] for row in rows(BeamLineSetup)] == ["i03", "i03"]


def test_what_a_setup_has_no_column_for_is_named(alice, today):
    answer = store_setup(alice, BeamLineSetup=None, input_files_server="x", directory_prefix="/d")
    assert answer.json["warnings"] == [
        "BeamLineSetup: not stored",
        "directory_prefix, input_files_server: not stored, no column has it",
    ]


def test_a_setup_is_stored_whatever_letters_its_labels_have(alice, today, rows):
    """The mode is a message of the machine."""
    answer = store_setup(alice, synchrotronMode="→ 250 mA", focusing_optic="KB α")
    assert answer.status_code == 201
    assert len(answer.json["warnings"]) == 2
    (row,) = rows(BeamLineSetup)
    assert (row["synchrotronMode"], row["focusingOptic"]) == ("> 250 mA", "KB a")


def test_an_empty_text_of_a_setup_is_null(alice, today, rows):
    assert "warnings" not in store_setup(alice, synchrotronMode="", focusing_optic="").json
    (row,) = rows(BeamLineSetup)
    assert (row["synchrotronMode"], row["focusingOptic"]) == (None, None)


# ------------------------------------------------------------------ detectors


@pytest.fixture
def detectors(add, alice):
    for key, mode in ((9, "HW"), (4, "HW"), (2, "SW")):
        names = {"detectorManufacturer": "Dectris", "detectorModel": "EIGER2 X 16M"}
        add(Detector(detectorId=key, detectorMode=mode, detectorType="pixel", **names))
    add(Detector(detectorId=11, detectorManufacturer="Smith", detectorModel="S&S 100% +"))
    add(Detector(detectorId=12, detectorManufacturer="Smith", detectorModel="S"))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("manufacturer=DECTRIS&model=EIGER2%20X%2016M&mode=HW&type=pixel", 4),
        ("manufacturer=dectris&model=EIGER2%20X%2016M&mode=&type=", 2),
        ("manufacturer=Dectris&model=EIGER2%20X%2016M&mode=None&type=None", 2),
        ("manufacturer=Dectris&model=EIGER2%20X%2016M&mode=XX&type=", None),
        ("manufacturer=Rigaku&model=&mode=&type=", None),
        ("manufacturer=&model=&mode=&type=", None),
        ("manufacturer=Smith&Sons&model=EIGER2%20X%2016M&mode=&type=", None),
        ("manufacturer=Smith&Sons&model=S&mode=&type=", None),
        ("manufacturer=Smith&model=S&S%20100%25%20+&mode=&type=", 11),
        ("manufacturer=smith&model=s&mode=None&type=", 12),
        ("manufacturer=Dectris&model=EIGER2+X+16M&mode=HW&type=pixel", 4),
        ("model=EIGER2+X+16M&manufacturer=Dectris", 2),
        ("", None),
    ],
)
def test_a_detector_is_one_object(query, found, alice, detectors):
    """Trap 2.4: the client quotes nothing and cannot read a list; a 404 is none."""
    answer = alice.get(f"{ROOT}/detectors?{query}")
    assert answer.status_code == (404 if found is None else 200)
    assert answer.json.get("detectorId") == found


# ------------------------------------------------------------------ images


@pytest.fixture
def collection(add, alice):
    add(DataCollectionGroup(dataCollectionGroupId=5, sessionId=11))
    add(DataCollection(dataCollectionId=50, dataCollectionGroupId=5))
    add(DataCollectionGroup(dataCollectionGroupId=6, sessionId=22))
    add(DataCollection(dataCollectionId=60, dataCollectionGroupId=6))


def store_image(client, **other):
    image = {"dataCollectionId": 50, "imageNumber": 1, "fileName": "a_1.h5", "temperature": 100.2}
    return client.post(f"{ROOT}/images/image", json=image | other)


def test_an_image_has_its_columns(add, alice, collection, rows):
    add(MotorPosition(motorPositionId=4))
    sent = {"dataCollectionId": 50, "imageNumber": 7, "motorPositionId": 4, "comments": "last"}
    sent |= {"fileName": "a_7.h5", "fileLocation": "/data", "machineMessage": "top-up"}
    sent |= {"jpegFileFullPath": "/data/7.jpeg", "jpegThumbnailFileFullPath": "/data/7.t.jpeg"}
    sent |= {"measuredIntensity": 2.5, "cumulativeIntensity": 9.5, "temperature": 100.5}
    sent |= {"synchrotronCurrent": 249.5}
    answer = store_image(alice, **sent)
    (row,) = rows(Image)
    assert (answer.status_code, answer.json) == (201, {"imageId": row["imageId"]})
    assert {name: row[name] for name in sent} == sent
    lost = store_image(alice, motorPositionId=999)
    assert lost.status_code == 424 and "motorPositionId" in lost.json["errors"]


def test_an_image_is_stored_once_for_its_number(alice, collection, rows):
    """Trap 2.6: a stored image with the same number is changed."""
    first = store_image(alice, machineMessage="m" * 1100, motors={})
    assert first.status_code == 201
    assert {*first.json["warnings"]} == {
        "machineMessage: cut to 1024 characters",
        "motors: not stored",
    }
    again = store_image(alice, temperature=99.0, fileName=None)
    assert (again.status_code, again.json) == (200, {"imageId": first.json["imageId"]})
    (row,) = rows(Image)
    assert (row["imageId"], row["fileName"]) == (first.json["imageId"], "a_1.h5")
    assert row["temperature"] == pytest.approx(99.0)


def test_the_name_of_an_image_is_one_line(alice, collection, rows):
    answer = store_image(alice, fileName="a\t\n1.h5\n", comments="a\nb")
    assert answer.json["warnings"] == ["fileName: control characters replaced by blanks"]
    (row,) = rows(Image)
    assert (row["fileName"], row["comments"]) == ("a 1.h5", "a\nb")


@pytest.mark.parametrize("key", [None, "", -1, "None", 0])
def test_an_image_of_no_collection_is_refused(key, alice, collection, rows):
    """Trap 2.6: the collection may be null; the client only logs a 422."""
    answer = store_image(alice, dataCollectionId=key)
    assert answer.status_code == 422 and "dataCollectionId" in answer.json["errors"]
    assert store_image(alice, dataCollectionId=60).status_code == 404  # hidden
    assert rows(Image) == []


# ------------------------------------------------------------------ robot actions


def act(client, **other):
    return client.post(f"{ROOT}/events/robot-action", json=ROBOT | other)


def test_a_robot_action_has_both_its_times(alice, rows):
    """Trap 2.8: the columns have odd defaults; empty text is no time."""
    assert act(alice).status_code == 201
    assert act(alice, startTimestamp="").status_code == 201
    assert act(alice, endTimestamp="", startTimestamp="").status_code == 201
    told, ended, neither = rows(RobotAction)
    start, end = datetime(2026, 11, 20, 13, 58, 2), datetime(2026, 11, 20, 13, 58, 31)
    assert (told["startTimestamp"], told["endTimestamp"]) == (start, end)
    assert (ended["startTimestamp"], ended["endTimestamp"]) == (end, end)
    assert abs(neither["startTimestamp"] - datetime.now()) < timedelta(minutes=1)
    assert neither["endTimestamp"] is None


def test_a_robot_action_has_its_columns(alice, rows):
    pictures = {"xtalSnapshotBefore": "/data/1.jpeg", "xtalSnapshotAfter": "/data/2.jpeg"}
    answer = act(alice, **pictures)
    (row,) = rows(RobotAction)
    assert (answer.status_code, answer.json) == (201, {"results": row["robotActionId"]})
    expected = pictures | {
        "blsessionId": 11,
        "blsampleId": 1,
        "actionType": "LOAD",
        "containerLocation": 3,
        "dewarLocation": 2,
        "sampleBarcode": "HA00AF3312",
        "status": "SUCCESS",
        "message": None,  # it was empty
    }
    assert {name: row[name] for name in expected} == expected


def test_what_a_robot_says_that_is_no_number_or_word(alice, rows):
    """Trap 2.8: places are small numbers in the database, and some words have a column value."""
    answer = act(
        alice, containerLocation="B3", dewarLocation=70000, actionType="JUMP", status="ok"
    )
    assert answer.status_code == 201
    assert answer.json["warnings"] == [
        "actionType: 'JUMP' is not known, not stored",
        "containerLocation: 'B3' is not known, not stored",
        "dewarLocation: 70000 is not known, not stored",
        "status: 'ok' is not known, not stored",
    ]
    (row,) = rows(RobotAction)
    assert row["containerLocation"] is row["dewarLocation"] is row["actionType"] is None
    assert act(alice, actionType="load", blSampleId=-1).status_code == 201
    assert (rows(RobotAction)[1]["actionType"], rows(RobotAction)[1]["blsampleId"]) == (
        "LOAD",
        None,
    )


# ------------------------------------------------------------------ energy scans and spectra


def test_an_energy_scan_has_its_columns(alice, rows):
    extras = {"remoteEnergy": 12.9, "edge": "K", "directory": "/data", "prefix": "x"}
    answer = alice.post(f"{ROOT}/events/energyscan", json=SCAN | extras)
    (row,) = rows(EnergyScan)
    warnings = ["directory, edge, prefix, remoteEnergy: not stored, no column has it"]
    assert answer.status_code == 201
    assert answer.json == {"results": row["energyScanId"], "warnings": warnings}
    row |= {name: f"{row[name]}" for name in ("startTime", "endTime")}
    assert {name: row[name] for name in SCAN} == pytest.approx(SCAN)


def test_the_folder_of_a_scan_has_45_characters_only(alice, rows):
    """Trap 2.8; and the energy of the edge is text."""
    odd = {"workingDirectory": "/d" * 40, "edgeEnergy": 12.66}
    answer = alice.post(f"{ROOT}/events/energyscan", json=SCAN | odd)
    assert answer.json["warnings"] == ["workingDirectory: cut to 45 characters"]
    (row,) = rows(EnergyScan)
    assert (row["edgeEnergy"], row["workingDirectory"]) == ("12.66", ("/d" * 40)[:45])


def test_a_sample_is_given_to_an_energy_scan(alice, as_, rows):
    key = alice.post(f"{ROOT}/events/energyscan", json=SCAN | {"blSampleId": None}).json["results"]
    path = f"{ROOT}/events/energyscan/associate-bl-sample"
    sent = {"energyScanId": str(key), "blSampleId": 1}
    assert as_("carol", 3).patch(path, json=sent).status_code == 404
    answer = alice.patch(path, json=sent)
    assert (answer.status_code, answer.json) == (200, {"energyScanId": key, "blSampleId": 1})
    assert rows(EnergyScan)[0]["blSampleId"] == 1
    assert alice.patch(path, json={"energyScanId": -1, "blSampleId": 1}).status_code == 422
    assert alice.patch(path, json={"energyScanId": key, "blSampleId": 999}).status_code == 424


def test_a_spectrum_has_its_columns(alice, rows):
    sent = {"sessionId": 11, "blSampleId": 1, "energy": 14.2, "beamTransmission": 1.5}
    sent |= {"exposureTime": 3.0, "flux": 1.1e11, "filename": "xrf_1.dat", "workingDirectory": "/"}
    sent |= {"beamSizeHorizontal": 50.0, "beamSizeVertical": 20.0, "comments": "Zn"}
    paths = ("scanFileFullPath", "jpegScanFileFullPath", "fittedDataFileFullPath")
    sent |= {name: f"/data/{name}" for name in (*paths, "annotatedPymcaXfeSpectrum")}
    times = {"startTime": "2026-11-20 13:45:00", "endTime": "2026-11-20 13:45:09"}
    answer = alice.post(f"{ROOT}/events/xfe-fluorescence-spectrum", json=sent | times)
    (row,) = rows(XFEFluorescenceSpectrum)
    key = row["xfeFluorescenceSpectrumId"]
    assert (answer.status_code, answer.json) == (201, {"results": key})
    assert {name: row[name] for name in sent} == pytest.approx(sent)
    assert {name: f"{row[name]}" for name in times} == times
    too_long = sent | {"scanFileFullPath": "/" * 256}
    refused = alice.post(f"{ROOT}/events/xfe-fluorescence-spectrum", json=too_long)
    assert refused.status_code == 422 and "scanFileFullPath" in refused.json["errors"]
