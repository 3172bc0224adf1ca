"""A caller sees the rows that the rule says, restated in plain Python: a million pairs."""

import time

import pytest

from tests.core.plain_rule import Caller, PlainRule, Tables
from tests.core.random_facility import (
    ABOVE,
    BIG,
    EVERYWHERE,
    IN_HOUSE,
    LEADER,
    LIMIT,
    MEMBER,
    ORDINARY,
    OTHER,
    PERSONS,
    SMALL,
    Facility,
)

URL = "/ispyb/api/v1"
LISTS = (  # path, key, the rows, and the method that tells who sees one
    ("/sessions", "sessionId", "sessions", PlainRule.sees_session),
    ("/proposals", "proposalId", "proposals", PlainRule.sees_proposal),
    ("/samples", "blSampleId", "samples", PlainRule.sees_sample),
    ("/containers", "containerId", "containers", PlainRule.sees_container),
    ("/data_collections", "dataCollectionId", "collections", PlainRule.sees_collection),
    ("/autoproc/programs", "autoProcProgramId", "programs", PlainRule.sees_program),
)
MX, EM, SESSIONS, PROPOSALS = "mx_admin", "em_admin", "all_sessions", "all_proposals"
WRITERS = ("mx_write", "processing_write", "uportal_sync")
STAFF = [  # persons, and programs without one, by their permissions
    *(("big", person, (MX,)) for person in (None, IN_HOUSE, LIMIT, ORDINARY[0], PERSONS)),
    *(("small", person, (EM,)) for person in (None, LIMIT, MEMBER, ORDINARY[1], PERSONS)),
    *(("both", person, (MX, EM)) for person in (None, ABOVE, ORDINARY[2], PERSONS)),
    *(("sessions", person, (SESSIONS,)) for person in (None, LEADER, ORDINARY[3], PERSONS)),
    *(("proposals", person, (PROPOSALS,)) for person in (None, ORDINARY[4])),
    ("sessions", PERSONS, (SESSIONS, MX)),
    ("writer", None, WRITERS),
    ("nobody", 0, ()),
]
LIMITS = [  # of service tokens; one has a person, whose rows it does not see
    ((BIG,), None, WRITERS[:1]),
    ((SMALL,), None, (SESSIONS, PROPOSALS, MX)),
    ((OTHER,), ORDINARY[5], (PROPOSALS,)),
    ((SMALL, OTHER), None, ()),
    ((), None, (SESSIONS,)),
]
CALLERS = [
    *(Caller(f"p{person}", person) for person in range(1, PERSONS + 1)),
    *(Caller(*each) for each in STAFF),
    *(Caller("limited", person, permissions, limit) for limit, person, permissions in LIMITS),
]


@pytest.fixture
def tables(app, engine):
    """The rows of the facility, which are in the database too."""
    facility = Facility()
    facility.store(engine)
    return Tables(facility.rows)


@pytest.fixture
def client_of(as_):
    """``client_of(caller)`` sends its token, which is valid for an hour: the machine may be busy."""

    def sign(caller):
        claims = {"exp": int(time.time()) + 3600}
        if caller.limit is not None:
            claims |= {"service": True, "beamlines": [*caller.limit]}
        return as_(caller.login, caller.person, *caller.permissions, **claims)

    return sign


def read_keys(client, path, key, **filters):
    """The keys in all pages of a list, each of which tells the same total."""
    keys, totals, query = [], set(), {"limit": 500, "fields": key, **filters}
    while True:
        page = client.get(URL + path, query_string=query)
        assert page.status_code == 200, page.text
        keys += [row[key] for row in page.json["results"]]
        totals.add(page.json["total"])
        if "next" not in page.json:
            assert totals == {len(keys)}, (path, filters)
            return keys
        query["after"] = page.json["next"]


def test_lists_have_the_rows_of_the_rule(tables, client_of, site):
    """Neither one more, nor one less, nor one twice."""
    pairs, faults = 0, []
    for caller in CALLERS:
        rule, client = PlainRule(tables, caller, site["beamline_groups"]), client_of(caller)
        for path, key, name, sees in LISTS:
            rows = getattr(tables, name)
            visible = [number for number, row in rows.items() if sees(rule, row)]
            keys = read_keys(client, path, key)
            pairs += len(rows) if name in ("sessions", "proposals", "samples") else 0
            if sorted(keys) != visible:
                more, less = {*keys} - {*visible}, {*visible} - {*keys}
                faults.append((caller, path, len(keys), [*more][:9], [*less][:9]))
    assert not faults
    assert pairs >= 1_000_000
