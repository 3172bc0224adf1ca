"""Data collections, visible by the session of their group: their own session is only a copy."""

import threading
from datetime import datetime

import pytest

from services.core.models import (
    Screening,
    ScreeningOutput,
    ScreeningStrategy,
    ScreeningStrategySubWedge,
    ScreeningStrategyWedge,
)
from shared.models import BLSample, DataCollection, DataCollectionGroup, Detector

URL = "/ispyb/api/v1/data_collections"
WRITER = ("gda", None, "mx_write", "all_sessions")
FILES = {"imageDirectory": "/data/mx1/", "imagePrefix": "lys", "dataCollectionNumber": 1}
NEW = {
    **FILES,
    "dataCollectionGroupId": 1,
    "startTime": "2024-05-11T10:00:00",
    "numberOfImages": 3600,
    "axisRange": 0.1,
    "wavelength": 0.9763,
    "flux": 2.4e12,
    "rotationAxis": "Omega",
    "comments": "rotation",
}


def ids(response):
    assert response.status_code == 200, response.json
    return [row["dataCollectionId"] for row in response.json["results"]]


@pytest.fixture
def collections(facility, add):
    """Data collections 1, 2 and 3 in groups 1, 2 and 3 of sessions 11, 21 and 22; each says that
    it is of session 11.
    """
    add(BLSample(blSampleId=5), Detector(detectorId=7, detectorModel="Eiger2 16M"))
    for key, session in ((1, 11), (2, 21), (3, 22)):
        add(
            DataCollectionGroup(
                dataCollectionGroupId=key,
                sessionId=session,
                blSampleId=5 if key == 3 else None,
                experimentType="SAD",
            ),
            DataCollection(
                dataCollectionId=key,
                dataCollectionGroupId=key,
                sessionId=11,
                imagePrefix=f"prefix-{key}",
                startTime=datetime(2024, 5, key, 10),
            ),
        )


@pytest.mark.parametrize(
    "caller, expected",
    [
        (("alice", 1), [1]),
        (("carol", 3), [3, 2]),
        (("dave", 4), [3]),
        (("erin", 5), []),
        (("erin", 5, "mx_admin"), [3, 1]),
        (("staff", None, "all_sessions"), [3, 2, 1]),
    ],
)
def test_who_sees_which_collection(as_, collections, caller, expected):
    client = as_(*caller)
    assert ids(client.get(URL)) == expected
    for key in (1, 2, 3):
        status = 200 if key in expected else 404
        assert client.get(f"{URL}/{key}").status_code == status


@pytest.mark.parametrize(
    "query, expected",
    [
        ("sessionId=11", [1]),
        ("sessionId=21", [2]),
        ("proposal=mx2", [3, 2]),
        ("beamLineName=i03", [3, 1]),
        ("blSampleId=5", [3]),
        ("experimentType=SAD&sort=startTime", [1, 2, 3]),
        ("experimentType=OSC", []),
        ("search=prefix-2", [2]),
        ("startTime__gte=2024-05-02T00:00:00&dataCollectionGroupId__in=1,2", [2]),
    ],
)
def test_filters_ask_the_group(as_, collections, query, expected):
    assert ids(as_(*WRITER).get(f"{URL}?{query}")) == expected


@pytest.mark.parametrize("query", ["experimentType=x", "sessionId__in=1", "positionId__=1"])
def test_an_unknown_filter_is_refused(as_, collections, query):
    answer = as_(*WRITER).get(f"{URL}?{query}")
    assert (answer.status_code, [*answer.json["errors"]]) == (422, [query.partition("=")[0]])


def test_create_repeats_what_the_group_says(as_, collections, engine):
    response = as_(*WRITER).post(URL, json=NEW | {"dataCollectionGroupId": 3, "detectorId": 7})
    assert response.status_code == 201, response.json
    shown = response.json
    stored = {key: shown[key] for key in NEW}
    assert stored == NEW | {"dataCollectionGroupId": 3, "axisRange": pytest.approx(0.1)} | {
        "wavelength": pytest.approx(0.9763)
    }
    assert shown["DataCollectionGroup"] == {
        "dataCollectionGroupId": 3,
        "sessionId": 22,
        "blSampleId": 5,
        "experimentType": "SAD",
    }
    assert shown["Detector"]["detectorModel"] == "Eiger2 16M"
    assert (shown["Position"], shown["printableForReport"]) == (None, True)
    counts = {name: n for name, n in shown["_metadata"].items() if name != "links"}
    assert counts == {"grids": 0, "attachments": 0, "comments": 0}
    with engine.connect() as connection:
        rows = connection.execute(DataCollection.__table__.select()).all()
    (row,) = (row for row in rows if row.dataCollectionId == shown["dataCollectionId"])
    assert (row.SESSIONID, row.BLSAMPLEID, row.experimenttype) == (22, 5, "SAD")


def test_finish(as_, collections):
    change = {"endTime": "2024-05-01T10:05:00", "runStatus": "DataCollection Successful"}
    shown = as_(*WRITER).patch(f"{URL}/1", json=change).json
    assert {key: shown[key] for key in change} == change
    assert shown["imagePrefix"] == "prefix-1"
    early = as_(*WRITER).patch(f"{URL}/1", json={"endTime": "2024-05-01T09:00:00"})
    assert (early.status_code, [*early.json["errors"]]) == (422, ["endTime"])


def test_the_mark_of_a_missing_number_is_null(as_, collections):
    marks = {"kappaStart": -9999, "phiStart": -9999.0, "omegaStart": -12.0}
    shown = as_(*WRITER).post(URL, json=NEW | marks).json
    assert [shown[name] for name in marks] == [None, None, -12]
    assert as_(*WRITER).patch(f"{URL}/1", json={"omegaStart": -9999}).json["omegaStart"] is None


def test_the_same_files_are_one_collection(as_, collections, count):
    client = as_(*WRITER)
    assert client.post(URL, json=NEW).status_code == 201
    again = client.post(URL, json=NEW)
    assert (again.status_code, "has the same directory" in again.json["detail"]) == (409, True)
    for other in (
        {"dataCollectionGroupId": 2},
        {"dataCollectionNumber": 2},
        {"imagePrefix": None},
    ):
        assert client.post(URL, json=NEW | other).status_code == 201
    assert count(DataCollection) == 7


def test_collections_made_at_once_are_one(as_, collections, count):
    codes, client = [], as_(*WRITER)
    threads = [
        threading.Thread(target=lambda: codes.append(client.post(URL, json=NEW).status_code))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sorted(codes), count(DataCollection)) == ([201, 409, 409, 409], 4)


@pytest.mark.parametrize("verb, key", [("post", ""), ("patch", "/1")])
def test_no_collection_goes_to_a_hidden_group(as_, collections, same, verb, key):
    alice = as_("alice", 1, "mx_write")
    hidden, absent = (
        getattr(alice, verb)(URL + key, json={"dataCollectionGroupId": group})
        for group in (2, 999)
    )
    assert (hidden.status_code, [*hidden.json["errors"]]) == (424, ["dataCollectionGroupId"])
    same(hidden, absent)
    assert alice.get(f"{URL}/1").json["dataCollectionGroupId"] == 1


def test_a_token_of_a_beamline_writes_to_no_other(as_, collections):
    gda = as_("gda", None, "mx_write", service=True, beamlines=["i04"])
    assert gda.post(URL, json=NEW).status_code == 424
    assert gda.post(URL, json=NEW | {"dataCollectionGroupId": 2}).status_code == 201
    assert gda.patch(f"{URL}/2", json={"dataCollectionGroupId": 3}).status_code == 424
    assert gda.patch(f"{URL}/3", json={"flux": 1}).status_code == 404


def test_to_move_changes_the_copies(as_, collections, engine):
    shown = as_(*WRITER).patch(f"{URL}/1", json={"dataCollectionGroupId": 3}).json
    assert shown["DataCollectionGroup"]["sessionId"] == 22
    with engine.connect() as connection:
        row = connection.execute(DataCollection.__table__.select()).first()
    assert (row.SESSIONID, row.BLSAMPLEID, row.experimenttype) == (22, 5, "SAD")


def test_comments_are_appended_as_they_are(as_, collections):
    client, url = as_(*WRITER), f"{URL}/1?appendComment=true"
    assert client.patch(url, json={"comments": "a"}).json["comments"] == "a"
    shown = client.patch(url, json={"comments": " b. ", "flux": 5}).json
    assert (shown["comments"], shown["flux"]) == ("a b. ", 5)
    assert client.patch(url, json={"flux": 6}).json["comments"] == "a b. "
    assert client.patch(url, json={"comments": None}).json["comments"] == "a b. "
    assert client.patch(f"{URL}/1", json={"comments": "new"}).json["comments"] == "new"


def test_a_comment_that_does_not_fit_leaves_the_old(as_, collections):
    client, url = as_(*WRITER), f"{URL}/1?appendComment=true"
    client.patch(url, json={"comments": "é" * 1000})
    assert client.patch(url, json={"comments": "x" * 24}).status_code == 200
    answer = client.patch(url, json={"comments": "y", "flux": 5})
    assert (answer.status_code, [*answer.json["errors"]]) == (422, ["comments"])
    shown = client.get(f"{URL}/1").json
    assert (shown["comments"], shown["flux"]) == ("é" * 1000 + "x" * 24, None)


def test_two_who_append_at_once_lose_nothing(as_, collections):
    client = as_(*WRITER)

    def append(letter):
        for _ in range(5):
            client.patch(f"{URL}/1?appendComment=true", json={"comments": letter})

    threads = [threading.Thread(target=append, args=[letter]) for letter in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(client.get(f"{URL}/1").json["comments"]) == sorted("abc" * 5)


@pytest.mark.parametrize(
    "change, field",
    [
        ({"dataCollectionGroupId": None}, "dataCollectionGroupId"),
        ({"numberOfImages": -1}, "numberOfImages"),
        ({"numberOfImages": 2**32}, "numberOfImages"),
        ({"rotationAxis": "Theta"}, "rotationAxis"),
        ({"imagePrefix": "x" * 46}, "imagePrefix"),
        ({"runStatus": "日"}, "runStatus"),
        ({"wavelength": 1e39}, "wavelength"),
        ({"startTime": "2024-05-01T10:00:00Z"}, "startTime"),
        ({"sessionId": 11}, "sessionId"),
        ({"blSampleId": 5}, "blSampleId"),
        ({"startTime": "2024-05-02T00:00:00", "endTime": "2024-05-01T00:00:00"}, "endTime"),
    ],
)
@pytest.mark.parametrize("verb, key", [("post", ""), ("patch", "/1")])
def test_a_bad_field_is_named(as_, collections, count, verb, key, change, field):
    response = getattr(as_(*WRITER), verb)(URL + key, json=NEW | change)
    assert (response.status_code, list(response.json["errors"])) == (422, [field])
    assert count(DataCollection) == 3


@pytest.mark.parametrize(
    "field", ["detectorId", "blSubSampleId", "dataCollectionPlanId", "strategySubWedgeOrigId"]
)
def test_what_is_not_there_may_still_come(as_, collections, field):
    for verb, key in (("post", ""), ("patch", "/1")):
        response = getattr(as_(*WRITER), verb)(URL + key, json=NEW | {field: 77})
        assert (response.status_code, list(response.json["errors"])) == (424, [field])


def test_the_strategy_that_asked_for_it_is_visible(as_, collections, add):
    add(
        Screening(screeningId=1, dataCollectionId=2),
        ScreeningOutput(screeningOutputId=1, screeningId=1),
        ScreeningStrategy(screeningStrategyId=1, screeningOutputId=1),
        ScreeningStrategyWedge(screeningStrategyWedgeId=1, screeningStrategyId=1),
        ScreeningStrategySubWedge(screeningStrategySubWedgeId=1, screeningStrategyWedgeId=1),
    )
    change = {"strategySubWedgeOrigId": 1}
    assert as_("alice", 1, "mx_write").patch(f"{URL}/1", json=change).status_code == 424
    shown = as_("carol", 3, "mx_write").patch(f"{URL}/3", json=change).json
    assert shown["strategySubWedgeOrigId"] == 1


def test_a_lost_race_is_seen(as_, collections):
    client = as_(*WRITER)
    tag = {"If-Match": client.get(f"{URL}/1").headers["ETag"]}
    assert client.patch(f"{URL}/1", json={"flux": 1}, headers=tag).status_code == 200
    assert client.patch(f"{URL}/1", json={"flux": 2}, headers=tag).status_code == 412
    tag = {"If-Match": client.get(f"{URL}/1").headers["ETag"]}
    more = [f"{URL}/1?appendComment=true", {"json": {"comments": "more"}, "headers": tag}]
    assert client.patch(more[0], **more[1]).status_code == 200  # the query is the edit's
    assert client.patch(more[0], **more[1]).status_code == 412
