"""Serial data collections are visible by the session of their group."""

import pytest

from services.ssx.models import SSXDataCollection
from shared.models import (
    BLSession,
    DataCollection,
    DataCollectionGroup,
    Person,
    Proposal,
    ProposalHasPerson,
    SessionHasPerson,
)

URL = "/ispyb/api/v1/ssx/data_collections"


@pytest.fixture(autouse=True)
def collections(add):
    """Collection 11 in session 1 on i03, 21 and 22 in session 2 on m02; each claims session 1."""
    add(*(Person(personId=number, login=f"p{number}") for number in range(1, 5)))
    for number in (1, 2):
        beamline = {1: "i03", 2: "m02"}[number]
        add(
            Proposal(
                proposalId=number, personId=number, proposalCode="mx", proposalNumber=str(number)
            ),
            BLSession(sessionId=number, proposalId=number, beamLineName=beamline),
            DataCollectionGroup(
                dataCollectionGroupId=number, sessionId=number, experimentType="SSX-Jet"
            ),
        )
    for key in (11, 21, 22):
        add(
            DataCollection(
                dataCollectionId=key, dataCollectionGroupId=key // 10, sessionId=1, wavelength=0.5
            ),
            SSXDataCollection(dataCollectionId=key, jetSpeed=key / 4, experimentName=f"run {key}"),
        )
    add(SessionHasPerson(sessionId=2, personId=3), ProposalHasPerson(proposalId=1, personId=4))


@pytest.mark.parametrize(
    "caller, expected",
    [
        (("p1", 1), [11]),
        (("p2", 2), [22, 21]),
        (("p3", 3), [22, 21]),
        (("p4", 4), [11]),
        (("p5", 5), []),
        (("p5", 5, "mx_admin"), [11]),
        (("p3", 3, "mx_admin"), [22, 21, 11]),
        (("staff", None), []),
        (("staff", None, "all_sessions"), [22, 21, 11]),
        (("staff", None, "all_proposals"), [22, 21, 11]),
    ],
)
def test_who_sees_which(as_, caller, expected):
    client = as_(*caller)
    page = client.get(URL).json
    assert [row["dataCollectionId"] for row in page["results"]] == expected
    assert page["total"] == len(expected)
    for key in (11, 21, 22):
        assert client.get(f"{URL}/{key}").status_code == (200 if key in expected else 404)


def test_a_program_sees_its_beamlines(as_):
    program = as_("pipeline", None, "all_proposals", service=True, beamlines=["i03"])
    assert [row["dataCollectionId"] for row in program.get(URL).json["results"]] == [11]


def test_one_with_its_collection_and_group(as_):
    shown = as_("p2", 2).get(f"{URL}/21").json
    assert (shown["jetSpeed"], shown["experimentName"]) == (5.25, "run 21")
    assert shown["DataCollection"]["wavelength"] == 0.5
    group = {"dataCollectionGroupId": 2, "sessionId": 2, "blSampleId": None}
    assert shown["DataCollection"]["DataCollectionGroup"] == {**group, "experimentType": "SSX-Jet"}


@pytest.mark.parametrize(
    "query, expected",
    [
        ("sessionId=2", [22, 21]),
        ("sessionId=3", []),
        ("session=2&proposal=mx2", [22, 21]),
        ("dataCollectionGroupId=1", [11]),
        ("dataCollectionId__in=11,22", [22, 11]),
        ("search=n 2&sort=dataCollectionId", [21, 22]),
        ("jetSpeed__gte=5.3", [22]),
    ],
)
def test_filters(as_, query, expected):
    results = as_("staff", None, "all_sessions").get(f"{URL}?{query}").json["results"]
    assert [row["dataCollectionId"] for row in results] == expected


def test_fields_reach_the_group(as_):
    fields = "dataCollectionId,DataCollection.DataCollectionGroup.sessionId"
    below = {"DataCollection": {"DataCollectionGroup": {"sessionId": 1}}}
    shown = as_("p1", 1).get(f"{URL}/11?fields={fields}").json
    assert shown == {"dataCollectionId": 11, **below}


@pytest.mark.parametrize("below", ["", "/21", "?sessionId=2&limit=1"])
def test_the_former_path_leads_to_the_present_one(as_, below):
    client, former = as_("p2", 2), URL.replace("data_collections", "datacollections") + below
    answer = client.get(former)
    assert (answer.status_code, answer.headers["Location"]) == (308, URL + below)
    assert client.get(former, follow_redirects=True).json == client.get(URL + below).json
