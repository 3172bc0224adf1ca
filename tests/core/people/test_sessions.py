"""Sessions, visible to their members, those of their proposal, and the staff of their beamline."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from shared.models import (
    BeamLineSetup,
    BLSample,
    BLSession,
    Container,
    DataCollection,
    DataCollectionGroup,
    ProcessingPipeline,
    Proposal,
    SessionHasPerson,
    SessionType,
)

URL = "/ispyb/api/v1/sessions"


def ids(response):
    assert response.status_code == 200, response.json
    return [row["sessionId"] for row in response.json["results"]]


@pytest.mark.parametrize(
    "caller, expected",
    [
        (("alice", 1), [11]),
        (("carol", 3), [22, 21]),
        (("dave", 4), [22]),
        (("erin", 5), []),
        (("erin", 5, "mx_admin"), [22, 11]),
        (("staff", None, "all_sessions"), [22, 21, 11]),
    ],
)
def test_who_sees_which_session(as_, facility, caller, expected):
    client = as_(*caller)
    assert ids(client.get(URL)) == expected
    for session, name in ((11, "mx1-1"), (21, "MX2-1"), (22, "mx2-2")):
        status = 200 if session in expected else 404
        for key in (session, name):
            for what in ("", "/info", "/persons"):
                assert client.get(f"{URL}/{key}{what}").status_code == status


def test_a_token_of_a_beamline_sees_that_beamline(as_, facility):
    mine = {"service": True, "beamlines": ["i04"]}
    assert ids(as_("gda", None, "mx_write", "all_sessions", **mine).get(URL)) == [21]


@pytest.mark.parametrize(
    "key", ["2abc", "-1", "9" * 30, "mx2", "mx2-", "mx2-2-2", "mx2-99", "mx99-1", "x", "99"]
)
def test_keys_that_are_none(as_, facility, same, key):
    staff = as_("staff", None, "all_proposals")
    same(staff.get(f"{URL}/{key}"), staff.get(f"{URL}/999"))


@pytest.mark.parametrize("verb", ["get", "patch", "put", "delete"])
def test_hidden_session_looks_absent(as_, facility, same, verb):
    client = as_("dave", 4, "uportal_sync")
    body = {} if verb in ("get", "delete") else {"json": {"proposalId": 2}}
    answers = [
        getattr(client, verb)(f"{URL}/{key}", **body)
        for key in (21, "mx2-1", 999, "mx2-9", "mx1-1")
    ]
    assert answers[0].status_code == 404
    for answer in answers:
        same(answer, answers[0])


@pytest.mark.parametrize("proposal, status", [("2", 200), ("mx2", 200), ("mx1", 404), ("x", 404)])
def test_sessions_of_a_proposal(as_, facility, proposal, status):
    response = as_("carol", 3).get(f"{URL}?proposal={proposal}&beamLineName=i03")
    assert response.status_code == status
    if status == 200:
        assert ids(response) == [22]
        assert response.json["results"][0]["Proposal"]["Person"]["login"] == "bob"


def test_fields_reach_down_to_the_leader(as_, facility):
    fields = "sessionId,Proposal.Person.login,Session_has_Person.Person.login"
    shown = as_("dave", 4).get(f"{URL}/22/info?fields={fields}").json
    member = {"Person": {"login": "dave"}}
    leader = {"Person": {"login": "bob"}}
    assert shown == {"sessionId": 22, "Proposal": leader, "Session_has_Person": [member]}


def test_setup_and_counts_are_shown(office, facility, add):
    add(
        BeamLineSetup(beamLineSetupId=5, synchrotronMode="hybrid", polarisation=0.99),
        BLSession(sessionId=12, proposalId=1, visit_number=2, beamLineSetupId=5),
        DataCollectionGroup(dataCollectionGroupId=1, sessionId=12),
        DataCollectionGroup(dataCollectionGroupId=2, sessionId=12),
        *(
            DataCollection(dataCollectionId=n, dataCollectionGroupId=group)
            for n, group in ((1, 1), (2, 1), (3, 2))
        ),
        SessionType(sessionId=12, typeName="Remote"),
        SessionHasPerson(sessionId=12, personId=1, role="Staff"),
    )
    shown = office.get(f"{URL}/12/info").json
    assert shown["BeamLineSetup"]["synchrotronMode"] == "hybrid"
    assert shown["BeamLineSetup"]["polarisation"] == pytest.approx(0.99, rel=1e-6)
    counts = {"data_collections": 3, "persons": 1, "sessionTypes": ["Remote"]}
    assert shown["_metadata"] == {"name": "mx1-2", **counts}
    assert shown["Session_has_Person"][0]["role"] == "Staff"
    assert ids(office.get(f"{URL}?sessionType=Remote")) == [12]
    assert office.get(f"{URL}/11").json["BeamLineSetup"] is None


@pytest.mark.parametrize(
    "query, expected",
    [
        ("startDate__gte=2024-05-21T00:00:00&startDate__lte=2024-05-21T23:00", [21]),
        ("beamLineName=i04", [21]),
        ("beamLineGroup=MX", [22, 11]),
        ("beamLineGroup=EM", []),
        ("year=2024", [22, 21, 11]),
        ("year=2023", []),
        ("year=2024&month=5", [22, 21, 11]),
        ("year=2024&month=12", []),
        ("year=2024&month=5&day=11", [11]),
        ("year=2024&month=5&day=12", [11]),
        ("year=2024&month=5&day=13", []),
        ("year=2024&month=5&day=22", [22, 21]),
        ("year=2024&month=5&day=22&beamLineGroup=MX", [22]),
        ("month=5&day=22&today=true", []),
        ("previous=true", [22, 21, 11]),
        ("upcoming=true", []),
        ("today=true", []),
        ("scheduled=true", []),
    ],
)
def test_filters(office, facility, query, expected):
    assert ids(office.get(f"{URL}?{query}")) == expected


def test_december_ends_with_the_year(office, facility, add):
    this_year = datetime.now().year
    for session, start in {
        101: datetime(this_year, 11, 30, 9),
        102: datetime(this_year, 12, 31, 23),
        103: datetime(this_year + 1, 1, 1, 0),
    }.items():
        one = BLSession(sessionId=session, proposalId=1, visit_number=session)
        one.startDate, one.endDate = start, start + timedelta(minutes=30)
        add(one)
    assert ids(office.get(f"{URL}?month=12")) == [102]
    assert ids(office.get(f"{URL}?month=12&year={this_year}")) == [102]
    assert ids(office.get(f"{URL}?month=1&year={this_year + 1}")) == [103]


def test_today_is_a_day_of_local_time(office, facility, add, time_zone):
    """At any moment the date in one of both time zones is another than that of UTC."""
    east, west = "<+14>-14", "<-11>+11"
    time_zone(east if datetime.now(UTC).hour >= 10 else west)
    noon = datetime.now().replace(hour=12, minute=0, second=0, microsecond=0)
    for session, days in ((101, -1), (102, 0), (103, 1)):
        one = BLSession(sessionId=session, proposalId=1, visit_number=session)
        one.startDate = noon + timedelta(days=days)
        one.endDate = one.startDate + timedelta(hours=1)
        add(one)
    assert ids(office.get(f"{URL}?today=true")) == [102]


def test_what_goes_on_today(office, facility, add):
    now = datetime.now().replace(microsecond=0)
    hours = timedelta(hours=1)
    times = {
        101: (now - 48 * hours, now + 48 * hours),
        102: (now - 96 * hours, now - 72 * hours),
        103: (now + 72 * hours, now + 96 * hours),
        104: (now, None),
    }
    for session, (start, end) in times.items():
        one = BLSession(sessionId=session, proposalId=1, visit_number=session, scheduled=True)
        one.startDate, one.endDate = start, end
        add(one)
    assert ids(office.get(f"{URL}?today=true&sort=sessionId")) == [101, 104]
    assert ids(office.get(f"{URL}?previous=true&scheduled=true&sort=sessionId"))[:1] == [102]
    assert ids(office.get(f"{URL}?upcoming=true&sessionId__in=101,102,103")) == [101, 103]
    this_month = ids(office.get(f"{URL}?month={now.month}&scheduled=true"))
    assert {101, 104} <= {*this_month}


@pytest.mark.parametrize(
    "query, expected",
    [
        ("start=2024-05-12&end=2024-05-12", [11]),
        ("start=2024-05-13&end=2024-05-20", []),
        ("start=2024-05-01&end=2024-05-31", [22, 21, 11]),
        ("start=2024-05-01&end=9999-12-31", [22, 21, 11]),
        ("start=2024-05-01&end=2024-05-31&beamLineName=i03", [22, 11]),
        ("start_date=2024-05-01&end_date=2024-05-31&beamline=i03", [22, 11]),  # former names
        ("start=2024-05-12T09:00:00&end=2024-05-12T10:00:00", []),
        ("start=2024-05-12T08:59:59&end=2024-05-12T10:00:00", [11]),
        ("start=2024-05-11T00:00:00&end=2024-05-11T09:00:00", [11]),
        ("start=2024-05-11T00:00:00&end=2024-05-11T08:59:59", []),
    ],
)
def test_sessions_by_date(office, facility, query, expected):
    assert ids(office.get(f"{URL}/date?{query}")) == expected


def test_dates_show_no_more_than_lists(as_, facility):
    found = as_("dave", 4).get(f"{URL}/date?start=2024-05-01&end=2024-05-31")
    assert ids(found) == [22]


@pytest.mark.parametrize(
    "query, field",
    [
        ("?beamLineGroup=XX", "beamLineGroup"),
        ("?month=13", "month"),
        ("?day=3", "month"),
        ("?year=2023&month=2&day=29", "day"),
        ("?today=false", "today"),
        ("?proposalId=x", "proposalId"),
        ("?limit=100000000000000000000", "limit"),
        ("?nothing=1", "nothing"),
        ("?ends_after=2024-01-01T00:00:00", "ends_after"),
        ("/date?end=2024-05-01", "start"),
        ("/date?start=2024-05-02&end=2024-05-01", "end"),
        ("/date?start=2024-05-02&end=10000-01-01", "end"),
        ("/date?start=yesterday&end=2024-05-01", "start"),
        ("/date?start=2024-05-02Z&end=2024-05-01", "start"),
        ("/date?start=2024-05-01&start_date=2024-05-01&end=2024-05-02", "start"),
    ],
)
def test_an_unknown_query_is_refused_by_name(as_, query, field):
    response = as_("alice", 1).get(URL + query)
    assert response.status_code == 422
    assert list(response.json["errors"]) == [field]


NEW = {
    "proposalId": 1,
    "beamLineName": "i03",
    "startDate": "2026-01-01T09:00:00",
    "endDate": "2026-01-02T09:00:00",
}


def test_the_first_session_of_a_proposal_has_number_1(as_, facility, add):
    add(Proposal(proposalId=3, personId=1, proposalCode="mx", proposalNumber="3"))
    answer = as_("alice", 1, "mx_write").post(URL, json={**NEW, "proposalId": 3})
    assert (answer.status_code, answer.json["visit_number"]) == (201, 1)


@pytest.mark.parametrize("permission", ["uportal_sync", "mx_write", "em_write", "ssx_write"])
def test_create_takes_the_next_number(as_, facility, permission):
    alice = as_("alice", 1, permission)
    response = alice.post(URL, json=NEW)
    assert response.status_code == 201
    assert response.json["visit_number"] == 2
    assert {key: response.json[key] for key in NEW} == NEW
    assert alice.get(f"{URL}/mx1-2").json == response.json
    assert alice.post(URL, json=NEW | {"visit_number": 2}).status_code == 409
    assert alice.post(URL, json=NEW | {"visit_number": 7}).json["visit_number"] == 7
    assert alice.post(URL, json=NEW).json["visit_number"] == 8


@pytest.mark.parametrize("verb, key", [("post", ""), ("patch", "/11"), ("put", "/11")])
def test_people_without_leave_do_not_write(as_, facility, verb, key):
    for caller in (("alice", 1), ("alice", 1, "processing_write"), ("staff", 5, "all_sessions")):
        assert getattr(as_(*caller), verb)(URL + key, json=NEW).status_code == 403
    assert as_("alice", 1, "mx_write").delete(f"{URL}/11").status_code == 403


@pytest.mark.parametrize("verb, key", [("post", ""), ("patch", "/11"), ("put", "/11")])
def test_no_session_goes_to_a_hidden_proposal(as_, facility, same, verb, key):
    alice = as_("alice", 1, "mx_write")
    hidden, absent = (
        getattr(alice, verb)(URL + key, json=NEW | {"proposalId": proposal})
        for proposal in (2, 999)
    )
    assert hidden.status_code == 404
    same(hidden, absent)
    assert alice.get(f"{URL}/11").json["proposalId"] == 1


def test_a_token_of_a_beamline_writes_to_no_other(as_, facility):
    gda = as_("gda", None, "mx_write", service=True, beamlines=["i04"])
    new = NEW | {"proposalId": 2}
    assert gda.post(URL, json=new).status_code == 403
    assert gda.post(URL, json={"proposalId": 2}).status_code == 403
    assert gda.post(URL, json=new | {"beamLineName": "i04"}).status_code == 201
    assert gda.patch(f"{URL}/21", json={"beamLineName": "i03"}).status_code == 403
    assert gda.patch(f"{URL}/21", json={"comments": "ours"}).json["comments"] == "ours"
    assert gda.patch(f"{URL}/22", json={"comments": "theirs"}).status_code == 404
    assert gda.post(URL, json=NEW | {"beamLineName": "i04"}).status_code == 404


@pytest.mark.parametrize(
    "change, field",
    [
        ({"proposalId": None}, "proposalId"),
        ({"proposalId": "one"}, "proposalId"),
        ({"nope": 1}, "nope"),
        ({"comments": "x" * 2001}, "comments"),
        ({"comments": "αβγ"}, "comments"),
        ({"riskRating": "Huge"}, "riskRating"),
        ({"visit_number": None}, "visit_number"),
        ({"visit_number": -1}, "visit_number"),
        ({"nbShifts": 2**32}, "nbShifts"),
        ({"scheduled": "perhaps"}, "scheduled"),
        ({"startDate": "2024-05-01T10:00:00+02:00"}, "startDate"),
        ({"endDate": "2025-12-31T00:00:00"}, "endDate"),
    ],
)
@pytest.mark.parametrize("verb, key", [("post", ""), ("put", "/11"), ("patch", "/11")])
def test_a_bad_field_is_named_and_nothing_written(office, facility, verb, key, change, field):
    before = office.get(f"{URL}/11").json, office.get(URL).json["total"]
    response = getattr(office, verb)(URL + key, json=NEW | change)
    assert response.status_code == 422
    assert list(response.json["errors"]) == [field]
    assert before == (office.get(f"{URL}/11").json, office.get(URL).json["total"])


@pytest.mark.parametrize("field", ["beamLineSetupId", "beamCalendarId"])
def test_a_setup_that_is_not_there_may_still_come(office, facility, field):
    for verb, key in (("post", ""), ("patch", "/11"), ("put", "/11")):
        response = getattr(office, verb)(URL + key, json=NEW | {field: 77})
        assert (response.status_code, list(response.json["errors"])) == (424, [field])


def test_patch_minds_the_stored_date(office, facility):
    response = office.patch(f"{URL}/11", json={"startDate": "2024-05-12T09:00:01"})
    assert (response.status_code, list(response.json["errors"])) == (422, ["startDate"])
    assert office.patch(f"{URL}/11", json={"endDate": None}).json["endDate"] is None
    assert office.patch(f"{URL}/11", json={"startDate": "2024-05-12T09:00:01"}).status_code == 200


def test_put_leaves_nothing_of_the_old_but_the_number(office, facility):
    office.patch(f"{URL}/22", json={"comments": "old", "archived": True})
    shown = office.put(f"{URL}/22", json={"proposalId": 2, "nbShifts": 3}).json
    assert {key: shown[key] for key in ("comments", "archived", "startDate", "nbShifts")} == {
        "comments": None,
        "archived": False,
        "startDate": None,
        "nbShifts": 3,
    }
    assert shown["visit_number"] == 2


def test_delete_is_refused_while_something_hangs_on_it(office, facility, add, count):
    add(
        DataCollectionGroup(dataCollectionGroupId=1, sessionId=11),
        SessionType(sessionId=21, typeName="Remote"),
    )
    for session, reason in ((11, "data collections"), (22, "members of sessions")):
        response = office.delete(f"{URL}/{session}")
        assert (response.status_code, response.json["detail"]) == (
            409,
            f"Session still has {reason}",
        )
    assert office.delete(f"{URL}/mx2-1").json["sessionId"] == 21
    assert office.get(f"{URL}/21").status_code == 404
    assert (count(BLSession), count(SessionType), count(Proposal)) == (2, 0, 2)


def test_the_name_of_a_session_costs_no_statement(as_, facility, statements):
    alice = as_("alice", 1)
    with statements() as bare:
        alice.get(f"{URL}/11?fields=sessionId")
    with statements() as named:
        shown = alice.get(f"{URL}/11?fields=_metadata.name").json
    assert shown == {"_metadata": {"name": "mx1-1"}}
    assert len(named) == len(bare)
    assert alice.get(f"{URL}/{shown['_metadata']['name']}").json["sessionId"] == 11
    proposal = alice.get("/ispyb/api/v1/proposals/1").json
    assert proposal["_metadata"]["name"] == "mx1"


def test_statements_per_page_do_not_grow(office, facility, add, statements):
    with statements() as few:
        assert len(ids(office.get(f"{URL}?limit=1"))) == 1
    for number in range(100, 140):
        add(BLSession(sessionId=number, proposalId=1, visit_number=number))
    with statements() as many:
        assert len(ids(office.get(f"{URL}?limit=40"))) == 40
    assert len(few) == len(many) <= 6


def test_sessions_made_at_once_have_each_a_number(as_, facility):
    threads, numbers = [], []

    def post(client):
        answers = [client.post(URL, json=NEW) for _ in range(4)]
        numbers.extend(
            answer.json.get("visit_number") or answer.json["detail"] for answer in answers
        )

    for _ in range(4):
        client = as_("alice", 1, "mx_write")
        threads.append(threading.Thread(target=post, args=[client]))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(2, 18))


def test_the_session_that_runs_comes_first_then_the_nearest(as_, facility, add):
    """With the numbers of samples in its containers, and of data collections."""
    now, hour = datetime.now().replace(microsecond=0), timedelta(hours=1)
    midnight = now.replace(hour=0, minute=0, second=0)
    spans = {
        31: (midnight - 23 * hour, midnight - 15 * hour),  # yesterday
        32: (now - hour, now + hour),
        33: (midnight + 40 * hour, midnight + 47 * hour),  # tomorrow
        34: (midnight - 60 * hour, midnight - 25 * hour),
        35: (midnight + 49 * hour, midnight + 60 * hour),
        36: (now - hour, now + hour),  # elsewhere
        37: (now - hour, now + hour),  # of others
    }
    for key, (start, end) in spans.items():
        columns = {"beamLineName": "i04" if key == 36 else "i03", "visit_number": key}
        add(
            BLSession(
                sessionId=key,
                proposalId=2 if key == 37 else 1,
                startDate=start,
                endDate=end,
                **columns,
            )
        )
    add(
        ProcessingPipeline(processingPipelineId=6, name="xia2/DIALS", discipline="MX"),
        Container(containerId=1, sessionId=32),
        BLSample(blSampleId=1, containerId=1, name="a"),
        BLSample(blSampleId=2, containerId=1, name="b"),
        DataCollectionGroup(dataCollectionGroupId=1, sessionId=32),
        DataCollection(dataCollectionId=1, dataCollectionGroupId=1),
    )
    page = as_("alice", 1).get(f"{URL}/current?beamline=i03").json
    first, *others = page["results"]
    nearest = [31, 33] if now - spans[31][1] < spans[33][0] - now else [33, 31]
    assert (page["total"], [row["sessionId"] for row in others]) == (3, nearest)
    metadata = first["_metadata"]
    assert (first["sessionId"], metadata["samples"], metadata["data_collections"]) == (32, 2, 1)
    for query in ("", "?beamLineName=", "?beamLineName=i03&limit=1"):
        assert as_("alice", 1).get(f"{URL}/current{query}").status_code == 422
