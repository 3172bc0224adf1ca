"""Screenings: a tree is written and read as one document."""

import pytest

from services.core.models import Screening, ScreeningOutput, ScreeningStrategyWedge
from shared.models import (
    AutoProcProgram,
    DataCollection,
    DataCollectionGroup,
    DiffractionPlan,
    ProcessingJob,
)

URL = "/ispyb/api/v1/screenings"
TREE = {
    "dataCollectionId": 5,
    "programVersion": "EDNA 1.0",
    "shortComments": "EDNAStrategy1",
    "autoProcProgramId": 7,
    "inputs": [{"beamX": 102.5, "beamY": 104.25, "diffractionPlanId": 3}],
    "outputs": [
        {
            "program": "mosflm",
            "statusDescription": "Labelit: Indexing successful",
            "indexingSuccess": True,
            "strategySuccess": True,
            "mosaicity": 0.25,
            "rankingResolution": 1.75,
            "lattices": [
                {"spaceGroup": "P 43 21 2", "unitCell_a": 78.5, "rawOrientationMatrix_a_x": 0.5}
            ],
            "strategies": [
                {
                    "phiStart": 0,
                    "phiEnd": 90,
                    "program": "BEST",
                    "anomalous": False,
                    "wedges": [
                        {
                            "resolution": 1.5,
                            "subWedges": [
                                {"rotationAxis": "Omega", "axisStart": 0.5, "resolution": 1.5},
                                {"rotationAxis": "Omega", "axisStart": 45.5},
                            ],
                        },
                        {"wedgeNumber": 7, "comments": "second"},
                    ],
                },
                {"program": "BEST", "anomalous": True},
            ],
        },
        {"program": "xds", "statusDescription": "failed"},
    ],
}


@pytest.fixture
def collections(facility, add):
    """Data collection 5 of alice's session 11, 6 of bob's session 21; program 7, plan 3."""
    for key, session in ((5, 11), (6, 21)):
        add(
            DataCollectionGroup(dataCollectionGroupId=key + 10, sessionId=session),
            DataCollection(dataCollectionId=key, dataCollectionGroupId=key + 10),
        )
    add(
        ProcessingJob(processingJobId=7, dataCollectionId=5),
        AutoProcProgram(autoProcProgramId=7, processingJobId=7),
    )
    for plan in (3, 4):
        add(DiffractionPlan(diffractionPlanId=plan, beamLineName=plan == 3 and "i03" or None))


@pytest.fixture
def alice(as_, collections):
    return as_("alice", 1)


@pytest.fixture
def pipeline(as_, collections):
    """A program that writes results of i03."""
    return as_("zocalo", None, "processing_write", service=True, beamlines=["i03"])


def holds(result, sent):
    """Whether ``found`` has all that was ``sent``, in the same order."""
    if isinstance(sent, dict):
        return all(holds(result[name], value) for name, value in sent.items())
    if isinstance(sent, list):
        return len(result) == len(sent) and all(map(holds, result, sent))
    return result == sent


def test_a_tree_goes_in_and_comes_out(pipeline, alice):
    answer = pipeline.post(URL, json=TREE)
    assert answer.status_code == 201
    made = answer.json
    assert holds(made, TREE)
    assert made["dataCollectionGroupId"] == 15  # by which older programs look for it
    first, second = made["outputs"]
    wedges = first["strategies"][0]["wedges"]
    assert [wedge["wedgeNumber"] for wedge in wedges] == [1, 7]
    assert [sweep["subWedgeNumber"] for sweep in wedges[0]["subWedges"]] == [1, 2]
    assert (second["lattices"], second["strategies"], second["indexingSuccess"]) == ([], [], False)
    keys = [made["screeningId"], first["screeningOutputId"]]
    keys += [first["lattices"][0]["screeningOutputLatticeId"]]
    keys += [first["strategies"][0]["screeningStrategyId"], wedges[0]["screeningStrategyWedgeId"]]
    keys += [wedges[0]["subWedges"][0]["screeningStrategySubWedgeId"]]
    assert all(isinstance(key, int) for key in keys)
    assert alice.get(f"{URL}/{made['screeningId']}").json == made
    assert alice.get(URL).json["results"] == [made]


def test_a_tree_of_a_group(pipeline, alice):
    made = pipeline.post(URL, json={"dataCollectionGroupId": 15})
    assert made.status_code == 201
    assert (made.json["dataCollectionId"], made.json["outputs"]) == (None, [])
    assert alice.get(f"{URL}/{made.json['screeningId']}").json == made.json


def test_marks_of_missing_numbers_become_null_on_every_level(pipeline):
    sweep = {"axisStart": -9999, "axisEnd": -90}
    output = {"mosaicity": -9999, "strategies": [{"wedges": [{"subWedges": [sweep]}]}]}
    made = pipeline.post(URL, json={"dataCollectionId": 5, "outputs": [output]}).json
    (output,) = made["outputs"]
    assert output["mosaicity"] is None
    (row,) = output["strategies"][0]["wedges"][0]["subWedges"]
    assert (row["axisStart"], row["axisEnd"]) == (None, -90)


def test_lists_are_filtered(pipeline, as_):
    office = as_("office", None, "processing_write", "all_sessions", service=True)
    one, two, three = (
        office.post(URL, json=body).json["screeningId"]
        for body in (
            {"dataCollectionId": 5, "programVersion": "EDNA"},
            {"dataCollectionId": 6},
            {"dataCollectionGroupId": 15},
        )
    )
    for query, expected in (
        ("", [three, two, one]),
        ("dataCollectionId=5", [one]),
        ("dataCollectionGroupId=15", [three, one]),
        ("sessionId=11", [three, one]),
        ("sessionId=21&sort=screeningId", [two]),
        ("sessionId=22", []),
        ("search=edna", [one]),
        ("limit=1", [three]),
    ):
        rows = office.get(f"{URL}?{query}").json["results"]
        assert [row["screeningId"] for row in rows] == expected, query
    rows = pipeline.get(f"{URL}?fields=screeningId").json["results"]
    assert rows == [{"screeningId": three}, {"screeningId": one}]


def test_one_query_for_each_level(pipeline, alice, statements):
    key = pipeline.post(URL, json=TREE).json["screeningId"]
    counts = []
    for _ in range(2):
        for path in (f"{URL}/{key}", URL):
            with statements() as seen:
                assert alice.get(path).status_code == 200
            counts.append(len(seen))
        wide = {**TREE, "outputs": TREE["outputs"] * 5}
        assert pipeline.post(URL, json=wide).status_code == 201
    assert counts[:2] == counts[2:]
    assert counts[0] == 7  # tables


@pytest.mark.parametrize(
    "change, status, errors",
    [
        ({"dataCollectionId": None}, 422, {"dataCollectionId": None}),
        ({"dataCollectionId": 6}, 424, {"dataCollectionId": ["no such DataCollection"]}),
        ({"dataCollectionId": 999}, 424, {"dataCollectionId": ["no such DataCollection"]}),
        (
            {"dataCollectionGroupId": 16},
            424,
            {"dataCollectionGroupId": ["no such DataCollectionGroup"]},
        ),
        ({"autoProcProgramId": 99}, 424, {"autoProcProgramId": ["no such AutoProcProgram"]}),
        ({"diffractionPlanId": 4}, 424, {"diffractionPlanId": ["no such DiffractionPlan"]}),
        (
            {"inputs": [{"diffractionPlanId": 999}]},
            424,
            {"diffractionPlanId": ["no such DiffractionPlan"]},
        ),
        ({"shortComments": "x" * 21}, 422, {"shortComments": None}),
        ({"screening": 3}, 422, {"screening": ["Unknown field."]}),
        ({"outputs": {}}, 422, {"outputs": None}),
        ({"outputs": [{"lattices": [{}] * 1001}]}, 422, {"outputs": None}),
        ({"outputs": [{"screeningId": 1}]}, 422, {"outputs": None}),
        (
            {"outputs": [{}, {"strategies": [{"wedges": [{"comments": "日"}]}]}]},
            422,
            {"outputs": None},
        ),
    ],
)
def test_a_bad_part_undoes_all(pipeline, count, change, status, errors):
    answer = pipeline.post(URL, json={**TREE, **change})
    assert answer.status_code == status
    errors_by_field = answer.json["errors"]
    assert errors_by_field.keys() == errors.keys()
    assert all(errors[name] in (None, reasons) for name, reasons in errors_by_field.items())
    assert count(Screening) == count(ScreeningOutput) == count(ScreeningStrategyWedge) == 0


def test_a_group_that_is_not_the_collections(as_, collections, count):
    office = as_("office", None, "mx_write", "all_sessions", service=True)
    answer = office.post(URL, json={"dataCollectionId": 5, "dataCollectionGroupId": 16})
    reason = "is not the group of the data collection"
    assert (answer.status_code, answer.json["errors"]) == (
        422,
        {"dataCollectionGroupId": [reason]},
    )
    assert count(Screening) == 0


def test_a_screening_of_a_hidden_collection_is_hidden_though_its_group_is_visible(
    alice, collections, add
):
    add(Screening(screeningId=9, dataCollectionId=6, dataCollectionGroupId=15))
    add(Screening(screeningId=10, dataCollectionGroupId=15))
    assert [row["screeningId"] for row in alice.get(URL).json["results"]] == [10]
    assert alice.get(f"{URL}/9").status_code == 404


def test_hidden_and_absent_look_the_same(as_, alice, same):
    office = as_("office", None, "mx_write", "all_sessions", service=True)
    hidden = office.post(URL, json={"dataCollectionId": 6}).json["screeningId"]
    same(alice.get(f"{URL}/{hidden}"), alice.get(f"{URL}/999999"))
    assert alice.get(f"{URL}/{hidden}").status_code == 404
    assert alice.get(URL).json["total"] == 0
    assert alice.post(URL, json=TREE).status_code == 403


def test_a_key_makes_one_tree_of_two_requests(pipeline, count):
    headers = {"Idempotency-Key": "screening-1"}
    first, second = (pipeline.post(URL, json=TREE, headers=headers) for _ in range(2))
    assert first.json == second.json
    assert (count(Screening), count(ScreeningOutput)) == (1, 2)


def test_a_screening_hangs_on_its_data_collection_before_its_group(as_, collections, add):
    """Software of other sites may name a group of another session beside the data collection."""
    add(
        Screening(screeningId=40, dataCollectionId=5, dataCollectionGroupId=16),
        Screening(screeningId=41, dataCollectionGroupId=16),
    )
    manager = as_("manager", None, "all_sessions", "all_proposals")
    for session, key in ((11, 40), (21, 41)):
        rows = manager.get(f"{URL}?session={session}").json["results"]
        assert [row["screeningId"] for row in rows] == [key]
