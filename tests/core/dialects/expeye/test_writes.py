"""The dialect of Exp-Eye, as Hyperion uses it. Its client: tests/clients."""

import threading
from datetime import datetime

import pytest
from sqlalchemy import select

from services.core.models import RobotAction
from shared.models import DataCollection, DataCollectionGroup, Detector, GridInfo, Position

ROOT = "/ispyb/expeye"
SESSION = f"{ROOT}/proposals/mx1/sessions/1"
LOAD = {"startTimestamp": "2026-11-20 09:12:40", "actionType": "LOAD", "sampleId": 1}
SCAN = {
    "sampleId": 1,
    "imageDirectory": "/dls/x/ab12345-2/lys/",
    "imagePrefix": "lys",
    "imageSuffix": "h5",
    "fileTemplate": "lys_1_master.h5",
    "dataCollectionNumber": 1,
    "numberOfImages": 3600,
    "startImageNumber": 1,
    "numberOfPasses": 1,
    "overlap": 0,
    "omegaStart": 0.0,
    "axisStart": 0.0,
    "axisRange": 0.1,
    "axisEnd": 360.0,
    "exposureTime": 0.004,
    "detectorDistance": 250.0,
    "xBeam": 150.1,
    "yBeam": 160.2,
    "startTime": "2026-11-20 09:20:00",
    "comments": "rotation",
}
MEASURED = {
    "chiStart": 30.0,
    "kappaStart": 1.5,
    "wavelength": 0.9763,
    "resolution": 1.6,
    "xtalSnapshotFullPath1": "/dls/1.png",
    "xtalSnapshotFullPath2": "/dls/2.png",
    "xtalSnapshotFullPath3": "/dls/3.png",
    "xtalSnapshotFullPath4": "/dls/4.png",
    "synchrotronMode": "User",
    "undulatorGap1": 6.1,
    "slitGapHorizontal": 0.1,
    "slitGapVertical": 0.2,
    "beamSizeAtSampleX": 0.05,
    "beamSizeAtSampleY": 0.02,
    "transmission": 20.0,
    "flux": 9.7e11,
}
GRID = {
    "dx": 0.02,
    "dy": 0.02,
    "stepsX": 20,
    "stepsY": 12,
    "orientation": "horizontal",
    "micronsPerPixelX": 1.25,
    "micronsPerPixelY": 1.25,
    "snapshotOffsetXPixel": 310,
    "snapshotOffsetYPixel": 244,
    "snaked": True,
}


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
def hyperion(as_, stock):
    """The beamline's service token, which is all that the client has."""
    return as_("hyperion", None, "mx_write", service=True, beamlines=["i03"])


@pytest.fixture
def group(hyperion):
    """The id of a new group of session mx1-1."""
    made = hyperion.post(f"{SESSION}/data-groups", json={"experimentType": "SAD", "sampleId": 1})
    return made.json["dataCollectionGroupId"]


@pytest.fixture
def collection(hyperion, group):
    """The id of a new data collection of that group."""
    made = hyperion.post(f"{ROOT}/data-groups/{group}/data-collections", json=SCAN)
    return made.json["dataCollectionId"]


def kept(row):
    """The columns of a row that are not null."""
    return {name: value for name, value in row.items() if value not in (None, 0.0)}


# ------------------------------------------------------------------ robot actions and samples


@pytest.mark.parametrize("reference", ["mx1", "MX1"])
def test_a_robot_action_begins_in_a_session(reference, hyperion, rows):
    path = f"{ROOT}/proposals/{reference}/sessions/1/robot-actions"
    answer = hyperion.post(path, json=LOAD)
    assert answer.status_code == 201, answer.json
    found = {n: answer.json[n] for n in ("robotActionId", "sessionId", "sampleId")}
    (row,) = rows(RobotAction)
    assert found == {"robotActionId": row["robotActionId"], "sessionId": 11, "sampleId": 1}
    assert answer.json["startTimestamp"] == "2026-11-20T09:12:40"
    assert answer.json["endTimestamp"] is None
    assert (row["blsessionId"], row["blsampleId"], row["actionType"]) == (11, 1, "LOAD")
    assert row["startTimestamp"] == datetime(2026, 11, 20, 9, 12, 40)


def test_a_robot_action_keeps_its_begin(hyperion, rows):
    """The column is the present after each update that does not set it."""
    path = f"{ROOT}/robot-actions/"
    path += str(hyperion.post(f"{SESSION}/robot-actions", json=LOAD).json["robotActionId"])
    place = {"sampleBarcode": "HA00AF3312", "containerLocation": 3, "dewarLocation": 12}
    end = {"endTimestamp": "2026-11-20 09:13:05", "status": "SUCCESS", "message": "OK"}
    snapshots = {"xtalSnapshotBefore": "/dls/1.png", "xtalSnapshotAfter": "/dls/2.png"}
    for body in ({}, place, snapshots, end):
        answer = hyperion.patch(path, json=body)
        assert answer.status_code == 200, answer.json
    (row,) = rows(RobotAction)
    assert row["startTimestamp"] == datetime(2026, 11, 20, 9, 12, 40)
    assert row["endTimestamp"] == datetime(2026, 11, 20, 9, 13, 5)
    expected = {**place, **snapshots, "status": "SUCCESS", "message": "OK"}
    assert {name: row[name] for name in expected} == expected
    assert {name: answer.json[name] for name in expected} == expected
    cleared = hyperion.patch(path, json={"endTimestamp": None, "sampleBarcode": None}).json
    assert (cleared["endTimestamp"], cleared["sampleBarcode"]) == (None, None)
    assert cleared["startTimestamp"] == "2026-11-20T09:12:40" and cleared["containerLocation"] == 3


def test_a_text_of_one_line_has_blanks_for_control_characters(hyperion):
    given = {"sampleBarcode": "HA1\r\nX\n", "message": "stopped:\n\tgripper"}
    made = hyperion.post(f"{SESSION}/robot-actions", json=LOAD | given)
    assert (made.json["sampleBarcode"], made.json["message"]) == ("HA1 X", given["message"])
    assert made.json["warnings"] == ["sampleBarcode: control characters replaced by blanks"]


def test_a_message_is_cut(hyperion):
    made = hyperion.post(f"{SESSION}/robot-actions", json=LOAD | {"message": "m" * 300})
    assert made.json["message"] == "m" * 255
    assert made.json["warnings"] == ["message: cut to 255 characters"]


def test_an_unknown_sample_is_a_readable_refusal(hyperion, rows):
    for sample in (8, 999):  # of no proposal that is at this beamline, and absent
        answer = hyperion.post(f"{SESSION}/robot-actions", json=LOAD | {"sampleId": sample})
        assert answer.status_code == 422 and isinstance(answer.json["detail"], str)
        answer = hyperion.patch(f"{ROOT}/samples/{sample}", json={"blSampleStatus": "LOADED"})
        assert answer.status_code == 404 and isinstance(answer.json["detail"], str)
    assert rows(RobotAction) == []


def test_the_state_of_a_sample(hyperion):
    """The client requires three keys, whether they have values or not."""
    for status in ("LOADED", "ERROR - sample", "ERROR - beamline"):
        answer = hyperion.patch(f"{ROOT}/samples/1", json={"blSampleStatus": status})
        assert answer.status_code == 200
        expected = {"blSampleId": 1, "blSampleStatus": status, "containerId": 1}
        assert answer.json.items() >= expected.items()
    lone = hyperion.patch(f"{ROOT}/samples/2", json={"blSampleStatus": "LOADED"}).json
    expected = {"blSampleId": 2, "blSampleStatus": "LOADED", "containerId": None}
    assert lone.items() >= expected.items()


# ------------------------------------------------------------------ groups


@pytest.mark.parametrize(("given", "stored"), [("SAD", "SAD"), ("mesh", "Mesh")])
def test_a_group_begins_now(given, stored, hyperion, rows):
    """The type is matched without case; no begin is sent."""
    before = datetime.now().replace(microsecond=0)
    body = {"experimentType": given, "sampleId": 1, "actualSampleBarcode": "HA1"}
    answer = hyperion.post(f"{SESSION}/data-groups", json=body)
    assert answer.status_code == 201
    (row,) = rows(DataCollectionGroup)
    assert before <= row.pop("startTime") <= datetime.now()
    assert kept(row) == {
        "dataCollectionGroupId": answer.json["dataCollectionGroupId"],
        "sessionId": 11,
        "blSampleId": 1,
        "experimentType": stored,
        "actualSampleBarcode": "HA1",
    }
    assert answer.json["sampleId"] == 1 and answer.json["experimentType"] == stored


def test_a_group_changes_in_what_is_named(hyperion, group, rows):
    body = {"experimentType": "SAD", "sampleId": 1, "comments": "bundle 2"}
    answer = hyperion.patch(f"{ROOT}/data-groups/{group}", json=body)
    assert answer.status_code == 200
    assert (answer.json["dataCollectionGroupId"], answer.json["comments"]) == (group, "bundle 2")
    unknown = hyperion.patch(f"{ROOT}/data-groups/{group}", json={"experimentType": "Odd"})
    assert unknown.json["experimentType"] == "SAD"  # a word that is not known clears nothing
    assert unknown.json["warnings"] == ["experimentType: 'Odd' is not known, not stored"]
    cleared = hyperion.patch(f"{ROOT}/data-groups/{group}", json={"comments": None})
    assert (cleared.json["comments"], cleared.json["sampleId"]) == (None, 1)


def test_a_group_gets_another_sample_as_scaup_sends_it(hyperion, group, collection, rows):
    """The columns that data collections repeat of their group change too."""
    answer = hyperion.patch(f"{ROOT}/data-groups/{group}", json={"sampleId": 2})
    assert (answer.status_code, answer.json["sampleId"]) == (200, 2)
    assert rows(DataCollectionGroup)[0]["blSampleId"] == rows(DataCollection)[0]["BLSAMPLEID"] == 2


def test_a_long_type_is_cut_in_data_collections(hyperion, rows):
    """The column there has 24 characters."""
    made = hyperion.post(
        f"{SESSION}/data-groups", json={"experimentType": "diamond anvil high pressure"}
    ).json
    path = f"{ROOT}/data-groups/{made['dataCollectionGroupId']}/data-collections"
    assert hyperion.post(path, json=SCAN).status_code == 201
    assert made["experimentType"] == "Diamond Anvil High Pressure"
    assert rows(DataCollection)[0]["experimenttype"] == "Diamond Anvil High Press"


# ------------------------------------------------------------------ data collections


def test_a_data_collection_has_what_is_sent(hyperion, group, rows):
    answer = hyperion.post(f"{ROOT}/data-groups/{group}/data-collections", json=SCAN)
    assert answer.status_code == 201, answer.json
    (row,) = rows(DataCollection)
    assert answer.json["dataCollectionId"] == row["dataCollectionId"]
    assert answer.json["dataCollectionGroupId"] == row["dataCollectionGroupId"] == group
    assert (row["SESSIONID"], row["BLSAMPLEID"], row["experimenttype"]) == (11, 1, "SAD")
    assert row["startTime"] == datetime(2026, 11, 20, 9, 20)
    for name in SCAN.keys() - {"sampleId", "startTime"}:
        assert row[name] == pytest.approx(SCAN[name]) and row[name] is not None, name
    told = {name: answer.json[name] for name in SCAN}
    assert told == {**SCAN, "startTime": "2026-11-20T09:20:00"}
    assert "warnings" not in answer.json


def test_each_attempt_is_a_data_collection(hyperion, group, collection, rows):
    """An attempt that failed early wrote no file, and the next one has the same names."""
    again = hyperion.post(f"{ROOT}/data-groups/{group}/data-collections", json=SCAN)
    assert again.status_code == 201
    found = [row["dataCollectionId"] for row in rows(DataCollection)]
    assert found == [collection, again.json["dataCollectionId"]]


def test_every_answer_is_the_whole_object(hyperion, group, collection):
    """The answer has all fields of the client; a body without fields changes nothing."""
    action = hyperion.post(f"{SESSION}/robot-actions", json=LOAD).json
    paths = {
        f"robot-actions/{action['robotActionId']}": action,
        f"data-groups/{group}": {"dataCollectionGroupId": group, "sampleId": 1, "comments": None},
        f"data-collections/{collection}": {"sampleId": 1, "flux": None, "comments": "rotation"},
        "samples/1": {"blSampleId": 1, "containerId": 1, "blSampleStatus": None},
    }
    for path, expected in paths.items():
        answer = hyperion.patch(f"{ROOT}/{path}", json={})
        assert answer.status_code == 200
        assert {name: answer.json[name] for name in expected} == expected
    for path, body in (("position", {"posX": 0.1}), ("grids", GRID)):
        answer = hyperion.post(f"{ROOT}/data-collections/{collection}/{path}", json=body).json
        assert answer["dataCollectionId"] == collection and body.items() <= answer.items()


def test_what_is_measured_follows(hyperion, collection, rows):
    answer = hyperion.patch(f"{ROOT}/data-collections/{collection}", json=MEASURED)
    (row,) = rows(DataCollection)
    for name, value in MEASURED.items():
        assert row[name] == answer.json[name] == pytest.approx(value), name
    assert answer.json["comments"] == row["comments"] == "rotation" and answer.status_code == 200


def test_a_change_is_of_what_is_named(add, hyperion, collection, rows):
    add(Detector(detectorId=78))
    (before,) = rows(DataCollection)
    flux = {"flux": 9.7e11, "transmission": 20.0, "detectorMode": "FULL", "detectorId": 78}
    answer = hyperion.patch(f"{ROOT}/data-collections/{collection}", json=flux)
    assert answer.status_code == 200 and answer.json["dataCollectionId"] == collection
    (after,) = rows(DataCollection)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"flux", "transmission", "DETECTORMODE", "detectorId"}
    end = {"endTime": "2026-11-20 09:20:31", "runStatus": "DataCollection Successful"}
    assert hyperion.patch(f"{ROOT}/data-collections/{collection}", json=end).status_code == 200
    (row,) = rows(DataCollection)
    assert row["endTime"] == datetime(2026, 11, 20, 9, 20, 31)
    assert (row["runStatus"], row["comments"]) == ("DataCollection Successful", "rotation")


def test_absent_keeps_and_null_clears(hyperion, collection):
    path = f"{ROOT}/data-collections/{collection}"
    assert hyperion.patch(path, json={"wavelength": 0.97, "flux": 1e12}).json["flux"] == 1e12
    cleared = hyperion.patch(path, json={"flux": None, "detectorId": None}).json
    assert (cleared["flux"], cleared["wavelength"]) == (None, pytest.approx(0.97))


@pytest.mark.parametrize(
    "given", ["2026-11-20 09:20:31", "2026-11-20T09:20:31.25", "2026-11-20T09:20:31+00:00"]
)
def test_times_are_local_and_of_whole_seconds(given, hyperion, collection, rows):
    path = f"{ROOT}/data-collections/{collection}"
    assert hyperion.patch(path, json={"endTime": given}).json["endTime"] == "2026-11-20T09:20:31"
    assert rows(DataCollection)[0]["endTime"] == datetime(2026, 11, 20, 9, 20, 31)


def test_a_sample_of_a_collection_is_its_groups(hyperion, rows):
    lone = hyperion.post(f"{SESSION}/data-groups", json={"experimentType": "SAD"}).json
    path = f"{ROOT}/data-groups/{lone['dataCollectionGroupId']}/data-collections"
    assert hyperion.post(path, json=SCAN).status_code == 201
    assert rows(DataCollectionGroup)[0]["blSampleId"] == rows(DataCollection)[0]["BLSAMPLEID"] == 1
    other = hyperion.post(path, json=SCAN | {"sampleId": 2, "dataCollectionNumber": 2})
    assert other.json["warnings"] == ["sampleId: the group is of sample 1"]


def test_a_comment_is_added_as_it_is(hyperion, collection):
    """The client brings its own blank; without the flag the text is replaced."""
    path = f"{ROOT}/data-collections/{collection}"
    added = hyperion.patch(f"{path}?appendComment=true", json={"comments": " Aperture: MEDIUM. "})
    assert added.status_code == 200
    assert added.json["comments"] == "rotation Aperture: MEDIUM. "
    both = {"comments": "x", "runStatus": "done"}
    answer = hyperion.patch(f"{path}?appendComment=true", json=both).json
    assert (answer["comments"], answer["runStatus"]) == ("rotation Aperture: MEDIUM. x", "done")
    assert hyperion.patch(path, json={"comments": "new"}).json["comments"] == "new"
    hyperion.patch(path, json={"comments": None})
    added = hyperion.patch(f"{path}?appendComment=true", json={"comments": " first"})
    assert added.json["comments"] == " first"  # none is empty


def test_a_comment_that_does_not_fit_is_cut_and_nothing_is_lost(hyperion, collection):
    path = f"{ROOT}/data-collections/{collection}"
    longer = hyperion.patch(path, json={"comments": "c" * 1025}).json
    assert longer["comments"] == "c" * 1024
    assert longer["warnings"] == ["comments: cut to 1024 characters"]
    hyperion.patch(path, json={"comments": "rotation"})
    path += "?appendComment=true"
    answer = hyperion.patch(path, json={"comments": "c" * 1020})
    assert answer.status_code == 200
    assert answer.json["comments"] == "rotation" + "c" * 1016
    assert answer.json["warnings"] == ["comments: cut to what there is room for"]


def test_of_comments_that_are_added_at_once_none_is_lost(hyperion, collection):
    """It is one statement."""
    path = f"{ROOT}/data-collections/{collection}?appendComment=true"
    sent = [
        threading.Thread(
            target=hyperion.patch, args=(path,), kwargs={"json": {"comments": f" {n}."}}
        )
        for n in range(6)
    ]
    for thread in sent:
        thread.start()
    for thread in sent:
        thread.join()
    whole = hyperion.patch(path, json={"comments": ""}).json["comments"]
    assert sorted(whole.split()) == sorted(["rotation", *(f"{n}." for n in range(6))])


def test_a_position_is_one_row_however_often_it_is_sent(hyperion, collection, rows):
    path = f"{ROOT}/data-collections/{collection}/position"
    first = hyperion.post(path, json={"posX": 0.113, "posY": -0.042, "posZ": 0.301})
    second = hyperion.post(path, json={"posX": 0.2, "posY": 0.0, "posZ": 0.3})
    assert (first.status_code, second.status_code) == (201, 201)
    (row,) = rows(Position)
    assert first.json["positionId"] == second.json["positionId"] == row["positionId"]
    assert second.json["dataCollectionId"] == collection
    assert (row["posX"], row["posY"], row["posZ"]) == (0.2, 0.0, 0.3)
    assert rows(DataCollection)[0]["POSITIONID"] == row["positionId"]


def test_a_grid_is_of_its_collection(hyperion, collection, rows):
    answer = hyperion.post(f"{ROOT}/data-collections/{collection}/grids", json=GRID)
    assert answer.status_code == 201
    (row,) = rows(GridInfo)
    assert answer.json["gridInfoId"] == row["gridInfoId"]
    assert answer.json["dataCollectionId"] == row["dataCollectionId"] == collection
    assert (row["dx_mm"], row["dy_mm"], row["steps_x"], row["steps_y"]) == (0.02, 0.02, 20, 12)
    assert (row["snapshot_offsetXPixel"], row["snapshot_offsetYPixel"]) == (310, 244)
    assert (row["orientation"], row["snaked"]) == ("horizontal", 1)
    assert (row["micronsPerPixelX"], row["micronsPerPixelY"]) == (1.25, 1.25)


# ------------------------------------------------------------------ errors, and who may


@pytest.mark.parametrize(
    ("verb", "path", "body", "status"),
    [
        ("post", "proposals/mx1/sessions/9/data-groups", {}, 404),
        ("post", "proposals/mx2/sessions/1/data-groups", {}, 404),  # it is on i04
        ("post", "proposals/11/sessions/1/data-groups", {}, 404),
        ("post", "proposals/mx9/sessions/1/robot-actions", LOAD, 404),
        ("patch", "robot-actions/999", {}, 404),
        ("patch", "data-groups/999", {}, 404),
        ("post", "data-groups/999/data-collections", SCAN, 404),
        ("patch", "data-collections/999", {}, 404),
        ("patch", "data-collections/999?appendComment=true", {"comments": " x"}, 404),
        ("post", "data-collections/999/position", {"posX": 1.0}, 404),
        ("post", "data-collections/999/grids", GRID, 404),
        ("post", "proposals/mx1/sessions/1/data-groups", {"sampleId": 999}, 422),
    ],
)
def test_what_is_not_there_is_refused_with_a_detail(verb, path, body, status, hyperion):
    answer = getattr(hyperion, verb)(f"{ROOT}/{path}", json=body)
    assert answer.status_code == status
    assert isinstance(answer.json["detail"], str) and answer.json["detail"]


@pytest.mark.parametrize("sample", [8, 999])
def test_a_hidden_sample_is_as_absent_in_every_body(sample, hyperion, group, rows):
    action = hyperion.post(f"{SESSION}/robot-actions", json=LOAD).json["robotActionId"]
    lone = hyperion.post(f"{SESSION}/data-groups", json={}).json["dataCollectionGroupId"]
    before = rows(RobotAction), rows(DataCollectionGroup)
    for verb, path in (
        ("post", f"{SESSION}/robot-actions"),
        ("patch", f"{ROOT}/robot-actions/{action}"),
        ("post", f"{SESSION}/data-groups"),
        ("patch", f"{ROOT}/data-groups/{group}"),
        ("post", f"{ROOT}/data-groups/{lone}/data-collections"),
    ):
        answer = getattr(hyperion, verb)(path, json=LOAD | {"sampleId": sample})
        assert answer.status_code == 422, path
        assert list(answer.json["errors"].values()) == [["no such BLSample"]]
    assert (rows(RobotAction), rows(DataCollectionGroup)) == before and not rows(DataCollection)


def test_what_is_sent_again_under_its_key_is_done_once(hyperion, group, collection, rows):
    key = {"Idempotency-Key": "once"}
    for path, body, model in (
        (f"{SESSION}/robot-actions", LOAD, RobotAction),
        (f"{SESSION}/data-groups", {"experimentType": "SAD"}, DataCollectionGroup),
        (
            f"{ROOT}/data-groups/{group}/data-collections",
            SCAN | {"imagePrefix": "b"},
            DataCollection,
        ),
        (f"{ROOT}/data-collections/{collection}/position", {"posX": 1.0}, Position),
        (f"{ROOT}/data-collections/{collection}/grids", GRID, GridInfo),
    ):
        first = hyperion.post(path, json=body, headers=key)
        stored = rows(model)
        again = hyperion.post(path, json=body, headers=key)
        assert (again.status_code, again.json) == (201, first.json) and rows(model) == stored


@pytest.mark.parametrize(
    "body", [{"detectorId": 999}, {"flux": "much"}, {"imageDirectory": "/" * 256}]
)
def test_a_wrong_value_is_named(body, hyperion, group, rows):
    path = f"{ROOT}/data-groups/{group}/data-collections"
    answer = hyperion.post(path, json=SCAN | body)
    assert answer.status_code == 422 and body.keys() <= answer.json["errors"].keys()
    assert rows(DataCollection) == []


def test_only_a_writing_program_of_the_beamline_may(as_, hyperion, collection):
    path = f"{ROOT}/data-collections/{collection}"
    program = {"service": True, "beamlines": ["i04"]}
    bad = hyperion.patch(path, json={}, headers={"Authorization": "Bearer no"})
    assert bad.status_code == 401 and isinstance(bad.json["detail"], str)
    assert as_("alice", 1).patch(path, json={}).status_code == 403
    assert as_("reader", None, service=True).patch(path, json={}).status_code == 403
    assert as_("other", None, "mx_write", **program).patch(path, json={}).status_code == 404
