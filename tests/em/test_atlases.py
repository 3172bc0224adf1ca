"""Atlases are visible by the session of their grid."""

import pytest

from services.em.models import Atlas
from shared.models import (
    BLSession,
    DataCollectionGroup,
    Person,
    Proposal,
    ProposalHasPerson,
    SessionHasPerson,
)

URL = "/ispyb/api/v1/em/atlases"


@pytest.fixture(autouse=True)
def atlases(add):
    """Atlas 11 in session 1 on m02, 21 and 22 in session 2 on i03."""
    add(*(Person(personId=number, login=f"p{number}") for number in range(1, 5)))
    for number in (1, 2):
        beamline = {1: "m02", 2: "i03"}[number]
        add(
            Proposal(
                proposalId=number, personId=number, proposalCode="cm", proposalNumber=str(number)
            ),
            BLSession(sessionId=number, proposalId=number, beamLineName=beamline),
            DataCollectionGroup(dataCollectionGroupId=number, sessionId=number),
        )
    for key in (11, 21, 22):
        image = f"/data/{key}.jpg"
        add(
            Atlas(
                atlasId=key, dataCollectionGroupId=key // 10, atlasImage=image, pixelSize=key / 4
            )
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
        (("p5", 5, "em_admin"), [11]),
        (("staff", None), []),
        (("staff", None, "all_sessions"), [22, 21, 11]),
        (("staff", None, "all_proposals"), [22, 21, 11]),
    ],
)
def test_who_sees_which(as_, caller, expected):
    client = as_(*caller)
    page = client.get(URL).json
    assert [row["atlasId"] for row in page["results"]] == expected
    assert page["total"] == len(expected)
    for key in (11, 21, 22):
        assert client.get(f"{URL}/{key}").status_code == (200 if key in expected else 404)


def test_a_program_sees_its_beamlines(as_):
    program = as_("epu", None, "all_proposals", service=True, beamlines=["m02"])
    assert [row["atlasId"] for row in program.get(URL).json["results"]] == [11]


def test_one_with_its_grid_and_session(as_):
    shown = as_("p2", 2).get(f"{URL}/21").json
    assert (shown["pixelSize"], shown["atlasImage"]) == (5.25, "/data/21.jpg")
    assert shown["hasRed"] is False
    assert shown["DataCollectionGroup"]["dataCollectionGroupId"] == 2
    assert shown["DataCollectionGroup"]["BLSession"]["beamLineName"] == "i03"


@pytest.mark.parametrize(
    "query, expected",
    [
        ("sessionId=2", [22, 21]),
        ("sessionId=3", []),
        ("dataCollectionGroupId=1", [11]),
        ("sessionId=2&atlasId__lte=21", [21]),
        ("search=/22", [22]),
    ],
)
def test_filters(as_, query, expected):
    results = as_("staff", None, "all_sessions").get(f"{URL}?{query}").json["results"]
    assert [row["atlasId"] for row in results] == expected
