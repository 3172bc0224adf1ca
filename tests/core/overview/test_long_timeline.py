"""A long timeline: in the order of keys, each event once, and at the cost of a short one."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert

from services.core.models import EnergyScan, RobotAction, Screening, XFEFluorescenceSpectrum
from services.core.modules.overview.timeline import BY_KEY
from shared.models import BLSession, DataCollection, DataCollectionGroup, GridInfo
from shared.paging import cursor

URL = "/ispyb/api/v1/events"
EVERYBODY = ("staff", None, "all_sessions", "industry_read")
I03 = ("erin", 5, "mx_admin")
ALICE, BOB, DAVE = ("alice", 1), ("bob", 2), ("dave", 4)
BEGIN = datetime(2024, 5, 11)
TYPES = ["dc", "es", "robot", "screening", "xrf"]
SESSIONS = 22, 21, 22
EMPTY = range(200, 260)  # groups without data collections, more than a page has spare rows for
UNDATED = range(100, 103)  # groups without a time, whose data collections have one
TIMELESS = 120  # a group without any time
LATE = 310  # a group of another year, recorded late


def minute(number, seconds=0):
    return BEGIN + timedelta(minutes=number, seconds=seconds)


def store(engine, *tables):
    with engine.begin() as connection:
        for model, rows in tables:
            connection.execute(insert(model.__table__), rows)


def make_groups(keys, session=lambda key: SESSIONS[key % 3]):
    times = {key: minute(key // 2) for key in keys}  # two at the same time
    times.update(dict.fromkeys({*UNDATED, TIMELESS} & times.keys()))
    if LATE in times:
        times[LATE] = datetime(2020, 1, 1)
    return [
        {
            "dataCollectionGroupId": key,
            "sessionId": session(key),
            "experimentType": "Mesh" if key % 5 == 0 else "OSC",
            "startTime": times[key],
        }
        for key in keys
    ]


def make_collections(keys):
    return [
        {
            "dataCollectionId": key,
            "dataCollectionGroupId": key,
            "startTime": None if key == TIMELESS else minute(key // 2, 1),
            "runStatus": "failed" if key % 11 == 0 else "successful",
        }
        for key in keys
        if key not in EMPTY
    ]


@pytest.fixture
def long(engine, facility):
    """400 groups, 133 robot actions, 40 scans, 40 spectra and 28 screenings in two sessions.

    Returns the events in the order of keys, each as its type, key, session and time.
    """
    keys = range(1, 401)
    scans = [
        {"sessionId": SESSIONS[key % 3], "startTime": None if key == 7 else minute(key * 5, 20)}
        for key in range(1, 41)
    ]
    screenings = [
        {
            "screeningId": key,
            "dataCollectionId": None if key % 4 == 0 else group,
            "dataCollectionGroupId": group if key % 4 == 0 else None,
            "bltimeStamp": minute(group // 2, 40),
        }
        for key, group in enumerate([*range(10, 200, 10), 204, *range(270, 340, 10), 340], 1)
    ]
    groups, collections = make_groups(keys), make_collections(keys)
    actions = [
        {
            "robotActionId": key,
            "blsessionId": SESSIONS[key % 3],
            "status": "ERROR" if key % 10 == 0 else "SUCCESS",
            "startTimestamp": minute(key * 3 // 2),
        }
        for key in range(1, 134)
    ]
    store(
        engine,
        (DataCollectionGroup, groups),
        (DataCollection, collections),
        (Screening, screenings),
        (RobotAction, actions),
        (EnergyScan, [{"energyScanId": key, **row} for key, row in enumerate(scans, 1)]),
        (
            XFEFluorescenceSpectrum,
            [{"xfeFluorescenceSpectrumId": key, **row} for key, row in enumerate(scans, 1)],
        ),
        (GridInfo, [{"gridInfoId": 1, "dataCollectionId": 50}]),
    )
    by_group = {}
    for row in reversed(screenings):
        link = row["dataCollectionId"] or row["dataCollectionGroupId"]
        by_group.setdefault(link, []).append((row["screeningId"], row["bltimeStamp"]))
    first = {row["dataCollectionGroupId"]: row["startTime"] for row in collections}
    data = []
    for group in reversed(groups):
        key, session = group["dataCollectionGroupId"], group["sessionId"]
        data += [("screening", each, session, time) for each, time in by_group.get(key, ())]
        if key in first:
            data.append(("dc", key, session, group["startTime"] or first[key]))
    return data, *(
        [
            (kind, key, row.get("sessionId", row.get("blsessionId")), time(row))
            for key, row in reversed([*enumerate(rows, 1)])
        ]
        for kind, rows, time in (
            ("es", scans, lambda row: row["startTime"]),
            ("xrf", scans, lambda row: row["startTime"]),
            ("robot", actions, lambda row: row["startTimestamp"]),
        )
    )


def merge(tables, is_chosen):
    """The names of the events of ``tables`` that are chosen, in the documented order."""
    order = []
    for table in tables:
        latest, chosen = datetime.min, [event for event in table if is_chosen(*event)]
        for place in reversed(range(len(chosen))):
            kind, key, _, time = chosen[place]
            latest = max(latest, time or latest)
            chosen[place] = (latest, -TYPES.index(kind), -place), f"{kind} {key}"
        order += chosen
    # The latest time never rises within a table, so sorting keeps the order of its keys.
    return [name for _, name in sorted(order, key=lambda each: each[0], reverse=True)]


def walk(client, query, limit):
    """The names of the events of all pages, and the pages."""
    events, pages, query = [], [], {**query, "limit": limit}
    while True:
        answer = client.get(URL, query_string=query)
        assert answer.status_code == 200, answer.json
        pages.append(answer.json)
        events += [f"{row['type']} {row['id']}" for row in answer.json["results"]]
        if "next" not in answer.json:
            return events, pages
        query["after"] = answer.json["next"]


CHOICES = [
    (EVERYBODY, {}, lambda *event: True),
    (EVERYBODY, {"sessionId": 22}, lambda kind, key, session, time: session == 22),
    (BOB, {"proposal": "mx2"}, lambda *event: True),
    (DAVE, {}, lambda kind, key, session, time: session == 22),
    (I03, {}, lambda kind, key, session, time: session == 22),
    (EVERYBODY, {"beamLineName": "i03"}, lambda kind, key, session, time: session == 22),
    (EVERYBODY, {"eventType": "dc"}, lambda kind, key, session, time: kind == "dc"),
    (EVERYBODY, {"eventType": "screening"}, lambda kind, key, session, time: kind == "screening"),
    (EVERYBODY, {"eventType": "Mesh"}, lambda kind, key, session, time: is_mesh(kind, key)),
    (EVERYBODY, {"eventType": "grid"}, lambda kind, key, session, time: (kind, key) == ("dc", 50)),
    (EVERYBODY, {"status": "failed"}, lambda kind, key, session, time: is_failed(kind, key)),
    (
        DAVE,
        {"status": "failed"},
        lambda kind, key, session, time: is_failed(kind, key) and session == 22,
    ),
    (
        EVERYBODY,
        {"startTime__gte": "2024-05-11T01:00:00", "startTime__lte": "2024-05-11T02:00:00"},
        lambda kind, key, session, time: time and minute(60) <= time <= minute(120),
    ),
]


def is_mesh(kind, key):
    return kind == "dc" and key % 5 == 0


def is_failed(kind, key):
    return kind == "dc" and key % 11 == 0 or kind == "robot" and key % 10 == 0


def test_a_table_has_all_pages(as_, long):
    answer = as_(*EVERYBODY).get(f"{URL}?format=csv&fields=type,id")
    assert answer.status_code == 200, answer.json
    header, *lines = answer.text.splitlines()
    assert header == "type,id"
    assert [line.replace(",", " ") for line in lines] == merge(long, lambda *event: True)


@pytest.mark.parametrize("limit", [23, 500])
@pytest.mark.parametrize("case", range(len(CHOICES)))
def test_a_walk_shows_each_event_once_in_the_order_of_keys(as_, long, case, limit):
    caller, query, is_chosen = CHOICES[case]
    expected = merge(long, is_chosen)
    events, pages = walk(as_(*caller), query, limit)
    assert events == expected
    assert all(len(page["results"]) == limit for page in pages[:-1])
    assert pages[-1]["total"] == len(expected)
    skipped = as_(*caller).get(URL, query_string={**query, "skip": 5, "limit": limit})
    assert [f"{row['type']} {row['id']}" for row in skipped.json["results"]] == (
        events[5 : 5 + limit]
    )


@pytest.mark.parametrize(
    "query, caller", [({}, EVERYBODY), ({}, I03), ({"beamLineName": "i03"}, BOB)]
)
def test_rows_are_checked_one_by_one_where_sessions_are_many(as_, engine, long, query, caller):
    """With more sessions on a beamline than are bound as a list."""
    rows = [
        {"sessionId": key, "proposalId": 2, "visit_number": key, "beamLineName": "i03"}
        for key in range(100, 2110)
    ]
    store(engine, (BLSession, rows))
    everything = caller == EVERYBODY
    expected = merge(long, lambda kind, key, session, time: everything or session == 22)
    assert walk(as_(*caller), query, 200)[0] == expected


def test_events_recorded_during_a_walk_change_nothing_behind_it(as_, engine, long):
    client = as_(*EVERYBODY)
    page = client.get(URL, query_string={"limit": 100}).json
    keys = range(401, 421)
    store(
        engine,
        (DataCollectionGroup, make_groups(keys)),
        (DataCollection, make_collections(keys)),
    )
    rest, _ = walk(client, {"after": page["next"]}, 100)
    assert rest == merge(long, lambda *event: True)[100:]


def test_a_page_that_looked_at_many_rows_goes_on_with_next(as_, engine, facility):
    """One group of 5,000 failed, the oldest: a page looks at 2,000 beyond those that it shows."""
    keys = range(1, 5001)
    groups = make_groups(keys, session=lambda key: 11)
    collections = [
        {
            "dataCollectionId": key,
            "dataCollectionGroupId": key,
            "runStatus": "failed" if key == 1 else "successful",
        }
        for key in keys
    ]
    store(engine, (DataCollectionGroup, groups), (DataCollection, collections))
    for caller in (EVERYBODY, ALICE):
        events, pages = walk(as_(*caller), {"status": "failed"}, 25)
        assert events == ["dc 1"]
        assert [len(page["results"]) for page in pages] == [0, 0, 1]
        assert [page.get("totalIsExact", True) for page in pages] == [False, False, True]
    count = as_(*ALICE).get(URL).json
    assert (count["total"], count["totalIsExact"]) == (1000, False)


@pytest.mark.parametrize(
    "query, name",
    [
        ({"skip": 10_000}, "skip"),
        ({"dataCollectionId": 1, "after": cursor(BY_KEY, [9] * 6)}, "after"),
        *(
            ({"after": cursor(BY_KEY, [9, 9, 9, 9, 9, value])}, "after")
            for value in (-1, 2**32, None, "1", 1.5)
        ),
    ],
)
def test_a_place_that_pages_do_not_reach_is_refused(as_, long, query, name):
    answer = as_(*EVERYBODY).get(URL, query_string=query)
    assert (answer.status_code, [*answer.json["errors"]]) == (422, [name])


def test_a_long_page_takes_the_statements_of_a_short_one(as_, long, statements):
    for caller in (EVERYBODY, DAVE):
        client, counts = as_(*caller), set()
        client.get(URL)  # the number of rows is remembered
        for limit in (20, 400):
            with statements() as seen:
                assert client.get(URL, query_string={"limit": limit}).status_code == 200
            counts.add(len(seen))
        assert len(counts) == 1


def count_reads(engine):
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SHOW GLOBAL STATUS LIKE 'Handler_read%%'")
        return sum(int(number) for _, number in rows)


@pytest.mark.mariadb
def test_no_more_rows_are_read_of_a_larger_table(as_, engine, facility):
    """Without an index of the site's own; one row in ten is of session 11, at any size 400."""
    questions = [
        (EVERYBODY, {}),
        (EVERYBODY, {"sessionId": 22}),
        (EVERYBODY, {"sessionId": 11}),
        (EVERYBODY, {"status": "failed"}),
        (EVERYBODY, {"eventType": "Mesh"}),
        (EVERYBODY, {"startTime__gte": "2024-05-11"}),
        (ALICE, {}),
    ]
    reads = [[], []]
    for number, counts in zip((4_000, 16_000), reads):
        begin = 1 if number == 4_000 else 4_001
        keys = range(begin, number + 1)
        store(
            engine,
            (
                DataCollectionGroup,
                make_groups(keys, lambda key: 11 if key % 10 == 0 and key <= 4_000 else 22),
            ),
            (DataCollection, make_collections(keys)),
            (RobotAction, [{"robotActionId": key, "blsessionId": 22} for key in keys]),
        )
        with engine.begin() as connection:
            for table in ("DataCollectionGroup", "DataCollection", "RobotAction"):
                connection.exec_driver_sql(f"ANALYZE TABLE {table}").all()
        for caller, query in questions:
            client = as_(*caller)
            client.get(URL, query_string=query)  # the number of rows is remembered
            before = count_reads(engine)
            assert len(client.get(URL, query_string=query).json["results"]) == 25
            counts.append(count_reads(engine) - before)
    for question, small, large in zip(questions, *reads):
        assert large < 1.2 * small < 12_000, question
