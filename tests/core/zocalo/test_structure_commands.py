"""Commands about structures: models from replacement, phasing, and PDB files."""

from pathlib import Path

import pytest

from services.core.models import (
    PDB,
    MXMRRun,
    MXMRRunBlob,
    PhasingAnalysis,
    PhasingHasScaling,
    PhasingProgramAttachment,
    PhasingProgramRun,
    PhasingStatistics,
    PhasingStep,
    ProteinHasPDB,
    SpaceGroup,
)
from shared.models import AutoProcProgram, AutoProcProgramAttachment, Protein
from tests.core.processing_rows import COMMANDS, RESULT, URL, message


def test_a_model_comes_with_its_program_files_and_blobs(send, rows):
    _, scaling, *_ = send(message(RESULT))
    atom = {"name": "ZN", "chain_id": "A", "res_seq": 101, "res_name": "ZN"}
    blob = {
        "xyz": [0.25, -0.5, 0.75],
        "height": 12.5,
        "nearest_atom": atom,
        "nearest_atom_distance": 1.5,
        "map_type": "anomalous",
        "filepath": "/d/p",
        "view1": "blob1.png",
    }
    file = {"file_type": "result", "file_path": "/d/p", "file_name": "final.mtz"}
    ran = {"programs": "dimple", "status": "success", "start_time": "2024-05-11 15:00:00"}
    run = {"auto_proc_scaling_id": scaling, "rwork_start": 0.5, "rfree_end": "0.25", "LLG": 100.5}
    result = {"mxmrrun": run, "blobs": [blob], "auto_proc_program": ran, "attachments": [file]}
    (key,) = send("insert_dimple_result", **result)
    (run,) = rows(MXMRRun)
    assert (run.mxMRRunId, run.autoProcScalingId) == (key, scaling)
    assert (run.rValueStart, run.rFreeValueEnd, run.LLG) == (0.5, 0.25, 100.5)
    made = {row.autoProcProgramId: row for row in rows(AutoProcProgram)}[run.autoProcProgramId]
    assert (made.processingPrograms, made.processingStatus) == ("dimple", 1)
    assert made.parentAutoProcProgramId == 50
    assert "final.mtz" in {row.fileName for row in rows(AutoProcProgramAttachment)}
    (row,) = rows(MXMRRunBlob)
    assert (row.x, row.y, row.z, row.nearestAtomResSeq) == (0.25, -0.5, 0.75, 101)
    assert (row.mapType, row.filePath, row.view1) == ("anomalous", "/d/p", "blob1.png")
    problem = send(
        "insert_metal_id_result", 422, **{**result, "blobs": [{**blob, "map_type": "other"}]}
    )
    assert "ispyb_command_list.0.mapType" in problem["errors"]


def test_a_model_row_by_row(send, rows):
    _, scaling, *_ = send(message(RESULT))
    (key,) = send(
        "insert_mxmr_run", auto_proc_scaling_id=scaling, auto_proc_program_id=50, rwork_end=0.25
    )
    send("insert_mxmr_run_blob", mxmr_run_id=key, view1="a.png")
    (run,), (blob,) = rows(MXMRRun), rows(MXMRRunBlob)
    assert (run.rValueEnd, blob.mxMRRunId, blob.view1) == (0.25, key, "a.png")


def test_a_run_without_a_program_goes_on_by_its_scaling(as_, send, rows):
    """The older commands of single rows have other names for program and scaling."""
    _, scaling, *_ = send(message(RESULT))
    (key,) = send("insert_mxmr_run", scaling_id=scaling)
    client = as_("zocalo", None, "processing_write", service=True, beamlines=["i03"])
    blob = {"ispyb_command": "insert_mxmr_run_blob", "mxmrrun_id": key, "view1": "a.png"}
    answer = client.post(COMMANDS, json=blob)
    assert answer.status_code == 201, answer.json
    assert [row.mxMRRunId for row in rows(MXMRRunBlob)] == [key]


def test_a_failure_of_dimple(send, rows):
    _, scaling, *_ = send(message(RESULT))
    (key,) = send("store_dimple_failure", scaling_id=scaling, output_directory="/d/p")
    (run,) = rows(MXMRRun)
    assert (run.mxMRRunId, run.autoProcScalingId, run.rValueEnd) == (key, scaling, None)
    made = {row.autoProcProgramId: row for row in rows(AutoProcProgram)}[run.autoProcProgramId]
    assert (made.processingPrograms, made.processingStatus) == ("dimple", 0)
    assert (made.processingMessage, made.parentAutoProcProgramId) == ("Unknown error", 50)


STEP = {"lowRes": "31.250000", "highRes": "2.125000", "spaceGroupId": "155"}
FIGURES = [
    {
        "numberOfBins": "10",
        "binNumber": number,
        "lowRes": low,
        "highRes": high,
        "metric": metric,
        "statisticsValue": value,
        "nReflections": reflections,
    }
    for number, low, high, metric, value, reflections in (
        ("1", "31.250000", "4.625000", "FOM", "0.750000", "512"),
        ("2", "4.625000", "3.625000", "FOM", "0.687500", "498"),
        ("999", "31.250000", "2.125000", "Pseudo_free_CC", "0.562500", "5012"),
    )
]
# as fast_ep writes its XML, and xmltodict reads it
PHASING = {
    "PhasingContainer": {
        "PhasingAnalysis": {"recordTimeStamp": "2024-05-11 17:09:01"},
        "PhasingProgramRun": {
            "phasingCommandLine": "fast_ep data=/d/fast_dp.mtz",
            "phasingPrograms": "fast_ep",
            "phasingStatus": "1",
        },
        "PhasingProgramAttachment": [
            {
                "fileType": kind,
                "fileName": name,
                "filePath": "/d/fast_ep",
                "recordTimeStamp": "2024-05-11 17:08:55",
            }
            for kind, name in (("Logfile", "fast_ep.log"), ("PDB", "sad.pdb"), ("Map", "sad.phs"))
        ],
        "Phasing": {**STEP, "method": "shelxe", "solventContent": "0.437500", "enantiomorph": "0"},
        "PreparePhasingData": {**STEP, "spaceGroupId": "146"},
        "SubstructureDetermination": {**STEP, "method": "SAD"},
        "Phasing_has_ScalingContainer": {
            "Phasing_has_Scaling": "None",
            "PhasingStatistics": FIGURES,
        },
    }
}


def container(**changes):
    """The document of fast_ep with ``changes`` in its container."""
    return {"phasing_results": {"PhasingContainer": {**PHASING["PhasingContainer"], **changes}}}


@pytest.fixture
def space_groups(add):
    """The space groups of ``PHASING``, which a site has in its table."""
    add(SpaceGroup(spaceGroupId=146), SpaceGroup(spaceGroupId=155))


def test_a_phasing_as_fast_ep_writes_it(zocalo, send, rows, space_groups):
    _, scaling, *_ = send(message(RESULT))
    command = {"ispyb_command": "insert_phasing_analysis_results", "phasing_results": PHASING}
    answer = zocalo.post(COMMANDS, json={**command, "scaling_id": scaling})
    (done,) = answer.json["results"]
    assert done["warnings"] == []
    (analysis,), (run,), (link,) = (
        *(rows(PhasingAnalysis), rows(PhasingProgramRun)),
        rows(PhasingHasScaling),
    )
    sent = PHASING["PhasingContainer"]
    assert analysis.recordTimeStamp.isoformat(" ") == sent["PhasingAnalysis"]["recordTimeStamp"]
    assert run.phasingCommandLine == sent["PhasingProgramRun"]["phasingCommandLine"]
    assert (run.phasingPrograms, run.phasingStatus) == ("fast_ep", 1)
    assert (analysis.phasingAnalysisId, link.phasingAnalysisId) == (done["result"],) * 2
    assert (link.autoProcScalingId, link.datasetNumber) == (scaling, None)
    steps = rows(PhasingStep)
    for step, (kind, name) in zip(
        steps,
        (
            ("PREPARE", "PreparePhasingData"),
            ("SUBSTRUCTUREDETERMINATION", "SubstructureDetermination"),
            ("PHASING", "Phasing"),
        ),
        strict=True,
    ):
        columns = {**sent[name], "spaceGroupId": int(sent[name]["spaceGroupId"])}
        assert {column: getattr(step, column) for column in columns} == columns
        assert (step.phasingStepType, step.autoProcScalingId) == (kind, scaling)
    assert steps[2].previousPhasingStepId == steps[1].phasingStepId
    for row, figure in zip(rows(PhasingStatistics), FIGURES, strict=True):
        columns = {n: v if n == "metric" else float(v) for n, v in figure.items()}
        assert {column: getattr(row, column) for column in columns} == columns
        assert row.phasingStepId == steps[2].phasingStepId
        assert row.phasingHasScalingId1 == link.phasingHasScalingId
    for row, file in zip(
        rows(PhasingProgramAttachment), sent["PhasingProgramAttachment"], strict=True
    ):
        time = row.recordTimeStamp.isoformat(" ")
        stored = (row.fileType, row.fileName, row.filePath, time)
        assert (
            stored == tuple(file.values()) and row.phasingProgramRunId == run.phasingProgramRunId
        )


def test_what_a_phasing_has_beside_is_named(zocalo, send, rows, add):
    _, scaling, *_ = send(message(RESULT))
    add(SpaceGroup(spaceGroupId=146))
    links = {"Phasing_has_Scaling": {"datasetNumber": "2", "autoProcScalingId": 7}}
    changes = {
        "PhasingStatistics": FIGURES[:1],
        "@xmlns": "https://example.org",
        "ModelBuilding": None,
        "PhasingAnalysis": [{"recordTimeStamp": "yesterday"}],
        "Phasing": {**STEP, "bestHand": "original"},
        "PhasingProgramRun": {"phasingCommandLine": "x" * 300, "phasingStatus": "1"},
        "PreparePhasingData": {**STEP, "spaceGroupId": "146", "recordTimeStamp": "1950-01-01"},
        "Phasing_has_ScalingContainer": [
            {**links, "PhasingStatistics": FIGURES[0]},
            {"PhasingStatistics": FIGURES[1:]},
        ],
    }
    command = {"ispyb_command": "insert_phasing_analysis_results", **container(**changes)}
    answer = zocalo.post(COMMANDS, json={**command, "scaling_id": scaling})
    assert answer.json["results"][0]["warnings"] == [
        "PhasingContainer.@xmlns: not stored",
        "PhasingContainer.PhasingStatistics: not stored",
        "PreparePhasingData.recordTimeStamp: not understood: 1950-01-01",
        "Phasing.bestHand: not stored",
        "SUBSTRUCTUREDETERMINATION.spaceGroupId: no such SpaceGroup, not stored: 155",
        "PHASING.spaceGroupId: no such SpaceGroup, not stored: 155",
        "PhasingProgramRun.phasingCommandLine: cut to 255 characters",
        "PhasingAnalysis.recordTimeStamp: not understood: yesterday",
    ]
    assert [row.spaceGroupId for row in rows(PhasingStep)] == [146, None, None]
    assert [row.binNumber for row in rows(PhasingStatistics)] == [1, 2, 999]
    assert [row.datasetNumber for row in rows(PhasingHasScaling)] == [2]
    assert rows(PhasingAnalysis)[0].recordTimeStamp is not None


def test_bad_phasings_are_refused(send):
    _, scaling, *_ = send(message(RESULT))
    name, place = "insert_phasing_analysis_results", "ispyb_command_list.0"
    figures = {"PhasingStatistics": [{"metric": "luck"}]}
    wrong = container(Phasing_has_ScalingContainer=figures)
    problem = send(name, 422, scaling_id=scaling, **wrong)
    assert [*problem["errors"]] == [f"{place}.metric"]
    for number in ("9" * 6000, "--5", "", -(2**31) - 1, 2**31, 1.5, "½"):
        links = {"Phasing_has_Scaling": {"datasetNumber": number}}
        linked = container(Phasing_has_ScalingContainer=links)
        problem = send(name, 201 if number == "" else 422, scaling_id=scaling, **linked)
        assert number == "" or [*problem["errors"]] == [f"{place}.datasetNumber"]
    for results in ([], {}, figures, {"PhasingContainer": []}, {"PhasingContainer": {}}):
        problem = send(name, 422, scaling_id=scaling, phasing_results=results)
        assert problem["errors"].keys() <= {
            f"{place}.phasing_results",
            f"{place}.phasing_results.PhasingContainer",
        }
    assert send(name, 424, scaling_id=999, phasing_results=PHASING)["errors"] == {
        f"{place}.scaling_id": ["no such AutoProcScaling"]
    }


def test_a_phasing_of_a_program_is_read_with_its_result(send, zocalo, add, rows):
    _, scaling, *_ = send(message(RESULT))
    (program,) = send("register_processing", program="fast_ep", rpid=5, scaling_id=scaling)
    data = {"phasing_results": PHASING, "scaling_id": scaling, "program_id": program}
    send("insert_phasing_analysis_results", **data)
    answer = zocalo.get(f"{URL}/autoproc/results/{program}").json["phasing"]
    assert [step["phasingStepType"] for step in answer["steps"]][-1] == "PHASING"
    assert answer["steps"][-1]["statistics"][0]["statisticsValue"] == 0.75
    send([{"ispyb_command": "insert_phasing_analysis_results", **data}])
    assert len(rows(PhasingProgramRun)) == 1, "the same again is stored over"
    add(AutoProcProgram(autoProcProgramId=70, processingJobId=5, parentAutoProcProgramId=60))
    problem = send("insert_phasing_analysis_results", 422, **{**data, "program_id": 70})
    assert problem["errors"].keys() == {"ispyb_command_list.0.scaling_id"}


def test_models_of_proteins_are_read_from_files(send, site, add, rows, zocalo):
    add(Protein(proteinId=1, proposalId=1, acronym="lys"))
    folder = Path(site["file_roots"][-1])
    paths = [folder / name for name in ("a.pdb", "b.pdb")]
    for path in paths:
        path.write_text(f"HEADER {path.name}")
    data = {"protein_id": 1, "source": "AlphaFold", "pdb_files": [str(path) for path in paths]}
    (keys,) = send("insert_pdb_files", **data)
    stored_rows = [(row.pdbId, row.name, row.contents, row.source) for row in rows(PDB)]
    assert stored_rows == [
        (key, path.name, f"HEADER {path.name}", "AlphaFold") for key, path in zip(keys, paths)
    ]
    links = [(row.proteinid, row.pdbid) for row in rows(ProteinHasPDB)]
    assert links == [(1, key) for key in keys]
    paths[0].write_text("HEADER anew")
    again = send("insert_pdb_files", **{**data, "pdb_files": str(paths[0])})
    assert again == [keys[:1]] and rows(PDB)[0].contents == "HEADER anew"
    assert len(rows(PDB)) == 2
    for path, status in (("/etc/passwd", 424), (str(folder / "none"), 424), (str(folder), 424)):
        assert send("insert_pdb_files", status, **{**data, "pdb_files": [path]})
    paths[0].write_bytes(b"\xff\xfe")
    assert send("insert_pdb_files", 422, **{**data, "source": "other"})
    assert send("insert_pdb_files", 422, **{**data, "pdb_files": [1]})
    assert send("insert_pdb_files", 424, **{**data, "protein_id": 999})
