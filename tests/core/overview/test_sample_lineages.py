"""All that was measured on a sample, without the data of others."""

import pytest

from services.core.modules.overview import sample_lineages
from services.core.models import EnergyScan
from shared.models import DataCollection, DataCollectionGroup
from tests.core.conftest import ALICE, BOB
from tests.core.measured_rows import build_result, measure
from tests.core.processing_rows import PIPELINE, RESULTS, URL

STAFF = ("staff", None, "all_proposals")
LINEAGE = f"{URL}/samples/1/lineage"
LYS = {
    "blSampleId": 1,
    "name": "lys-x1",
    "Crystal": {"crystalId": 1, "Protein": {"proteinId": 1, "acronym": "LYS"}},
}


@pytest.fixture
def programs(stock, add, as_):
    """The keys of programs by their data collections."""
    return measure(add, as_)


def list_collections(answer):
    """The keys of data collections by those of their groups."""
    return {
        group["dataCollectionGroupId"]: [
            row["dataCollectionId"] for row in group["DataCollection"]
        ]
        for group in answer["DataCollectionGroup"]
    }


def test_a_sample_shows_what_was_measured_on_it(as_, programs, same):
    alice = as_("alice", ALICE)
    first, second, mixed = (programs[keys] for keys in ((121,), (122,), (121, 231)))
    answer = alice.get(LINEAGE).json
    assert answer["isComplete"] is True
    assert {**answer["BLSample"], **LYS} == answer["BLSample"]
    assert (answer["BLSample"]["location"], answer["BLSample"]["Container"]["code"]) == (
        *("1", "puck 1"),
    )
    assert list_collections(answer) == {12: [122, 121]}
    (group,) = answer["DataCollectionGroup"]
    assert group["BLSession"]["beamLineName"] == "i03"
    last, collection = group["DataCollection"]
    assert (collection["imagePrefix"], collection["dataCollectionNumber"]) == ("lys", 1)
    assert (collection["startTime"], collection["numberOfImages"], collection["resolution"]) == (
        *("2024-05-12T01:00:00", 100, 1.5),
    )
    assert (collection["autoProcProgramIds"], last["autoProcProgramIds"]) == ([first], [second])
    (file,) = collection["DataCollectionFileAttachment"]
    link = file["_metadata"]["link"]
    assert (file["fileFullPath"], link) == (
        *("/data/a.log", "/ispyb/api/v1/data_collections/attachments/1/file"),
    )
    newest, oldest = answer["AutoProcProgram"]
    assert (newest["autoProcProgramId"], oldest["autoProcProgramId"]) == (second, first)
    assert (newest["processingPrograms"], newest["processingStatus"]) == ("program of (122,)", 1)
    file = newest["AutoProcProgramAttachment"][0]
    key = file["autoProcProgramAttachmentId"]
    assert file["fileName"] == "a.mtz"
    assert file["_metadata"]["link"] == f"{URL}/autoproc/programs/attachments/{key}/file"
    (scaling,) = newest["AutoProcScaling"]
    assert (scaling["AutoProc"]["spaceGroup"], scaling["AutoProc"]["refinedCell_c"]) == (
        *("P 43 21 2", 37.5),
    )
    shells = {row["scalingStatisticsType"]: row for row in scaling["AutoProcScalingStatistics"]}
    assert shells["overall"] == {
        "scalingStatisticsType": "overall",
        **{"resolutionLimitLow": None, "resolutionLimitHigh": 1.5, "completeness": 99.0},
        **{"rMerge": 0.0625, "meanIOverSigI": None},
    }
    assert [row["actionType"] for row in answer["RobotAction"]] == ["LOAD"]
    assert (answer["EnergyScan"], answer["XFEFluorescenceSpectrum"]) == ([], [])
    everything = as_(*STAFF).get(LINEAGE).json
    assert list_collections(everything) == {23: [231], 12: [122, 121]}
    assert [row["autoProcProgramId"] for row in everything["AutoProcProgram"]] == [
        *(mixed, second, first),
    ]
    assert len(everything["EnergyScan"]) == 1
    bob = as_("bob", BOB)
    same(bob.get(LINEAGE), bob.get(f"{URL}/samples/999/lineage"))


def test_lists_are_filtered_by_sample_and_a_result_names_its_samples(as_, programs):
    alice, staff = as_("alice", ALICE), as_(*STAFF)
    for path, own, total in (
        ("data_collections", 2, 3),
        ("data_collections/groups", 1, 2),
        ("events", 2, 4),
        ("autoproc", 2, 3),
        ("autoproc/programs", 2, 3),
        ("autoproc/programs/attachments", 4, 6),
        ("autoproc/table", 2, 3),
    ):
        numbers = [
            client.get(f"{URL}/{path}?blSampleId=1").json["total"] for client in (alice, staff)
        ]
        assert (path, *numbers) == (path, own, total)
        assert staff.get(f"{URL}/{path}?blSampleId=2").json["total"] == 0
    url = f"{RESULTS}/{programs[121,]}"
    result = alice.get(url).json
    assert result["BLSample"] == [LYS]
    writer = as_(*PIPELINE, service=True)
    assert writer.put(url, json=result).json["BLSample"] == [LYS]
    assert as_("carol", 3).get(url).status_code == 404


def test_a_long_lineage_is_cut_and_its_statements_are_constant(
    as_, programs, add, statements, monkeypatch
):
    alice, writer = as_("alice", ALICE), as_(*PIPELINE, service=True)
    add(EnergyScan(energyScanId=2, sessionId=11, blSampleId=1))
    with statements() as few:
        assert alice.get(LINEAGE).json["isComplete"] is True
    for key in range(300, 310):
        add(
            DataCollectionGroup(dataCollectionGroupId=key, sessionId=11, blSampleId=1),
            DataCollection(dataCollectionId=key, dataCollectionGroupId=key),
        )
        answer = writer.post(RESULTS, json=build_result((key,), 0.5))
        assert answer.status_code == 201
    with statements() as many:
        assert len(alice.get(LINEAGE).json["AutoProcProgram"]) == 12
    assert len(few) == len(many) <= 15
    monkeypatch.setattr(sample_lineages, "MOST_ROWS", 3)
    answer = alice.get(LINEAGE).json
    assert (list_collections(answer), answer["isComplete"]) == (
        *({309: [309], 308: [308], 307: [307]}, False),
    )
    monkeypatch.undo()
    monkeypatch.setattr(sample_lineages, "MOST_PROGRAMS", 2)
    answer = alice.get(LINEAGE).json
    assert (len(answer["AutoProcProgram"]), answer["isComplete"]) == (2, False)
    used = [
        row["autoProcProgramIds"]
        for g in answer["DataCollectionGroup"]
        for row in g["DataCollection"]
    ]
    assert sum(map(len, used)) == 2
