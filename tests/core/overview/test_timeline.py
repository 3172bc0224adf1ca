"""The timeline: all events in the order of time, without hidden ones."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import event as events_of
from sqlalchemy.engine import Engine

from services.core.models import (
    AutoProcIntegration,
    EnergyScan,
    RobotAction,
    Screening,
    XFEFluorescenceSpectrum,
)
from services.core.modules.overview.timeline import BY_TIME
from shared.paging import cursor
from shared.models import (
    AutoProcProgram,
    BLSample,
    Crystal,
    DataCollection,
    DataCollectionFileAttachment,
    DataCollectionGroup,
    Detector,
    GridInfo,
    ProcessingJob,
    ProcessingJobImageSweep,
    Protein,
)

URL = "/ispyb/api/v1/events"
STAFF = ("staff", None, "all_sessions", "industry_read")
DAY = datetime(2024, 5, 11)


def at(hour, minute=0):
    return DAY + timedelta(hours=hour, minutes=minute)


def told(response):
    assert response.status_code == 200, response.json
    return [f"{row['type']} {row['id']}" for row in response.json["results"]]


@pytest.fixture
def happened(facility, add):
    """Session 11: sample 1 is loaded, scanned by grid, screened, collected in two sweeps, and
    measured otherwise; group 4 has no time of its own, group 5 none at all, group 6 no data.
    Sessions 21 and 22 have one group each. All collections say that they are of session 11.
    """
    add(
        Protein(proteinId=1, proposalId=1, acronym="LYS"),
        Crystal(crystalId=1, proteinId=1),
        BLSample(blSampleId=1, name="lys-x1", crystalId=1),
        Detector(detectorId=7, detectorModel="Eiger2 16M"),
        RobotAction(
            robotActionId=1,
            sessionId=11,
            blSampleId=1,
            actionType="LOAD",
            status="SUCCESS",
            xtalSnapshotAfter="/data/after.jpg",
            startTimestamp=at(9),
            endTimestamp=at(9, 1),
        ),
        RobotAction(robotActionId=2, sessionId=11, status="ERROR", startTimestamp=at(9)),
    )
    groups = {
        1: (11, 1, "Mesh", at(10)),
        2: (11, 1, "Characterization", at(11)),
        3: (11, 1, "OSC", at(12)),
        4: (11, None, "OSC", None),
        5: (11, None, None, None),
        6: (11, None, "SAD", at(20)),
        7: (21, None, "SAD", at(14)),
        8: (22, None, "SAD", at(15)),
    }
    for key, (session, sample, kind, start) in groups.items():
        add(
            DataCollectionGroup(
                dataCollectionGroupId=key,
                sessionId=session,
                blSampleId=sample,
                experimentType=kind,
                startTime=start,
            )
        )
    sweeps = {
        10: (1, at(10), "DataCollection Successful"),
        20: (2, at(11), "DataCollection Unsuccessful"),
        30: (3, at(12), "DataCollection Successful"),
        31: (3, at(12, 10), "DataCollection Stopped"),
        40: (4, at(10, 30), "Running"),
        50: (5, None, None),
        70: (7, at(14), None),
        80: (8, at(15), None),
    }
    for key, (group, start, status) in sweeps.items():
        add(
            DataCollection(
                dataCollectionId=key,
                dataCollectionGroupId=group,
                sessionId=11,
                startTime=start,
                endTime=start and start + timedelta(seconds=90),
                runStatus=status,
                detectorId=7 if key == 30 else None,
                xtalSnapshotFullPath2="/data/x.jpg" if key == 30 else None,
            )
        )
    add(
        GridInfo(gridInfoId=1, dataCollectionId=10, steps_x=4, steps_y=5),
        Screening(screeningId=1, dataCollectionId=20, bltimeStamp=at(11, 5)),
        Screening(screeningId=2, dataCollectionGroupId=2, bltimeStamp=at(11, 6)),
        EnergyScan(energyScanId=1, sessionId=11, blSampleId=1, element="Se", startTime=at(12)),
        XFEFluorescenceSpectrum(xfeFluorescenceSpectrumId=1, sessionId=11, startTime=at(12)),
        EnergyScan(energyScanId=2, sessionId=11),
        XFEFluorescenceSpectrum(xfeFluorescenceSpectrumId=2, sessionId=21, startTime=at(16)),
        *(
            DataCollectionFileAttachment(dataCollectionId=key, fileFullPath=f"/data/{key}.log")
            for key in (30, 31, 31)
        ),
    )


SESSION_11 = [
    *("dc 30", "es 1", "xrf 1", "screening 2", "screening 1", "dc 20", "dc 40", "dc 10"),
    *("robot 2", "robot 1", "dc 50", "es 2"),
]


def test_the_feed_of_a_session_is_in_the_order_of_time(as_, happened):
    answer = as_("alice", 1).get(URL, query_string={"sessionId": 11})
    assert told(answer) == SESSION_11
    assert answer.json["total"] == 12
    times = [row["startTime"] for row in answer.json["results"]]
    assert times[0] == "2024-05-11T12:00:00"
    assert times[6] == "2024-05-11T10:30:00"  # of the first collection: the group has none
    assert times[-2:] == [None, None]


@pytest.mark.parametrize("limit", [1, 2, 5])
@pytest.mark.parametrize("query", [{"sessionId": 11}, {}, {"dataCollectionGroupId": 3}])
def test_pages_follow_each_other_by_cursor(as_, happened, limit, query):
    client = as_(*STAFF)
    whole = told(client.get(URL, query_string=query))
    walked, asked = [], {**query, "limit": limit}
    for _ in range(30):
        page = client.get(URL, query_string=asked)
        walked += told(page)
        assert page.json["total"] == len(whole)
        if "next" not in page.json:
            break
        asked["after"] = page.json["next"]
    assert walked == whole
    skipped = client.get(URL, query_string={**query, "skip": 1, "limit": limit})
    assert told(skipped) == whole[1 : 1 + limit]


@pytest.mark.parametrize(
    "caller, seen",
    [
        (("alice", 1), {11}),
        (("carol", 3), {21, 22}),
        (("dave", 4), {22}),
        (("erin", 5), set()),
        (("erin", 5, "mx_admin"), {11, 22}),
        (STAFF, {11, 21, 22}),
    ],
)
def test_only_what_happened_in_visible_sessions_is_told(as_, happened, caller, seen):
    client = as_(*caller)
    rows = client.get(URL).json["results"]
    assert {row["sessionId"] for row in rows} == seen
    for session in (11, 21, 22):
        page = client.get(URL, query_string={"sessionId": session}).json
        assert bool(page["results"]) == bool(page["total"]) == (session in seen)
        kinds = client.get(f"{URL}/types", query_string={"sessionId": session}).json
        assert bool(kinds["results"]) == (session in seen)
    for key in (1, 7, 8):
        group = client.get(URL, query_string={"dataCollectionGroupId": key})
        assert bool(told(group)) == ({1: 11, 7: 21, 8: 22}[key] in seen)


@pytest.mark.parametrize(
    "query, expected",
    [
        ({"session": "mx2-1"}, ["xrf 2", "dc 70"]),
        ({"session": "21", "sessionId": 21}, ["xrf 2", "dc 70"]),
        ({"proposal": "MX2"}, ["xrf 2", "dc 80", "dc 70"]),
        ({"proposalId": 2, "eventType": "dc"}, ["dc 80", "dc 70"]),
        ({"beamLineName": "i04"}, ["xrf 2", "dc 70"]),
        (
            {"blSampleId": 1},
            ["dc 30", "es 1", "screening 2", "screening 1", "dc 20", "dc 10", "robot 1"],
        ),
        ({"proteinId": 1, "eventType": "es"}, ["es 1"]),
        ({"dataCollectionGroupId": 3}, ["dc 31", "dc 30"]),
        ({"dataCollectionGroupId": 2}, ["screening 2", "screening 1", "dc 20"]),
        ({"dataCollectionId": 31}, ["dc 31"]),
        ({"dataCollectionId": 20}, ["screening 1", "dc 20"]),
        ({"eventType": "grid"}, ["dc 10"]),
        ({"eventType": "grid", "dataCollectionGroupId": 1}, ["dc 10"]),
        ({"eventType": "OSC"}, ["dc 30", "dc 40"]),
        ({"eventType": "robot"}, ["robot 2", "robot 1"]),
        ({"eventType": "screening"}, ["screening 2", "screening 1"]),
        ({"status": "success"}, ["dc 30", "dc 10", "robot 1"]),
        ({"status": "failed"}, ["dc 20", "robot 2"]),
        ({"status": "failed", "dataCollectionGroupId": 3}, []),
        ({"status": "aborted"}, ["dc 30"]),
        ({"status": "aborted", "dataCollectionGroupId": 3}, ["dc 31"]),
        ({"status": "failed", "eventType": "es"}, []),
        (
            {"startTime__gte": "2024-05-11T10:00:00", "startTime__lte": "2024-05-11T11:05:00"},
            ["screening 1", "dc 20", "dc 40", "dc 10"],
        ),
        (
            {"startTime__gte": "2024-05-11", "startTime__lte": "2024-05-11", "eventType": "OSC"},
            ["dc 30", "dc 40"],
        ),
        ({"sessionId": 999}, []),
    ],
)
def test_filters(as_, happened, query, expected):
    answer = as_(*STAFF).get(URL, query_string=query)
    assert told(answer) == expected
    assert answer.json["total"] == len(expected)


NO_EVENTS = [
    *([moment, "dc", 1] for moment in ([], {}, 0, False, "", "noon", "2024-05-01T10:00:00Z")),
    *(["2024-05-01T10:00:00", "dc", key] for key in (-1, 2**32, 2**64 - 1, 1.5, "1", None)),
    *(["2024-05-01T10:00:00", kind, 1] for kind in ([], {}, None, "grid")),
]


@pytest.mark.parametrize(
    "query, name",
    [
        ({"colour": "red"}, "colour"),
        ({"eventType": "x"}, "eventType"),
        ({"status": "fine"}, "status"),
        ({"sort": "startTime"}, "sort"),
        ({"fields": "id,colour"}, "fields"),
        ({"after": "WyJ4Il0"}, "after"),
        *(({"after": cursor(BY_TIME, values)}, "after") for values in NO_EVENTS),
        ({"session": "11", "sessionId": 21}, "sessionId"),
    ],
)
def test_what_is_not_known_is_refused(as_, happened, query, name):
    answer = as_(*STAFF).get(URL, query_string=query)
    assert (answer.status_code, [*answer.json["errors"]]) == (422, [name])


def test_a_feed_of_no_type_is_empty(as_, happened):
    query = {"eventType": "es", "status": "failed", "skip": 5}
    assert as_(*STAFF).get(URL, query_string=query).json["total"] == 0


@pytest.mark.parametrize("query", [{"session": "mx2-1"}, {"proposal": "mx2"}, {"proposal": "x"}])
def test_a_hidden_session_or_proposal_is_not_found(as_, happened, query):
    assert as_("alice", 1).get(URL, query_string=query).status_code == 404


def test_a_duration_is_in_minutes_to_the_second(as_, facility, add):
    end = at(9) + timedelta(seconds=100)
    add(EnergyScan(energyScanId=1, sessionId=11, startTime=at(9), endTime=end))
    [scan] = as_("alice", 1).get(URL).json["results"]
    assert scan["duration"] == 1.67


def test_what_an_event_shows(as_, happened):
    answer = as_("alice", 1).get(URL, query_string={"sessionId": 11})
    event = answer.json["results"][0]
    item = event.pop("Item")
    assert event == {
        "id": 30,
        "type": "dc",
        "startTime": "2024-05-11T12:00:00",
        "endTime": "2024-05-11T12:11:30",
        "duration": 11.5,
        "count": 2,
        "session": "mx1-1",
        "sessionId": 11,
        "proposal": "mx1",
        "blSample": "lys-x1",
        "blSampleId": 1,
        "attachments": 3,
        "processing": [],
        "links": {
            "self": "/ispyb/api/v1/data_collections/30",
            "snapshots": ["/ispyb/api/v1/data_collections/30/snapshots/2"],
            "thumbnail": "/ispyb/api/v1/data_collections/30/images/1/thumbnail",
            "attachments": "/ispyb/api/v1/data_collections/30/attachments/download",
            "imageQuality": "/ispyb/api/v1/data_collections/30/image_quality",
        },
    }
    links = event["links"]
    row = as_("alice", 1).get(links["self"])
    assert row.json["_metadata"]["links"] == links
    assert as_("alice", 1).get(links["imageQuality"]).status_code == 200
    assert item["runStatus"] == "DataCollection Successful"
    assert item["DataCollectionGroup"]["experimentType"] == "OSC"
    assert item["Detector"]["detectorModel"] == "Eiger2 16M"
    assert item["_metadata"]["snapshots"] == {"1": False, "2": True, "3": False, "4": False}
    by_name = dict(zip(told(answer), answer.json["results"]))
    (grid,) = by_name["dc 10"]["Item"]["GridInfo"]
    assert (grid["gridInfoId"], grid["steps_x"], grid["steps_y"]) == (1, 4, 5)
    robot = by_name["robot 1"]
    assert (robot["duration"], robot["count"], robot["blSample"]) == (1, 1, "lys-x1")
    assert (robot["Item"]["actionType"], robot["Item"]["status"]) == ("LOAD", "SUCCESS")
    after = "/ispyb/api/v1/beamline/robot_actions/1/snapshots/after"
    assert robot["links"] == {"snapshots": [after]}
    assert by_name["robot 2"]["endTime"] is None  # which the database writes as a zero date
    assert by_name["es 1"]["Item"]["element"] == "Se"
    assert by_name["xrf 1"]["Item"]["xfeFluorescenceSpectrumId"] == 1
    assert by_name["screening 1"]["Item"]["dataCollectionId"] == 20


def test_fields_narrow_an_event(as_, happened):
    answer = as_("alice", 1).get(URL, query_string={"fields": "type,count", "limit": 1})
    assert answer.json["results"] == [{"type": "dc", "count": 2}]


def test_the_state_of_processing_in_words(as_, happened, add):
    add(
        *(ProcessingJob(processingJobId=key, dataCollectionId=30, recipe="r") for key in (1, 2)),
        ProcessingJob(processingJobId=3, dataCollectionId=31, displayName="xia2"),
        AutoProcProgram(autoProcProgramId=1, processingJobId=2, processingPrograms="dials"),
        AutoProcProgram(
            autoProcProgramId=2,
            processingJobId=2,
            processingPrograms="dials",
            processingStartTime=at(13),
        ),
        AutoProcProgram(autoProcProgramId=3, processingJobId=3, processingStatus=1),
        AutoProcProgram(autoProcProgramId=5, processingJobId=3, processingStatus=2),  # queued
        AutoProcProgram(autoProcProgramId=4, processingPrograms="fast_dp", processingStatus=0),
        AutoProcIntegration(autoProcIntegrationId=1, dataCollectionId=31, autoProcProgramId=4),
        AutoProcIntegration(autoProcIntegrationId=2, dataCollectionId=31, autoProcProgramId=4),
    )
    (event,) = as_("alice", 1).get(f"{URL}?sessionId=11&limit=1").json["results"]
    words = {(each["name"], each["status"]): each["count"] for each in event["processing"]}
    assert words == {
        ("r", "Submitted"): 1,
        ("dials", "Queued"): 1,
        ("dials", "Running"): 1,
        ("xia2", "Success"): 1,
        ("xia2", "Queued"): 1,
        ("fast_dp", "Fail"): 1,
    }
    answer = as_("alice", 1).get(f"{URL}?dataCollectionGroupId=3")
    single = {row["id"]: row["processing"] for row in answer.json["results"]}
    assert [each["name"] for each in single[31]] == ["fast_dp", "xia2", "xia2"]
    assert told(as_(*STAFF).get(f"{URL}?status=processed")) == ["dc 30"]
    assert told(as_(*STAFF).get(f"{URL}?status=processerror&dataCollectionGroupId=3")) == ["dc 31"]


def test_processing_that_uses_hidden_data_is_not_told(as_, happened, add):
    add(
        ProcessingJob(processingJobId=1, dataCollectionId=30, displayName="multi"),
        ProcessingJobImageSweep(processingJobId=1, dataCollectionId=70),
        AutoProcProgram(autoProcProgramId=4, processingPrograms="merged", processingStatus=1),
        AutoProcProgram(autoProcProgramId=5, processingJobId=1, processingStatus=1),
        AutoProcIntegration(autoProcIntegrationId=1, dataCollectionId=30, autoProcProgramId=4),
        AutoProcIntegration(autoProcIntegrationId=2, dataCollectionId=70, autoProcProgramId=4),
    )
    query = f"{URL}?sessionId=11&limit=1"
    assert as_("alice", 1).get(query).json["results"][0]["processing"] == []
    shown = as_(*STAFF).get(query).json["results"][0]["processing"]
    assert [each["name"] for each in shown] == ["merged", "multi"]
    query = f"{URL}?sessionId=11&status=processed"
    assert told(as_("alice", 1).get(query)) == []
    assert told(as_("alice", 1).get(f"{query}&dataCollectionGroupId=3")) == []
    assert told(as_("staff", 5, "mx_admin").get(query)) == []
    assert told(as_(*STAFF).get(query)) == ["dc 30"]


def test_the_types_of_what_happened(as_, happened):
    answer = as_("alice", 1).get(f"{URL}/types", query_string={"sessionId": 11})
    counts = {row["eventType"]: row["count"] for row in answer.json["results"]}
    assert counts == {
        **{"dc": 5, "es": 2, "robot": 2, "screening": 2, "xrf": 1, "grid": 1},
        **{"Mesh": 1, "Characterization": 1, "OSC": 2},
    }
    for kind, count in counts.items():
        page = as_("alice", 1).get(URL, query_string={"sessionId": 11, "eventType": kind})
        assert page.json["total"] == count
    failed = as_("alice", 1).get(f"{URL}/types?status=failed").json["results"]
    assert {row["eventType"]: row["count"] for row in failed} == {
        **{"dc": 1, "robot": 1},
        "Characterization": 1,
    }
    aborted = as_("alice", 1).get(f"{URL}/types?status=aborted").json["results"]
    assert {row["eventType"]: row["count"] for row in aborted} == {"dc": 1, "OSC": 1}


@pytest.mark.parametrize(
    "status, outcome",
    [
        ("Data collection successful", "success"),
        ("successful, 0 errors", "success"),
        ("DataCollection Unsuccessful", "failed"),
        ("failed: beam stop is in", "failed"),
        ("ERROR", "failed"),
        ("Stopped", "aborted"),
        ("aborted by the user", "aborted"),
        ("Running", None),
        ("collecting", None),
        ("", None),
        (None, None),
    ],
)
def test_a_run_status_is_one_outcome_in_feed_and_statistics(as_, facility, add, status, outcome):
    add(DataCollectionGroup(dataCollectionGroupId=1, sessionId=11, startTime=at(9)))
    add(DataCollection(dataCollectionId=1, dataCollectionGroupId=1, runStatus=status))
    client = as_("alice", 1)
    feed = {
        state: [row["id"] for row in client.get(f"{URL}?status={state}").json["results"]]
        for state in ("success", "failed", "aborted")
    }
    assert [state for state, keys in feed.items() if keys] == [outcome] * (outcome is not None)
    counts = client.get("/ispyb/api/v1/sessions/11/statistics").json["counts"]
    ended = {state: int(state == outcome) for state in ("failed", "aborted")}
    assert {state: counts[state] for state in ended} == ended


def test_a_long_feed_costs_the_statements_of_a_short_one(as_, happened, add):
    client, seen = as_("alice", 1), []

    def cost(limit):
        seen.clear()
        assert client.get(f"{URL}?sessionId=11&limit={limit}").status_code == 200
        return len(seen)

    def note(connection, cursor, statement, *_):
        if "RevokedToken" not in statement:  # which is asked once a second
            seen.append(statement)

    events_of.listen(Engine, "before_cursor_execute", note)
    try:
        assert cost(1) == cost(12)
    finally:
        events_of.remove(Engine, "before_cursor_execute", note)
