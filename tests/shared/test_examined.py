"""Pages within a bound of rows that the database examines, and their refusal beyond it."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert

from services.core.app import create_app
from services.core.schemas.acquisition.data_collections import DataCollectionSchema
from shared.db import db
from shared.examined import list_served
from shared.filters import FEW_SESSIONS
from shared.models import (
    BLSample,
    BLSession,
    Crystal,
    DataCollection,
    DataCollectionGroup,
    Person,
    Proposal,
    ProposalHasPerson,
    Protein,
)

ROOT = "/ispyb/api/v1"
URL = f"{ROOT}/data_collections"
MOST = {"mysql": 1500, "sqlite": 75}  # rows that the database may examine; SQLite's are rough
MANY = 3000  # data collections of the large session
FEW = 6  # of the small one
STAFF = ("staff", None, "all_proposals", "industry_read")
MEMBER = ("member", 2)
START = datetime(2026, 5, 1)
HINT = "No index serves it: add one of the filters proposal, session, sessionId,"


def build_collection(number):
    """Data collection ``number``: the first are of the large session, the last of the small."""
    group = 1 if number <= MANY else 2
    return {
        "dataCollectionId": number,
        "dataCollectionGroupId": group,
        "startTime": START + timedelta(minutes=number),
        "comments": f"number {number}",
        "fileTemplate": "common" if number % 2 else None,
        "imageDirectory": f"/data/{group}/",
    }


def add_collections(add, engine):
    """Two proposals, each with a sample and a group: a large one, and one of a member.

    The first has many sessions, on a beamline of their own.
    """
    add(Person(personId=1, login="leader"), Person(personId=2, login="member"))
    for key in (1, 2):
        add(
            Proposal(proposalId=key, personId=1, proposalCode="mx", proposalNumber=str(key)),
            BLSession(sessionId=key, proposalId=key, visit_number=1, beamLineName=f"i0{5 - key}"),
            Protein(proteinId=key, proposalId=key, acronym="p"),
            Crystal(crystalId=key, proteinId=key),
            BLSample(blSampleId=key, crystalId=key),
            DataCollectionGroup(dataCollectionGroupId=key, sessionId=key, blSampleId=key),
        )
    add(ProposalHasPerson(proposalHasPersonId=1, proposalId=2, personId=2))
    rows = [build_collection(number) for number in range(1, MANY + FEW + 1)]
    keys = range(3, FEW_SESSIONS + 3)
    session = {"proposalId": 1, "beamLineName": "i04"}
    sessions = [{**session, "sessionId": key, "visit_number": key} for key in keys]
    with engine.begin() as connection:
        connection.execute(insert(BLSession), sessions)
        connection.execute(insert(DataCollection), rows)


@pytest.fixture(scope="module")
def limited(site, engine):
    """``limited(1000)`` is a core service with that limit of examined rows."""
    apps = {}

    def build(most):
        if most not in apps:
            apps[most] = create_app({**site, "limits": {"examined_rows": most}})
        return apps[most]

    yield build
    for app in apps.values():
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def ask(limited, token, add_once, engine, clean):
    """``ask(STAFF, "sort=comments")`` is the answer of a list to that caller."""
    add_once(add_collections, engine)

    def get(caller, query, most=MOST[engine.dialect.name], url=URL):
        client = limited(most).test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token(*caller)}"
        return client.get(f"{url}?{query}")

    return get


BY_BEAMLINE = {
    ("data_collections", "dataCollectionId"): {
        "i03": [*range(MANY + FEW, MANY, -1)],
        "i04": [*range(MANY, 0, -1)],
        "i05": [],
    },
    ("data_collections/groups", "dataCollectionGroupId"): {"i03": [2], "i04": [1], "i05": []},
    ("proposals", "proposalId"): {"i03": [2], "i04": [1], "i05": []},
}
REFUSED = {
    "sort=comments": {"sort"},
    "sort=-comments&limit=1": {"sort"},
    "endTime=2026-05-01T10:00:00": {"endTime"},
    "comments__in=x,y": {"comments__in"},
    "wavelength__gte=1&wavelength__lte=2": {"wavelength__gte", "wavelength__lte"},
    "search=nosuch": {"search"},
    "fileTemplate=nosuch&sort=comments": {"fileTemplate", "sort"},
    "proposal=mx1&comments=nosuch": {"comments"},
    "proposal=mx1&sessionId=1&sort=comments": {"sort"},
    "beamLineName=i04&comments=nosuch": {"beamLineName", "comments"},
}


def test_a_page_that_needs_too_many_rows_is_refused(ask, engine):
    for query, names in REFUSED.items():
        answer = ask(STAFF, query)
        assert answer.status_code == 422, (query, answer.text)
        assert answer.json["errors"].keys() == names
        assert f"more than {MOST[engine.dialect.name]:,} rows" in answer.json["detail"]
        [reason] = {reason for reasons in answer.json["errors"].values() for reason in reasons}
        assert "proposal=" in query or reason.startswith(HINT)


def test_each_page_is_answered_without_a_limit(ask):
    assert {ask(STAFF, query, most=0).status_code for query in REFUSED} == {200}


ANSWERED = {
    "": MANY + FEW,
    "skip=2000": MANY + FEW,
    "sort=dataCollectionId": MANY + FEW,
    "fileTemplate=common": (MANY + FEW) // 2,
    "search=number": MANY + FEW,
    "dataCollectionId=3&sort=comments": 1,
    "imageDirectory=/data/2/&sort=comments": FEW,
    "session=mx2-1&search=nosuch": 0,
}


def test_a_page_that_needs_few_rows_is_answered(ask):
    for query, total in ANSWERED.items():
        answer = ask(STAFF, query)
        assert answer.status_code == 200, (query, answer.text)
        whole = ask(STAFF, query, most=0).json
        assert whole["total"] == total
        assert answer.json["results"] == whole["results"]


VALUES = {
    "proposal": "mx2",
    "session": "mx2-1",
    "sessionId": "2",
    "blSampleId": "2",
    "dataCollectionGroupId": "2",
    "blSubSampleId": "1",
    "dataCollectionPlanId": "1",
}


def test_each_filter_that_the_error_names_helps(ask):
    assert VALUES.keys() == {*list_served(DataCollectionSchema)}
    for name, value in VALUES.items():
        for query in ("sort=comments", "search=number"):
            answer = ask(STAFF, f"{query}&{name}={value}")
            assert answer.status_code == 200, (query, name, answer.text)
            assert answer.json["total"] == (0 if value == "1" else FEW)


def test_a_person_with_few_rows_is_answered(ask):
    newest = [*range(MANY + FEW, MANY, -1)]
    ordered = {"sort=comments": newest[::-1], "search=number": newest, "wavelength=1": []}
    for query, keys in ordered.items():
        answer = ask(MEMBER, query)
        assert answer.status_code == 200, (query, answer.text)
        assert [row["dataCollectionId"] for row in answer.json["results"]] == keys


def test_the_error_names_the_cursor(ask):
    answer = ask(STAFF, "fileTemplate=common&skip=1400")
    assert answer.json["errors"]["fileTemplate"][0].endswith("; read on by after, not by skip.")
    page = ask(STAFF, "fileTemplate=common&skip=1400", most=0).json
    answer = ask(STAFF, f"fileTemplate=common&after={page['next']}")
    assert [row["dataCollectionId"] for row in answer.json["results"]] == [*range(155, 105, -2)]


def test_a_total_that_needs_too_many_rows_is_not_exact(ask):
    page = ask(STAFF, "fileTemplate=common&skip=10").json
    assert (page["total"], page["totalIsExact"]) == (35, False)
    page = ask(STAFF, "fileTemplate=common&skip=10", most=0).json
    assert (page["total"], "totalIsExact" in page) == ((MANY + FEW) // 2, False)


def test_rows_on_a_beamline_are_those_of_its_sessions(ask):
    """They are gathered, or each row is checked, by the number of sessions."""
    for (path, key), by_beamline in BY_BEAMLINE.items():
        for beamline, keys in by_beamline.items():
            for caller, rows in ((STAFF, keys), (MEMBER, keys if beamline == "i03" else [])):
                answer = ask(caller, f"beamLineName={beamline}", url=f"{ROOT}/{path}")
                assert answer.status_code == 200, (path, beamline, answer.text)
                assert [row[key] for row in answer.json["results"]] == rows[:25]


def test_types_of_too_many_events_are_not_counted(ask):
    answer = ask(STAFF, "", most=1, url=f"{ROOT}/events/types")
    assert answer.status_code == 422
    reason = "is needed, or proposal: there are too many events"
    assert answer.json["errors"] == {"session": [reason]}
    answer = ask(STAFF, "session=mx2-1", most=0, url=f"{ROOT}/events/types")
    assert [row["count"] for row in answer.json["results"]] == [1]
