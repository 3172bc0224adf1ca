"""Callers see the rows that the rule says, restated in plain Python: a million pairs."""

import time
from random import Random

import pytest

from tests.core.plain_lists import ALL_LISTS, DESCRIBED, LISTS, MORE_LISTS, SCOPES
from tests.core.plain_rule import KEYS, Caller, PlainRule, Tables
from tests.core.random_facility import (
    ABOVE,
    BIG,
    IN_HOUSE,
    LEADER,
    LIMIT,
    LINES,
    MEMBER,
    ORDINARY,
    OTHER,
    PERSONS,
    SMALL,
    Facility,
)

pytestmark = pytest.mark.mariadb  # once: the rule's SQL is the same for SQLite
URL = "/ispyb/api/v1"
MX, EM, SESSIONS, PROPOSALS = "mx_admin", "em_admin", "all_sessions", "all_proposals"
INDUSTRY = "industry_read"
IDLE = PERSONS[-1]
WRITERS = ("mx_write", "processing_write", "uportal_sync")
USERS = [Caller(f"p{person}", person) for person in PERSONS]
STAFF = [  # persons, and services without one, by their permissions
    *(Caller("big", person, (MX,)) for person in (None, IN_HOUSE, LIMIT, ORDINARY[0], IDLE)),
    *(Caller("small", person, (EM,)) for person in (None, LIMIT, MEMBER, ORDINARY[1], IDLE)),
    *(Caller("both", person, (MX, EM)) for person in (None, ABOVE, ORDINARY[2], IDLE)),
    *(Caller("sessions", key, (SESSIONS,)) for key in (None, LEADER, ORDINARY[3], IDLE)),
    *(Caller("proposals", person, (PROPOSALS,)) for person in (None, ORDINARY[4])),
    Caller("sessions", IDLE, (SESSIONS, MX)),
    *(Caller("open", IDLE, (each, INDUSTRY)) for each in (MX, SESSIONS, PROPOSALS)),
    Caller("writer", None, WRITERS),
    Caller("nobody", 0),
]
LIMITED = [  # one of these service tokens has a person, whose rows it does not see
    Caller("limited", person, permissions, limit)
    for limit, person, permissions in (
        ((BIG,), None, WRITERS[:1]),
        ((SMALL,), None, (SESSIONS, PROPOSALS, MX)),
        ((OTHER,), ORDINARY[5], (PROPOSALS,)),
        ((SMALL, OTHER), None, ()),
        ((), None, (SESSIONS,)),
    )
]
FEW = [*USERS[:8], USERS[-1], *STAFF, *LIMITED]  # for questions that cost a request each


@pytest.fixture
def tables(app, engine):
    """The rows of the facility, which are in the database too."""
    facility = Facility()
    facility.store(engine)
    return Tables(facility.rows)


@pytest.fixture
def sign_in(as_, tables, site):
    """``sign_in(caller)`` is its restated rule, and a client that sends its token.

    The token is valid for an hour: the machine may be busy.
    """

    def sign(caller):
        claims = {"exp": int(time.time()) + 3600, "service": caller.is_service}
        if caller.limit is not None:
            claims |= {"beamlines": [*caller.limit]}
        client = as_(caller.login, caller.person, *caller.permissions, **claims)
        return PlainRule(tables, caller, site), client

    return sign


def read_rows(client, path, **query):
    """The rows of all pages of a list; each page has the same total."""
    rows, totals = [], set()
    while True:
        page = client.get(URL + path, query_string={"limit": 500, **query})
        assert page.status_code == 200, (path, query, page.text)
        rows += page.json["results"]
        totals.add(page.json["total"])
        if "next" not in page.json:
            assert totals == {len(rows)}, (path, query)
            return rows
        query["after"] = page.json["next"]


def value_at(answer, path):
    """The value at the dotted ``path``: None below null, a list below a list."""
    for name in path.split("."):
        if isinstance(answer, list):
            answer = [each[name] for each in answer]
        elif answer is not None:
            answer = answer[name]
    return answer


def list_visible(rule, name):
    """The keys of the rows that are visible by the restated rule, in their order."""
    rows, sees = getattr(rule.tables, name), ALL_LISTS[name].sees
    return [key for key, row in rows.items() if sees(rule, row)]


@pytest.mark.parametrize(
    "names, callers, pairs",
    [
        (("sessions", "proposals", "samples"), [*USERS, *STAFF, *LIMITED], 1_000_000),
        (("containers", "collections", "programs"), [*USERS, *STAFF, *LIMITED], 300_000),
        ((*MORE_LISTS,), FEW, 100_000),
    ],
    ids=["roots", "below", "more"],
)
def test_lists_have_the_rows_of_the_rule(sign_in, names, callers, pairs):
    """Neither one more, nor one less, nor one twice."""
    compared, faults = 0, []
    for caller in callers:
        rule, client = sign_in(caller)
        for name in names:
            (path, *_), key = ALL_LISTS[name], KEYS[name][1]
            visible = list_visible(rule, name)
            listed = sorted(row[key] for row in read_rows(client, path, fields=key))
            compared += len(getattr(rule.tables, name))
            if listed != visible:
                more, less = {*listed} - {*visible}, {*visible} - {*listed}
                faults.append((caller, path, len(listed), [*more][:9], [*less][:9]))
    assert not faults
    assert compared >= pairs


def name_of(tables, name, key, random):
    """The key of a row, or at random the name of a proposal or session."""
    if name in ("proposals", "sessions") and random.random() < 0.5:
        row = getattr(tables, name)[key]
        proposal = f"{tables.proposals[row['proposalId']]['proposalCode']}{row['proposalId']}"
        return proposal if name == "proposals" else f"{proposal}-{row['visit_number']}"
    return key


def check_row(rule, name, answer):
    """Compare a row of an answer, and the rows of other tables in it, with the restatement."""
    row = getattr(rule.tables, name)[answer[KEYS[name][1]]]
    described = ALL_LISTS[name].describe(rule, row)
    answered = {path: value_at(answer, path) for path in described}
    assert answered == described, (rule.caller, name, row)


def test_single_rows_are_those_of_the_rule(sign_in):
    """A hidden row is a 404; a visible one shows of other tables the visible rows."""
    random, statuses = Random(1), []
    for caller in FEW[::2]:
        rule, client = sign_in(caller)
        for name in random.sample([*ALL_LISTS], 6):
            visible = list_visible(rule, name)
            hidden = sorted(getattr(rule.tables, name).keys() - {*visible})
            for keys, status in ((visible, 200), (hidden, 404)):
                for key in random.sample(keys, min(1, len(keys))):
                    path = f"{ALL_LISTS[name].path}/{name_of(rule.tables, name, key, random)}"
                    answer = client.get(URL + path)
                    assert answer.status_code == status, (caller, path)
                    statuses.append(status)
                    if status == 200:
                        check_row(rule, name, answer.json)
    assert min(statuses.count(200), statuses.count(404)) > 60


def test_pages_show_visible_rows_of_other_tables(sign_in):
    """Hidden ones are null, and are neither listed nor counted."""
    random, rows = Random(3), 0
    for caller in FEW:
        rule, client = sign_in(caller)
        for name in random.sample([*DESCRIBED], 4):
            path, key = ALL_LISTS[name].path, KEYS[name][1]
            columns = ALL_LISTS[name].describe(rule, getattr(rule.tables, name)[1])
            skip = random.choice((0, 0, 3, 30))
            query = {"fields": ",".join((key, *columns)), "limit": 12, "skip": skip}
            answer = client.get(URL + path, query_string=query)
            assert answer.status_code == 200, answer.text
            for row in answer.json["results"]:
                check_row(rule, name, row)
                rows += 1
    assert rows > 500


def test_proposals_by_a_visible_session(sign_in, site):
    """A hidden session makes a proposal neither one of its beamline nor one of its members."""
    random, rows = Random(4), 0
    for caller in FEW:
        rule, client = sign_in(caller)
        tables, person, line = rule.tables, random.choice(PERSONS), random.choice(LINES)
        visible = {*list_visible(rule, "proposals")}
        of_person = PlainRule(tables, Caller("", person), site)
        sessions = [*filter(rule.sees_session, tables.sessions.values())]
        expected = {
            "login": of_person.own_proposals.union(
                row["proposalId"] for row in sessions if row["sessionId"] in of_person.own_sessions
            ),
            "beamLineName": {r["proposalId"] for r in sessions if r["beamLineName"] == line},
        }
        for name, value in (("login", f"p{person}"), ("beamLineName", line)):
            answers = read_rows(client, "/proposals", fields="proposalId", **{name: value})
            keys = sorted(row["proposalId"] for row in answers)
            assert keys == sorted(expected[name] & visible), (caller, name, value)
            rows += len(keys)
    assert rows > 500


def test_rows_of_a_proposal_and_of_a_session(sign_in):
    """They are those that are visible and hang on it; if it is hidden it is a 404."""
    random, partial, empty = Random(2), 0, 0
    for caller in FEW:
        rule, client = sign_in(caller)
        for scope, name, parents_of in random.sample(SCOPES, 5):
            (path, _, describe), above = LISTS[name], f"{scope}s"
            rows, visible = getattr(rule.tables, name), list_visible(rule, name)
            keys = random.choice((visible, [*rows])) or [*rows]
            parents = list_visible(rule, above)
            if not parents or random.random() < 0.8:
                parents = [*parents_of(rule.tables, rows[random.choice(keys)])]
            for parent in random.sample(parents, min(1, len(parents))):
                query = {scope: name_of(rule.tables, above, parent, random)}
                if not LISTS[above].sees(rule, getattr(rule.tables, above)[parent]):
                    assert client.get(URL + path, query_string=query).status_code == 404
                    continue
                hanging = {k for k, row in rows.items() if parent in parents_of(rule.tables, row)}
                columns = [KEYS[name][1], *describe(rule, rows[keys[0]])]
                answers = read_rows(client, path, fields=",".join(columns), **query)
                answered = sorted(row[columns[0]] for row in answers)
                assert answered == sorted(hanging.intersection(visible)), (caller, path, query)
                partial += not hanging.issubset(visible)
                empty += not hanging
                for row in answers[:5]:
                    check_row(rule, name, row)
    assert min(partial, empty) > 10
