"""The GET routes of the dialect of Exp-Eye, which SCAUP uses."""

from datetime import datetime

import pytest
from sqlalchemy import null, text

from services.core.models import LabContact
from shared.models import BLSession
from tests.operations import answer

ROOT = "/ispyb/expeye"


@pytest.fixture
def alice(as_, stock):
    return as_("alice", 1)


@pytest.fixture
def scaup(as_, stock, add):
    """The service token of SCAUP for i03, where mx1 has two more sessions."""
    add(
        BLSession(
            sessionId=12,
            proposalId=1,
            visit_number=2,
            beamLineName="i03",
            startDate=datetime(2024, 6, 1, 9),
            endDate=datetime(2024, 6, 2, 9),
            beamLineOperator="Bob Brandt, Carol Conti",
            archived=True,
        ),
        BLSession(sessionId=13, proposalId=1, visit_number=3, beamLineName="i03"),
    )
    return as_("scaup", None, service=True, beamlines=["i03"])


@pytest.mark.parametrize("reference", ["mx1", "MX1"])
def test_a_session_is_read_by_its_number(reference, scaup):
    """Its dates have no zone and no fraction, its operators are a list."""
    found = scaup.get(f"{ROOT}/proposals/{reference}/sessions/2")
    assert found.status_code == 200
    row = found.json
    for name in ("bltimeStamp", "lastUpdate"):
        datetime.strptime(row.pop(name), "%Y-%m-%dT%H:%M:%S")
    assert row == {
        "sessionId": 12,
        "proposalId": 1,
        "parentProposal": "mx1",
        "visitNumber": 2,
        "beamLineName": "i03",
        "beamLineOperator": ["Bob Brandt", "Carol Conti"],
        "startDate": "2024-06-01T09:00:00",
        "endDate": "2024-06-02T09:00:00",
        "scheduled": None,
        "nbShifts": None,
        "comments": None,
        "beamLineSetupId": None,
        "beamCalendarId": None,
        "usedFlag": None,
        "archived": 1,
        "purgedProcessedData": False,
    }
    bare = scaup.get(f"{ROOT}/proposals/mx1/sessions/3").json
    assert (bare["beamLineOperator"], bare["startDate"], bare["archived"]) == (None, None, 0)


def test_a_zero_date_is_null_as_documented(add, alice, engine, operations):
    """MariaDB has them in columns that are NOT NULL, SQLite has none."""
    add(BLSession(sessionId=14, proposalId=1, visit_number=4))
    has_zero_dates = engine.dialect.name != "sqlite"
    if has_zero_dates:
        with engine.begin() as connection:
            connection.execute(
                text(
                    "UPDATE BLSession SET lastUpdate = '0000-00-00 00:00:00' WHERE sessionId = 14"
                )
            )
    for url, name in (
        (f"{ROOT}/proposals/mx1/sessions/4", f"get {ROOT}/proposals/{{ref}}/sessions/{{visit}}"),
        ("/ispyb/api/v1/sessions/14", "get /sessions/{session_id}"),
    ):
        assert (alice.get(url).json["lastUpdate"] is None) is has_zero_dates
        shape = answer(operations[name][2])["properties"]["lastUpdate"]
        assert shape["type"] == ["string", "null"]


def test_flags_are_never_null(add, alice):
    flags = {"archived": null(), "purgedProcessedData": null()}
    add(BLSession(sessionId=14, proposalId=1, visit_number=4, **flags))
    found = alice.get(f"{ROOT}/proposals/mx1/sessions/4").json
    assert found["archived"] == 0 and type(found["archived"]) is int
    assert found["purgedProcessedData"] is False


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [12, 22, 11, 13]),  # latest first
        ({"limit": 2}, [12, 22]),
        ({"limit": 2, "page": 1}, [11, 13]),
        ({"limit": 2, "page": 2}, []),
        ({"search": "I03"}, [12, 22, 11, 13]),
        ({"search": "m"}, []),
        ({"search": "%"}, []),
        ({"minEndDate": "2024-05-23 09:00:00.000001"}, [12, 22]),
        ({"minStartDate": "2024-05-22 09:00:00", "maxStartDate": "2024-05-30"}, [22]),
    ],
)
def test_sessions_are_listed_by_page(query, expected, scaup):
    found = scaup.get(f"{ROOT}/sessions", query_string=query)
    assert found.status_code == 200, found.json
    assert [row["sessionId"] for row in found.json["items"]] == expected
    assert found.json.keys() == {"items", "total", "page", "limit"}
    assert (found.json["page"], found.json["limit"]) == (
        query.get("page", 0),
        query.get("limit", 25),
    )
    if "limit" in query:
        assert found.json["total"] == 4


@pytest.mark.parametrize(
    "query", [{"page": -1}, {"limit": 0}, {"limit": 501}, {"minEndDate": "soon"}, {"serach": "m"}]
)
def test_a_wrong_query_is_refused(query, alice):
    answer = alice.get(f"{ROOT}/sessions", query_string=query)
    assert answer.status_code == 422 and answer.json["errors"].keys() == query.keys()


def test_what_is_hidden_is_not_read(alice):
    """Of bob's mx2 alice sees nothing, nor of what is not there."""
    assert [row["sessionId"] for row in alice.get(f"{ROOT}/sessions").json["items"]] == [11]
    for absent in ("mx9", "mx2", "1"):
        assert alice.get(f"{ROOT}/proposals/{absent}/sessions/1").status_code == 404
    for path in ("proteins/2", "proteins/9", "proposals/mx2/data", "proposals/mx9/data"):
        assert alice.get(f"{ROOT}/{path}").status_code == 404


def test_a_protein_has_a_name(alice):
    assert alice.get(f"{ROOT}/proteins/1").json["acronym"] == "LYS"


def test_a_proposal_has_contacts_and_proteins(alice, add):
    for key in (1, 2):
        add(LabContact(labContactId=key, personId=key, proposalId=key, cardName=f"card {key}"))
    found = alice.get(f"{ROOT}/proposals/mx1/data").json
    assert [row["cardName"] for row in found["labContacts"]] == ["card 1"]
    assert [row["acronym"] for row in found["proteins"]] == ["LYS"]
