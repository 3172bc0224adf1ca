"""Groups of data collections: one experiment, alone or as one document."""

import pytest
from marshmallow.fields import Float

from services.core.schemas.acquisition.data_collections import DataCollectionSchema
from shared.models import (
    BLSample,
    BLSubSample,
    Crystal,
    DataCollection,
    DataCollectionGroup,
    GridInfo,
    Position,
    Protein,
)

URL = "/ispyb/api/v1/data_collections/groups"
AXES = ("posX", "posY", "posZ")
WRITER = ("gda", None, "mx_write", "all_sessions")
DOCUMENT = {
    "sessionId": 11,
    "experimentType": "Diamond Anvil High Pressure",
    "startTime": "2024-05-11T10:00:00",
    "scanParameters": '{"scans": [1, "é"]}',
    "DataCollection": [
        {
            "imageDirectory": "/data/mx1/",
            "imagePrefix": "lys",
            "dataCollectionNumber": number,
            "kappaStart": -9999,
            "omegaStart": 12.5,
            "Position": {"posX": 0.5, "posY": -0.25},
            "GridInfo": [{"dx_mm": 0.02, "steps_x": 20, "snaked": True}],
        }
        for number in (1, 2)
    ],
}


def ids(response):
    assert response.status_code == 200, response.json
    return [row["dataCollectionGroupId"] for row in response.json["results"]]


@pytest.fixture
def groups(facility, add):
    """Group 1 of session 11, groups 2 and 3 of 21 and 22, each with a data collection; sample 5
    of proposal 2.
    """
    add(
        Protein(proteinId=5, proposalId=2),
        Crystal(crystalId=5, proteinId=5),
        BLSample(blSampleId=5, crystalId=5, name="lys-x7"),
    )
    for key, session in ((1, 11), (2, 21), (3, 22)):
        add(
            DataCollectionGroup(dataCollectionGroupId=key, sessionId=session),
            DataCollection(dataCollectionId=key, dataCollectionGroupId=key, sessionId=session),
        )


@pytest.mark.parametrize(
    "caller, expected",
    [
        (("alice", 1), [1]),
        (("carol", 3), [3, 2]),
        (("dave", 4), [3]),
        (("erin", 5), []),
        (("erin", 5, "mx_admin"), [3, 1]),
    ],
)
def test_who_sees_which_group(as_, groups, caller, expected):
    client = as_(*caller)
    assert ids(client.get(URL)) == expected
    for key in (1, 2, 3):
        status = 200 if key in expected else 404
        assert client.get(f"{URL}/{key}").status_code == status


@pytest.mark.parametrize(
    "query, expected",
    [
        ("proposal=mx2", [3, 2]),
        ("proposal=1", [1]),
        ("sessionId=21", [2]),
        ("beamLineName=i03&sort=dataCollectionGroupId", [1, 3]),
        ("experimentType=EM", []),
    ],
)
def test_filters(as_, groups, query, expected):
    assert ids(as_(*WRITER).get(f"{URL}?{query}")) == expected


def test_a_hidden_proposal_is_no_filter(as_, groups, same):
    dave = as_("dave", 4)
    same(dave.get(f"{URL}?proposal=mx1"), dave.get(f"{URL}?proposal=mx9"))


def test_one_document_is_stored_whole(as_, groups, engine):
    response = as_(*WRITER).post(URL, json=DOCUMENT)
    assert response.status_code == 201, response.json
    shown = response.json
    assert shown["_metadata"] == {"data_collections": 2}
    assert shown["scanParameters"] == DOCUMENT["scanParameters"]
    for number, found in enumerate(shown["DataCollection"], 1):
        assert found["dataCollectionGroupId"] == shown["dataCollectionGroupId"]
        assert (found["dataCollectionNumber"], found["kappaStart"]) == (number, None)
        assert (found["omegaStart"], found["Position"]["posY"]) == (12.5, -0.25)
        assert found["Position"]["recordTimeStamp"] is not None
        (grid,) = found["GridInfo"]
        assert grid["dataCollectionId"] == found["dataCollectionId"]
        assert (grid["steps_x"], grid["snaked"], grid["orientation"]) == (20, True, "horizontal")
    one = shown["DataCollection"][0]["dataCollectionId"]
    stored = DataCollection.__table__
    with engine.connect() as connection:
        row = connection.execute(stored.select().where(stored.c.dataCollectionId == one)).one()
    assert (row.SESSIONID, row.experimenttype) == (11, "Diamond Anvil High Press")


def test_a_document_takes_the_same_statements_whatever_its_length(as_, groups, statements):
    client, counts = as_(*WRITER), []
    first = DOCUMENT["DataCollection"][0]
    for length in (2, 12):
        numbers = [*range(1, length + 1)]
        documents = [
            {
                **first,
                "dataCollectionNumber": number,
                "Position": {"posX": number},
                "GridInfo": [{"steps_x": number}, {"steps_x": number}],
            }
            for number in numbers
        ]
        with statements() as seen:
            answer = client.post(URL, json={**DOCUMENT, "DataCollection": documents})
        stored = answer.json["DataCollection"]
        assert [each["dataCollectionNumber"] for each in stored] == numbers
        assert [each["Position"]["posX"] for each in stored] == numbers
        grids = [[grid["steps_x"] for grid in each["GridInfo"]] for each in stored]
        assert grids == [[number, number] for number in numbers]
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 15, seen


def test_a_document_of_many_different_rows_takes_few_statements(as_, groups, add, statements):
    """The longest document: each data collection names other columns, and another subsample."""
    add(*(BLSubSample(blSubSampleId=key, blSampleId=5) for key in range(1, 101)))
    columns = [name for name, f in DataCollectionSchema().load_fields.items() if type(f) is Float]
    number_of_rows = 1000
    documents = [
        {
            **{name: n + 0.5 for bit, name in enumerate(columns) if n >> bit % 10 & 1},
            "imageDirectory": f"/data/mx1/{n}/",
            "imagePrefix": "lys",
            "dataCollectionNumber": n,
            "blSubSampleId": n % 100 + 1,
            "Position": {axis: n + 0.25 for bit, axis in enumerate(AXES) if n >> bit & 1},
            "GridInfo": [{"steps_x": n} | ({"snaked": True} if n % 2 else {"dx_mm": 0.5})],
        }
        for n in range(1, number_of_rows + 1)
    ]
    with statements() as seen:
        answer = as_(*WRITER).post(URL, json={**DOCUMENT, "DataCollection": documents})
    assert answer.status_code == 201, answer.text
    assert len(seen) <= 20, len(seen)
    for sent, stored in zip(documents, answer.json["DataCollection"], strict=True):
        position, (grid,) = stored["Position"], stored["GridInfo"]
        own = {*columns, "imageDirectory", "dataCollectionNumber", "blSubSampleId"}
        assert {name: stored[name] for name in own} == {name: sent.get(name) for name in own}
        assert [position[axis] for axis in AXES] == [sent["Position"].get(axis) for axis in AXES]
        sent_grid = {"snaked": False, "dx_mm": None, **sent["GridInfo"][0]}
        assert {name: grid[name] for name in sent_grid} == sent_grid
        assert (grid["orientation"], stored["printableForReport"]) == ("horizontal", True)
    documents[700]["blSubSampleId"] = 999
    problem = as_(*WRITER).post(URL, json={**DOCUMENT, "DataCollection": documents})
    assert (problem.status_code, problem.json["errors"]) == (
        *(424, {"blSubSampleId": ["no such BLSubSample"]}),
    )


@pytest.mark.parametrize(
    "change, status, field",
    [
        ({"detectorId": 77}, 424, "detectorId"),
        ({"numberOfImages": -1}, 422, "DataCollection"),
        ({"GridInfo": [{"orientation": "up"}]}, 422, "DataCollection"),
        ({"GridInfo": [{}] * 1001}, 422, "DataCollection"),
        ({"Position": {"posX": "left"}}, 422, "DataCollection"),
        ({"endTime": "2024-01-01T00:00:00", "startTime": "2024-01-02T00:00:00"}, 422, "endTime"),
        ({"dataCollectionNumber": 1}, 409, None),
    ],
)
def test_one_fault_undoes_the_document(as_, groups, count, change, status, field):
    first, second = DOCUMENT["DataCollection"]
    response = as_(*WRITER).post(
        URL, json={**DOCUMENT, "DataCollection": [first, second | change]}
    )
    assert response.status_code == status
    assert [*response.json.get("errors", [])] == ([field] if field else [])
    tables = (DataCollectionGroup, DataCollection, Position, GridInfo)
    assert [count(table) for table in tables] == [3, 3, 0, 0]


def test_a_repeated_document_is_stored_once(as_, groups, count):
    client, key = as_(*WRITER), {"Idempotency-Key": "scan-1"}
    answers = [client.post(URL, json=DOCUMENT, headers=key) for _ in range(2)]
    assert answers[0].json == answers[1].json
    assert (count(DataCollectionGroup), count(DataCollection)) == (4, 5)


def test_a_reference_is_checked_again_unless_all_rows_are_visible(as_, groups, add, statements):
    """Else the answer would tell which hidden sample a group has."""
    add(DataCollectionGroup(dataCollectionGroupId=4, sessionId=11, blSampleId=5))
    sent = {"blSampleId": 5, "comments": "again"}
    permissions = ("mx_write", "all_proposals", "industry_read")
    alice, gda = as_("alice", 1, "mx_write"), as_("gda", None, *permissions)
    assert alice.patch(f"{URL}/4", json=sent).status_code == 424
    numbers = {}
    for key in (1, 4):  # of group 1 it is another reference
        with statements() as ran:
            assert gda.patch(f"{URL}/{key}", json=sent).json["blSampleId"] == 5
        numbers[key] = len(ran)
    assert numbers[1] == numbers[4] + 2  # the check, and the copies in the data collections


@pytest.mark.parametrize("verb, key", [("post", ""), ("patch", "/1")])
def test_no_group_goes_to_a_hidden_session(as_, groups, same, verb, key):
    alice = as_("alice", 1, "mx_write")
    hidden, absent = (
        getattr(alice, verb)(URL + key, json={"sessionId": session}) for session in (21, 999)
    )
    assert hidden.status_code == 404
    same(hidden, absent)
    assert alice.get(f"{URL}/1").json["sessionId"] == 11


@pytest.mark.parametrize("permission", ["mx_write", "ssx_write", "em_write"])
def test_a_token_of_a_beamline_writes_to_no_other(as_, groups, permission):
    gda = as_("gda", None, permission, service=True, beamlines=["i04"])
    assert gda.post(URL, json={"sessionId": 21}).status_code == 201
    assert gda.post(URL, json={"sessionId": 22}).status_code == 404
    assert gda.patch(f"{URL}/2", json={"comments": "ours"}).json["comments"] == "ours"
    assert gda.patch(f"{URL}/2", json={"sessionId": 22}).status_code == 404
    assert gda.patch(f"{URL}/3", json={"comments": "theirs"}).status_code == 404


def test_only_software_writes(as_, groups):
    alice = as_("alice", 1)
    assert alice.post(URL, json={"sessionId": 11}).status_code == 403
    assert alice.patch(f"{URL}/1", json={}).status_code == 403


def test_a_change_of_the_experiment_alone_reaches_the_copies(as_, groups, engine):
    answer = as_(*WRITER).patch(f"{URL}/1", json={"experimentType": "SAD"})
    assert answer.status_code == 200
    with engine.connect() as connection:
        rows = connection.execute(DataCollection.__table__.select()).all()
    assert {row.dataCollectionId: row.experimenttype for row in rows} == {
        1: "SAD",
        2: None,
        3: None,
    }


def test_a_change_reaches_the_copies(as_, groups, engine):
    change = {"sessionId": 22, "blSampleId": 5, "experimentType": "SAD"}
    shown = as_(*WRITER).patch(f"{URL}/1", json=change).json
    assert (shown["BLSample"], shown["sessionId"]) == ({"blSampleId": 5, "name": "lys-x7"}, 22)
    with engine.connect() as connection:
        rows = connection.execute(DataCollection.__table__.select()).all()
    found = {
        row.dataCollectionId: (row.SESSIONID, row.BLSAMPLEID, row.experimenttype) for row in rows
    }
    assert found == {1: (22, 5, "SAD"), 2: (21, None, None), 3: (22, None, None)}


@pytest.mark.parametrize(
    "change, field",
    [
        ({"sessionId": None}, "sessionId"),
        ({"experimentType": "mesh"}, "experimentType"),
        ({"scanParameters": "{"}, "scanParameters"),
        ({"actualSampleSlotInContainer": -1}, "actualSampleSlotInContainer"),
        ({"crystalClass": "x" * 21}, "crystalClass"),
        ({"comments": "αβγ"}, "comments"),
        ({"startTime": "2024-05-12T00:00:00", "endTime": "2024-05-11T00:00:00"}, "endTime"),
    ],
)
@pytest.mark.parametrize("verb, key", [("post", ""), ("patch", "/1")])
def test_a_bad_field_is_named(as_, groups, count, verb, key, change, field):
    response = getattr(as_(*WRITER), verb)(URL + key, json={"sessionId": 11} | change)
    assert (response.status_code, list(response.json["errors"])) == (422, [field])
    assert count(DataCollectionGroup) == 3


@pytest.mark.parametrize("field", ["blSampleId", "experimentTypeId"])
def test_what_is_not_there_may_still_come(as_, groups, field):
    for verb, key in (("post", ""), ("patch", "/1")):
        body = {"sessionId": 11, field: 77}
        response = getattr(as_(*WRITER), verb)(URL + key, json=body)
        assert (response.status_code, list(response.json["errors"])) == (424, [field])
