"""The grammar of lists: pages, cursors, filters, fields; and what a page costs."""

from datetime import datetime

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from shared import read
from shared.models import BLSession, Person, Proposal
from shared.statements import cache_statements
from tests.operations import PERMISSIONS, filled, is_list, names
from tests.registry import ROUTES
from tests.rows import FULL, fill

ROOT = "/ispyb/api/v1"
URL = f"{ROOT}/sessions"
MOST = 8  # statements for one page, whatever its length


# ------------------------------------------------------------------------------ what it costs


def counted(client, url, query):
    """The rows of a list, and how many statements they cost."""
    seen = []

    def note(connection, cursor, statement, *_):
        if "RevokedToken" not in statement:  # which is asked once a second
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        answer = client.get(url, query_string=query)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert answer.status_code == 200, (url, answer.text)
    rows = answer.json["results"] if isinstance(answer.json, dict) else answer.json
    return len(rows), len(seen)


def query_for(name, operation):
    """A long page, and the parameters that the operation requires."""
    page = {"limit": 500} if "limit" in names(operation, "query") else {}
    return page | ROUTES[name].query


def test_a_list_costs_the_same_statements_whatever_its_length(
    built, operations, engine, clean, token
):
    gets = {name: each for name, each in operations.items() if name.startswith("get ")}
    lists = {
        name: each for name, each in gets.items() if is_list(each[2]) and not ROUTES[name].in_files
    }
    assert len(lists) > 3
    bearer = f"Bearer {token('login', 1, *PERMISSIONS)}"

    def pages():
        for name, (service, path, operation) in lists.items():
            client = built(service).test_client()
            client.environ_base["HTTP_AUTHORIZATION"] = bearer
            values = dict.fromkeys(names(operation, "path"), 1) | ROUTES[name].path
            yield path, counted(client, filled(path, values), query_for(name, operation))

    fill(engine, last=1)
    few = dict(pages())
    fill(engine, first=2)
    many = dict(pages())
    for path, (rows, statements) in many.items():
        assert few[path][0] <= rows and few[path][1] == statements <= MOST, path
        if path.startswith(ROOT) and "{" not in path and not path.endswith("/current"):
            assert rows >= FULL // 2, path


@pytest.mark.parametrize("counted, total", [(5, (5, False)), (11, (11, False)), (12, (12, True))])
def test_a_long_list_is_not_counted_to_its_end(as_, sessions, monkeypatch, counted, total):
    monkeypatch.setattr(read, "COUNTED", counted)
    monkeypatch.setattr(read, "_statements", cache_statements(1)(read._statements.__wrapped__))
    page = as_(*STAFF).get(f"{URL}?limit=6").json
    assert (page["total"], page.get("totalIsExact", True)) == total
    assert len(page["results"]) == 6


# ------------------------------------------------------------------------------ the grammar

STAFF = ("staff", None, "all_sessions", "industry_read")
DATES = [None, datetime(2024, 5, 1), datetime(2024, 5, 1), None, datetime(2024, 4, 1), None]


@pytest.fixture
def sessions(add):
    """Sessions 1 to 12, with ties and nulls in every column that may hold them."""
    add(
        Person(personId=1, login="leader"),
        Proposal(proposalId=1, personId=1, proposalCode="mx", proposalNumber="1"),
    )
    for key in range(1, 13):
        add(
            BLSession(
                sessionId=key,
                proposalId=1,
                visit_number=key,
                beamLineName=[None, "i03", "i04", "I03"][key % 4],
                startDate=DATES[key % 6],
                endDate={7: datetime(2024, 5, 2, 23, 59), 8: datetime(2024, 5, 3)}.get(key),
                nbShifts=[None, 3, 1][key % 3],
                scheduled=[True, False, None][key % 3],
                comments=["50% off", "a_b", "50 of", "a/b", None, "axb"][key % 6],
                riskRating=[None, "Low", "High"][key % 3],
                externalId=[None, b"\x01" * 16][key % 2],
            )
        )


def ids(page):
    return [row["sessionId"] for row in page["results"]]


ORDERS = [
    sign + name
    for name in ("startDate", "beamLineName", "nbShifts", "scheduled", "externalId", "comments")
    for sign in ("", "-")
]
ORDERS += ["sessionId", "-sessionId", "nbShifts,-startDate", "-startDate,nbShifts,sessionId"]
ORDERS += ["-scheduled,startDate,-beamLineName"]


@pytest.mark.parametrize("sort", ORDERS)
@pytest.mark.parametrize("limit", [2, 5])
def test_pages_follow_each_other_by_cursor(as_, sessions, sort, limit):
    client = as_(*STAFF)
    whole = ids(client.get(f"{URL}?sort={sort}&limit=500").json)
    assert sorted(whole) == list(range(1, 13))
    walked, query = [], {"sort": sort, "limit": limit}
    for _ in range(13):
        page = client.get(URL, query_string=query).json
        assert page["total"] == 12
        walked += ids(page)
        if "next" not in page:
            break
        query["after"] = page["next"]
    assert walked == whole


def test_a_cursor_does_not_repeat_what_was_inserted_before_it(as_, sessions, add):
    client = as_(*STAFF)
    first = client.get(f"{URL}?sort=-sessionId&limit=6").json
    add(BLSession(sessionId=99, proposalId=1, visit_number=99))
    rest = client.get(f"{URL}?sort=-sessionId&limit=6&after={first['next']}").json
    assert ids(first) + ids(rest) == list(range(12, 0, -1))


@pytest.mark.parametrize("sort", ["riskRating", "-riskRating,sessionId"])
def test_words_with_an_order_of_their_own_have_no_cursor(as_, sessions, sort):
    page = as_(*STAFF).get(f"{URL}?sort={sort}&limit=3").json
    assert "next" not in page and len(page["results"]) == 3


@pytest.mark.parametrize("text", ["", "x", "!!!!", "WzFd", "bnVsbA", "eyJhIjoxfQ", "W10", "é"])
def test_an_invalid_cursor_is_refused(as_, sessions, text):
    answer = as_(*STAFF).get(URL, query_string={"after": text})
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["after"])


def test_a_cursor_serves_one_order_only(as_, sessions):
    client = as_(*STAFF)
    cursor = client.get(f"{URL}?sort=nbShifts&limit=2").json["next"]
    answer = client.get(f"{URL}?sort=-nbShifts&limit=2&after={cursor}")
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["after"])


@pytest.mark.parametrize(
    "query, expected",
    [
        ("sessionId=3", {3}),
        ("sessionId__in=3,4,99", {3, 4}),
        ("sessionId__gte=11", {11, 12}),
        ("sessionId__gte=3&sessionId__lte=4", {3, 4}),
        ("beamLineName=i04", {2, 6, 10}),
        ("startDate=2024-04-01T00:00:00", {4, 10}),
        ("startDate__lte=2024-04-30", {4, 10}),
        ("startDate__lte=2024-04-01", {4, 10}),
        ("endDate=2024-05-02", {7}),
        ("endDate__lte=2024-05-02", {7}),
        ("endDate__lte=2024-05-02T23:58:59", set()),
        ("endDate__gte=2024-05-02&endDate__lte=2024-05-02", {7}),
        ("endDate=2024-05-02&endDate__gte=2024-05-02T23:59:00", {7}),
        ("endDate=2024-05-02&endDate__gte=2024-05-03", set()),
        ("endDate__in=2024-05-02T23:59:00,2024-05-03T00:00:00", {7, 8}),
        ("scheduled=true", {3, 6, 9, 12}),
        ("scheduled=false&nbShifts=3", {1, 4, 7, 10}),
        ("riskRating=Low", {1, 4, 7, 10}),
        ("riskRating__in=Low,High", {1, 2, 4, 5, 7, 8, 10, 11}),
        ("search=50%25", {6, 12}),
        ("search=a_b", {1, 7}),
        ("search=a/b", {3, 9}),
        ("search=I04&nbShifts=1", {2}),
        ("skip=12", set()),
        ("sort=sessionId&skip=10", {11, 12}),
        ("sessionId__in=1&sessionId__in=2,3", {1, 2, 3}),  # generated clients repeat lists
        ("sessionId__in=1&sessionId__in=2&fields=sessionId&fields=comments", {1, 2}),
        ("sort=nbShifts&sort=-sessionId&skip=12", set()),
    ],
)
def test_filters(as_, sessions, query, expected):
    page = as_(*STAFF).get(f"{URL}?{query}&limit=500").json
    assert set(ids(page)) == expected
    assert page["total"] == (12 if "skip" in query else len(expected))


@pytest.mark.parametrize(
    "query, name",
    [
        ("propsalId=1", "propsalId"),
        ("sessionId__gt=1", "sessionId__gt"),
        ("sessionId=1&sessionId=2", "sessionId"),
        ("sessionId=x", "sessionId"),
        ("sessionId=-1", "sessionId"),
        (f"sessionId={2**70}", "sessionId"),
        ("sessionId=1e1", "sessionId"),
        ("sessionId__in=1,x", "sessionId__in"),
        ("startDate=yesterday", "startDate"),
        ("startDate=2024-05-01T00:00:00+25:00", "startDate"),
        ("startDate__lte=2024-05-32", "startDate__lte"),
        ("startDate__in=2024-05-01T00:00:00,2024-05-02", "startDate__in"),
        ("scheduled=maybe", "scheduled"),
        ("riskRating=Huge", "riskRating"),
        ("riskRating__in=Low,Huge", "riskRating__in"),
        ("beamLineName=%E6%97%A5", "beamLineName"),
        ("sort=nope", "sort"),
        ("sort=", "sort"),
        ("sort=--sessionId", "sort"),
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=501", "limit"),
        (f"limit={2**70}", "limit"),
        ("limit=ten", "limit"),
        ("skip=-1", "skip"),
        ("skip=100001", "skip"),
        ("fields=nope", "fields"),
        ("fields=", "fields"),
        ("fields=Proposal.nope", "fields"),
        ("fields=Nope.proposalId", "fields"),
        ("fields=sessionId.x", "fields"),
        ("fields=Proposal.", "fields"),
        ("fields=.", "fields"),
        ("search=" + "x" * 201, "search"),
        ("search=%E6%97%A5", "search"),
        ("search=%00", "search"),
        ("onetime=x", "onetime"),
        ("externalId=00", "externalId"),
    ],
)
def test_unknown_parameters_and_values_are_named(as_, query, name):
    answer = as_(*STAFF).get(f"{URL}?{query}")
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [name]


def test_parameters_that_are_sent_twice_are_named(as_):
    answer = as_(*STAFF).get(
        f"{URL}?limit=1&limit=2&scheduled=true&scheduled=true&fields=a&fields=b"
    )
    assert answer.status_code == 422
    assert answer.json["errors"] == {
        "limit": ["Sent twice: send it once."],
        "scheduled": ["Sent twice: send it once."],
    }


def test_a_list_in_parts_is_in_their_order(as_, sessions):
    client = as_(*STAFF)
    assert (
        client.get(f"{URL}?sort=nbShifts&sort=-sessionId").json
        == client.get(f"{URL}?sort=nbShifts,-sessionId").json
    )


# ------------------------------------------------------------------------------ fields

MASKS = [
    ("sessionId", {"sessionId": 2}),
    ("sessionId,Proposal.proposalCode", {"sessionId": 2, "Proposal": {"proposalCode": "mx"}}),
    ("Proposal.Person.login", {"Proposal": {"Person": {"login": "leader"}}}),
    ("_metadata.persons", {"_metadata": {"persons": 0}}),
]


@pytest.mark.parametrize("fields, expected", MASKS, ids=lambda value: str(value)[:30])
def test_fields_narrow_the_answer(as_, sessions, fields, expected):
    client = as_(*STAFF)
    assert client.get(f"{URL}/2?fields={fields}").json == expected
    assert client.get(f"{URL}?sessionId=2&fields={fields}").json["results"] == [expected]


def test_fields_narrow_the_select(as_, sessions, statements):
    with statements() as seen:
        as_(*STAFF).get(f"{URL}?fields=sessionId")
    assert not any("beamLineOperator" in one or "proposalCode" in one for one in seen)


@pytest.mark.parametrize(
    "mask, expected",
    [
        ("sessionId", {"sessionId": 2}),
        ("{sessionId, Proposal{proposalCode}}", MASKS[1][1]),
        ("Proposal{Person{login}}", MASKS[2][1]),
    ],
)
def test_the_header_of_masks_does_too(as_, sessions, mask, expected):
    answer = as_(*STAFF).get(f"{URL}/2", headers={"X-Fields": mask})
    assert answer.json == expected


@pytest.mark.parametrize("mask", ["{", "sessionId}", "nope", "*"])
def test_a_mask_that_fits_nothing_is_refused(as_, sessions, mask):
    answer = as_(*STAFF).get(f"{URL}/2", headers={"X-Fields": mask})
    assert answer.status_code == 422
