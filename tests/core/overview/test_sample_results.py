"""The samples of shipments and containers, with the best result of each."""

import csv
import io

import pytest

from tests.core.conftest import ALICE, BOB
from tests.core.measured_rows import measure
from tests.core.processing_rows import URL

STAFF = ("staff", None, "all_proposals")
SHIPMENT, CONTAINER = f"{URL}/shipments/1", f"{URL}/containers/1"


@pytest.fixture
def programs(stock, add, as_):
    """The keys of programs by their data collections."""
    return measure(add, as_)


def test_each_sample_has_its_best_visible_result(as_, programs, same):
    alice, bob, staff = as_("alice", ALICE), as_("bob", BOB), as_(*STAFF)
    page = alice.get(f"{SHIPMENT}/results").json
    assert page == alice.get(f"{CONTAINER}/results").json
    first, second = page["results"]
    assert page["total"] == 2
    best = first.pop("AutoProcScaling")
    assert first == {
        **{"blSampleId": 1, "name": "lys-x1", "code": None, "blSampleStatus": None},
        **{"containerId": 1, "location": "1", "subLocation": None},
        "Crystal": {"crystalId": 1, "Protein": {"proteinId": 1, "acronym": "LYS"}},
        "Container": {
            **{"containerId": 1, "code": "puck 1"},
            **{"barcode": None, "sampleChangerLocation": None},
        },
        "_metadata": {"data_collections": 2, "lastStartTime": "2024-05-12T02:00:00"},
    }
    assert best["AutoProcScalingStatistics"]["scalingStatisticsType"] == "overall"
    assert best["AutoProcScalingStatistics"]["rMerge"] == 0.0625
    program = best["AutoProc"]["AutoProcProgram"]
    assert program["autoProcProgramId"] == programs[122,]
    assert (second["blSampleId"], second["AutoProcScaling"], second["_metadata"]) == (
        *(4, None, {"data_collections": 0, "lastStartTime": None}),
    )
    rows = {row["blSampleId"]: row for row in staff.get(f"{SHIPMENT}/results").json["results"]}
    assert [*rows] == [1, 4, 9]
    assert rows[1]["AutoProcScaling"]["AutoProcScalingStatistics"]["rMerge"] == 0.03125
    assert rows[9]["AutoProcScaling"] is None
    assert rows[9]["_metadata"]["data_collections"] == 1
    for path in ("shipments", "containers"):
        same(bob.get(f"{URL}/{path}/1/results"), bob.get(f"{URL}/{path}/999/results"))


def test_the_list_of_results_is_narrowed_paged_and_a_table(as_, programs):
    alice = as_("alice", ALICE)
    names = "name,AutoProcScaling.AutoProc.spaceGroup"
    page = alice.get(f"{SHIPMENT}/results?fields={names}&sort=-blSampleId").json
    best = {"AutoProc": {"spaceGroup": "P 43 21 2"}}
    assert page["results"] == [
        {"name": "lys-x4", "AutoProcScaling": None},
        {"name": "lys-x1", "AutoProcScaling": best},
    ]
    assert alice.get(f"{SHIPMENT}/results?fields=name&limit=1").json["results"] == [
        {"name": "lys-x1"}
    ]
    assert alice.get(f"{CONTAINER}/results?search=x4").json["total"] == 1
    wrong = alice.get(f"{SHIPMENT}/results?fields=AutoProcScaling.rMerg")
    assert (wrong.status_code, "rMerg" in wrong.text) == (422, True)
    table = alice.get(f"{SHIPMENT}/results", headers={"Accept": "text/csv"})
    rows = [*csv.DictReader(io.StringIO(table.text))]
    shell = "AutoProcScaling.AutoProcScalingStatistics"
    assert [
        (row["name"], row["Crystal.Protein.acronym"], row[f"{shell}.rMerge"]) for row in rows
    ] == [("lys-x1", "LYS", "0.0625"), ("lys-x4", "", "")]


def test_shipments_and_containers_count_measured_samples(as_, programs):
    """Single rows and rows of a list count alike, without the samples and data of others."""
    alice, staff = as_("alice", ALICE), as_(*STAFF)
    for client, numbers in ((alice, (2, 1)), (staff, (3, 2))):
        for url, name in ((SHIPMENT, "shippingId"), (CONTAINER, "containerId")):
            row = client.get(url).json
            counts = row["_metadata"]
            assert (counts["samples"], counts["measured"]) == numbers
            rows = client.get(f"{url.rpartition('/')[0]}?{name}=1").json["results"]
            assert rows == [row]
