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
    BLSample,
    BLSession,
    Crystal,
    DataCollection,
    DataCollectionGroup,
    Detector,
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
