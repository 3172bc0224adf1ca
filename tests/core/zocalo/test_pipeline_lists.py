"""The lists of commands that pipelines send: each value is compared with the stored one."""

import pytest

from services.core.models import (
    AutoProc,
    AutoProcIntegration,
    AutoProcScalingStatistics,
    MXMRRun,
    MXMRRunBlob,
    ScreeningInput,
    ScreeningOutput,
    ScreeningOutputLattice,
    ScreeningStrategy,
    ScreeningStrategySubWedge,
    ScreeningStrategyWedge,
)
from services.core.modules.zocalo.result_commands import INTEGRATION, STATISTICS
from shared.models import (
    AutoProcProgram,
    AutoProcProgramAttachment,
    AutoProcProgramMessage,
    ProcessingJob,
)
from tests.core.processing_rows import SHELLS

CELL = {"a": 51.5, "b": 62.25, "c": 73.75, "alpha": 90, "beta": 101.5, "gamma": 90}
MERGING = {
    "anom_completeness": 96.5,
    "anom_multiplicity": 3.25,
    "cc_anom": -0.125,
    "cc_half": 0.9375,
    "completeness": 99.25,
    "mean_i_sig_i": 14.5,
    "multiplicity": 6.75,
    "n_tot_obs": 240000,
    "n_tot_unique_obs": 35000,
    "r_meas_all_iplusi_minus": 0.078125,
    "r_meas_within_iplusi_minus": 0.0703125,
    "r_merge": 0.0625,
    "r_pim_all_iplusi_minus": 0.03125,
    "r_pim_within_iplusi_minus": 0.0390625,
    "res_lim_high": 1.75,
    "res_lim_low": 48.5,
}
SWEEP = {
    **{f"cell_{name}": value for name, value in CELL.items()},
    "start_image_no": 1,
    "end_image_no": 900,
    "refined_detector_dist": 289.25,
    "refined_xbeam": 157.5,
    "refined_ybeam": 167.75,
}
DIFFRACTOMETER = {
    **{f"rot_axis_{axis}": value for axis, value in zip("xyz", (1.0, -0.25, 0.5))},
    **{f"beam_vec_{axis}": value for axis, value in zip("xyz", (0.125, 0.25, 1.0))},
}
DONE = {
    "ispyb_command": "update_processing_status",
    "program_id": "$ispyb_autoprocprogram_id",
    "status": "success",
    "message": "processing successful",
}
RECIPE = {"program_id": "$ispyb_autoprocprogram_id", "dcid": "111", "integration_id": "7"}


def as_text(values):
    """``values`` as a program that reads them from XML sends them."""
    return {name: str(value) for name, value in values.items()}


def result(*integrations, convert=dict, merging=MERGING):
    """Symmetry, scaling and integrations: the commands that all reductions of data begin with."""
    cell = {f"refinedcell_{name}": value for name, value in CELL.items()}
    scaling = {
        shell: convert({**merging, "r_merge": merging["r_merge"] * factor})
        for factor, shell in enumerate(SHELLS, 1)
    }
    return [
        {
            "ispyb_command": "write_autoproc",
            "autoproc_id": None,
            "store_result": "ispyb_autoproc_id",
            "spacegroup": "P 1 21 1",
            **convert(cell),
        },
        {
            "ispyb_command": "insert_scaling",
            "autoproc_id": "$ispyb_autoproc_id",
            "store_result": "ispyb_autoprocscaling_id",
            **scaling,
        },
        *(
            {
                "ispyb_command": "upsert_integration",
                "scaling_id": "$ispyb_autoprocscaling_id",
                **({"integration_id": None} if number else {}),
                **each,
            }
            for number, each in enumerate(integrations)
        ),
    ]


def check_result(rows, *integrations, merging=MERGING):
    """Compare all values of ``result(*integrations)`` with the stored rows."""
    (autoproc,) = rows(AutoProc)
    assert autoproc.spaceGroup == "P 1 21 1"
    assert {n: getattr(autoproc, f"refinedCell_{n}") for n in CELL} == CELL
    shells = {row.scalingStatisticsType: row for row in rows(AutoProcScalingStatistics)}
    assert {*shells} == {*SHELLS}
    squashed = {name.replace("_", ""): name for name in merging}
    named = {squashed[key]: column for key, column in STATISTICS.items() if key in squashed}
    columns = {
        column.name.lower(): column.name for column in AutoProcScalingStatistics.__table__.c
    }
    for factor, shell in enumerate(SHELLS, 1):
        for name, value in merging.items():
            column = named.get(name) or columns[name.replace("_", "")]
            expected = value * factor if name == "r_merge" else value
            assert getattr(shells[shell], column) == expected, (shell, name)
    stored = rows(AutoProcIntegration)
    for row, each in zip(stored, integrations, strict=True):
        for name, value in each.items():
            column = INTEGRATION.get(name.replace("_", ""))
            column = column or {
                "refined_xbeam": "refinedXBeam",
                "refined_ybeam": "refinedYBeam",
            }.get(name, name)
            assert getattr(row, column) == (int(value) if name == "dcid" else value), name
    return stored


def test_xia2_with_the_warnings_of_xtriage(deliver, rows, prepared):
    second = {**SWEEP, "start_image_no": 901, "end_image_no": 1800}
    say = {"ispyb_command": "add_program_message", "program_id": "$ispyb_autoprocprogram_id"}
    messages = [
        {**say, "message": "The data are weak.", "description": "I/sigma", "severity": "INFO"},
        {**say, "message": "Ice rings.", "description": "3.90-3.67", "severity": "WARNING"},
    ]
    results = deliver([*result(SWEEP, second), *messages], **RECIPE)
    assert [each["warnings"] for each in results] == [[]] * 6
    one, two = check_result(rows, SWEEP, second)
    assert one.autoProcIntegrationId == 7 != two.autoProcIntegrationId
    assert (one.dataCollectionId, two.dataCollectionId) == (111, 111)
    stored = [(row.message, row.description, row.severity) for row in rows(AutoProcProgramMessage)]
    assert stored == [(m["message"], m["description"], m["severity"]) for m in messages]


def test_autoproc_with_numbers_as_text_and_the_program_of_staraniso(deliver, rows, prepared):
    """STARANISO is a second program of the job: its list registers it, and ends it."""
    register = {
        "ispyb_command": "register_processing",
        "program": "autoPROC+STARANISO",
        "cmdline": "autoPROC+STARANISO",
        "environment": "",
        "rpid": "5",
        "store_result": "ispyb_autoprocprogram_id",
    }
    file = {
        "ispyb_command": "add_program_attachment",
        "program_id": "$ispyb_autoprocprogram_id",
        "file_name": "staraniso_alldata-unique.mtz",
        "file_path": "/d/p/ap-run",
        "file_type": "result",
        "importance_rank": 1,
    }
    integration = as_text({**SWEEP, **DIFFRACTOMETER}) | {"integration_id": None}
    results = deliver(
        [register, *result(integration, convert=as_text), file, DONE],
        **{**RECIPE, "rpid": "5"},
    )
    key = results[0]["result"]
    link, *_ = rows(AutoProcIntegration)
    assert (link.autoProcIntegrationId, link.cell_a) == (7, None), "that of autoPROC itself"
    program = {row.autoProcProgramId: row for row in rows(AutoProcProgram)}[key]
    assert (program.processingPrograms, program.processingStatus) == ("autoPROC+STARANISO", 1)
    assert (program.processingJobId, program.processingMessage) == (5, "processing successful")
    (stored,) = rows(AutoProcProgramAttachment)
    names = {"file_name": "fileName", "file_path": "filePath", "importance_rank": "importanceRank"}
    assert {n: getattr(stored, c) for n, c in names.items()} == {n: file[n] for n in names}
    assert (stored.fileType, stored.autoProcProgramId) == ("Result", key)
    (autoproc,) = rows(AutoProc)
    assert autoproc.autoProcProgramId == key and autoproc.refinedCell_beta == CELL["beta"]


def test_a_cluster_of_multiplex_registers_its_program(deliver, rows):
    register = {
        "ispyb_command": "register_processing",
        "program": "xia2.multiplex",
        "cmdline": "xia2.multiplex (ap-zoc)",
        "store_result": "ispyb_autoprocprogram_id",
    }
    cell = {f"cell_{name}": value for name, value in CELL.items()}
    results = deliver(
        [register, *result(cell), DONE], **{**RECIPE, "integration_id": "None"}, rpid=5
    )
    check_result(rows, cell)
    key = results[0]["result"]
    assert {row.autoProcProgramId for row in rows(AutoProc)} == {key}
    assert {row.autoProcProgramId for row in rows(AutoProcIntegration)} == {key}


def screening(number, wedge, **more):
    """One solution of XOalign or dials.align_crystal."""
    comments = {"comments": f"a* (2-fold) {number}"}
    names = ("screening", "screening_output", "screening_strategy", "screening_strategy_wedge")
    keys = {name: f"ispyb_{name}_id_{number}" for name in names}
    flags = dict.fromkeys(("indexingsuccess", "strategysuccess", "alignmentsuccess"), 1)
    columns = [
        {"dcid": 111, "programversion": "XOalign", "shortcomments": f"XOalign {number}"}
        | comments,
        {"screening_id": f"${keys['screening']}", "program": "XOalign", **flags},
        {"screening_output_id": f"${keys['screening_output']}", "program": "XOalign", **more},
        {"screening_strategy_id": f"${keys['screening_strategy']}", "wedgenumber": 1}
        | comments
        | wedge,
    ]
    return [
        {"ispyb_command": f"insert_{name}", "store_result": keys[name], **each}
        for name, each in zip(names, columns)
    ]


@pytest.mark.parametrize("first", ["recipe", "list"])
def test_a_list_that_repeats_the_final_status_keeps_its_rows(deliver, rows, first):
    """The list of an alignment ends with the status that the step of its recipe writes too.

    Two consumers carry out the two in any order.
    """
    wedges = [{"phi": "271.50", "chi": "12.25"}, {"phi": "88.00", "chi": None}]
    listed = [each for n, wedge in enumerate(wedges) for each in screening(n, wedge)]
    listed.append({**DONE, "message": "Processing successful"})
    step = [{**DONE, "message": "processing successful"}]
    for commands in (listed, step) if first == "list" else (step, listed):
        results = deliver(commands, program_id=50)
    ended = "the program ended with success (1)"
    assert results[-1]["warnings"] == [f"processingMessage: not stored, {ended}"]
    stored = [(row.phi, row.chi, row.wedgeNumber) for row in rows(ScreeningStrategyWedge)]
    assert stored == [(271.5, 12.25, 1), (88, None, 1)]
    assert [row.program for row in rows(ScreeningStrategy)] == ["XOalign"] * 2
    assert {row.alignmentSuccess for row in rows(ScreeningOutput)} == {True}
    program = {row.autoProcProgramId: row for row in rows(AutoProcProgram)}[50]
    first_message = "Processing" if first == "list" else "processing"
    assert program.processingMessage == f"{first_message} successful"


def test_a_list_that_turns_success_into_failure_is_undone(deliver, rows):
    deliver([DONE])
    listed = [*screening(0, {"phi": 1}), {**DONE, "status": "failure", "message": "no solution"}]
    problem = deliver(listed, 409)
    ended = "the program ended with success (1)"
    assert problem["detail"] == f"command 4, update_processing_status: {ended}"
    assert not rows(ScreeningStrategyWedge)


BEST = {
    "insert_screening": {"dcid": 111, "dcgid": 11, "programversion": "BEST 5.1"},
    "insert_screening_input": {"screening_id": "$a", "beamx": "157.5", "beamy": 167.75},
    "insert_screening_output": {"screening_id": "$a", "program": "BEST 5.1"},
    "insert_screening_output_lattice": {
        "screening_output_id": "$b",
        "spacegroup": "P21",
        **{f"unitcell{name}": str(value) for name, value in CELL.items()},
    },
    "insert_screening_strategy": {
        "screening_output_id": "$b",
        "program": "BEST 5.1",
        "resolution": "1.75",
        "completeness": "0.9375",
        "multiplicity": "3.5",
        "anomalous": True,
        "rankingresolution": "1.5",
        "transmission": "12.5",
    },
    "insert_screening_strategy_wedge": {
        "screening_strategy_id": "$c",
        "wedgenumber": 1,
        "resolution": "1.75",
        "completeness": "0.9375",
        "multiplicity": "3.5",
        "wavelength": 0.9765625,
        "comments": "Resolution limit is set by the radiation damage",
    },
}
STORED_AS = {"insert_screening_output": "b", "insert_screening": "a"}
STORED_AS |= {"insert_screening_strategy": "c", "insert_screening_strategy_wedge": "d"}


def test_a_strategy_of_best(deliver, rows):
    sub_wedge = {
        "rotationaxis": "Omega",
        "axisstart": "12.0",
        "axisend": "102.0",
        "exposuretime": "0.0625",
        "oscillationrange": "0.125",
        "noimages": "720",
        "comments": "BEST SubWedge1/2",
    }
    listed = [
        {"ispyb_command": name, "store_result": STORED_AS.get(name, "none"), **columns}
        for name, columns in BEST.items()
    ]
    for number in ("1", "2"):
        place = {"subwedgenumber": number, "screening_strategy_wedge_id": "$d"}
        command = "insert_screening_strategy_sub_wedge"
        listed.append({"ispyb_command": command, **sub_wedge, **place})
    results = deliver(listed)
    assert [each["warnings"] for each in results] == [[]] * 8
    (given,), (lattice,) = rows(ScreeningInput), rows(ScreeningOutputLattice)
    assert (given.beamX, given.beamY) == (157.5, 167.75)
    assert {name: getattr(lattice, f"unitCell_{name}") for name in CELL} == CELL
    (strategy,), (wedge,) = rows(ScreeningStrategy), rows(ScreeningStrategyWedge)
    for row in (strategy, wedge):
        assert (row.resolution, row.completeness, row.multiplicity) == (1.75, 0.9375, 3.5)
    assert (strategy.anomalous, strategy.rankingResolution) == (True, 1.5)
    assert (strategy.transmission, wedge.wavelength) == (12.5, 0.9765625)
    assert wedge.comments == BEST["insert_screening_strategy_wedge"]["comments"]
    for number, row in enumerate(rows(ScreeningStrategySubWedge), 1):
        assert (row.subWedgeNumber, row.rotationAxis, row.numberOfImages) == (number, "Omega", 720)
        assert (row.axisStart, row.axisEnd, row.exposureTime) == (12, 102, 0.0625)
        assert (row.oscillationRange, row.comments) == (0.125, sub_wedge["comments"])


@pytest.mark.parametrize(
    "name", ["insert_dimple_results", "insert_dimple_result", "insert_metal_id_result"]
)
def test_a_model_with_blobs(deliver, rows, name):
    """Dimple's message has ``insert_dimple_results``, its recipe ``insert_dimple_result``."""
    scaling = deliver(result(SWEEP), program_id=50, dcid=111)[1]["result"]
    atom = {"name": "SG", "chain_id": "B", "res_seq": 42, "res_name": "CYS"}
    empty = dict.fromkeys(
        (
            *("occupancy", "nearest_atom", "nearest_atom_distance", "filepath"),
            *("view1", "view2", "view3"),
        )
    )
    place = {"filepath": "/d/dimple", "view1": "v1.png", "view2": "v2.png", "view3": "v3.png"}
    blobs = [
        {**empty, "xyz": [0.125, 0.25, -0.5], "height": 9.5, "map_type": "difference"},
        {
            **{"xyz": [0.5, 0.75, 0.25], "height": 21.5, "map_type": "anomalous"},
            **{"occupancy": 0.75, "nearest_atom": atom, "nearest_atom_distance": 0.25},
            **place,
        },
    ]
    run = {
        "auto_proc_scaling_id": scaling,
        "auto_proc_program_id": None,
        "rwork_start": 0.28125,
        "rwork_end": 0.1875,
        "rfree_start": 0.3125,
        "rfree_end": 0.21875,
        "space_group": "P 1 21 1",
        "LLG": None,
        "TFZ": None,
    }
    ran = {
        "command_line": "dimple data.mtz model.pdb /d/dimple --anode",
        "programs": "dimple",
        "status": 1,
        "message": "",
        "start_time": "2024-05-11T15:00:01",
        "end_time": "2024-05-11T15:04:59",
    }
    file = {"file_path": "/d/dimple", "importance_rank": None}
    files = [
        {
            **file,
            "file_type": "log",
            "file_name": "dimple.log",
            "timestamp": "2024-05-11T15:04:59",
        },
        {**file, "file_type": "result", "file_name": "final.pdb", "timestamp": "about noon"},
    ]
    command = {"ispyb_command": name, "mxmrrun": run, "blobs": blobs, "attachments": files}
    (answer,) = deliver([{**command, "auto_proc_program": ran}])
    assert answer["warnings"] == ["attachments.1.timestamp: not understood: about noon"]
    (stored,) = rows(MXMRRun)
    assert (stored.mxMRRunId, stored.autoProcScalingId) == (answer["result"], scaling)
    assert (stored.rValueStart, stored.rValueEnd) == (run["rwork_start"], run["rwork_end"])
    assert (stored.rFreeValueStart, stored.rFreeValueEnd) == (run["rfree_start"], run["rfree_end"])
    assert (stored.spaceGroup, stored.LLG, stored.TFZ) == ("P 1 21 1", None, None)
    for blob, row in zip(blobs, rows(MXMRRunBlob), strict=True):
        assert [row.x, row.y, row.z] == blob["xyz"]
        assert (row.height, row.mapType) == (blob["height"], blob["map_type"])
        assert (row.occupancy, row.filePath) == (blob["occupancy"], blob["filepath"])
        assert [row.view1, row.view2, row.view3] == [blob[f"view{n}"] for n in (1, 2, 3)]
        columns = ("nearestAtomName", "nearestAtomChainId", "nearestAtomResSeq")
        nearest = [getattr(row, each) for each in (*columns, "nearestAtomResName")]
        assert nearest == [*(blob["nearest_atom"] or dict.fromkeys(atom)).values()]
        assert row.nearestAtomDistance == blob["nearest_atom_distance"]
    program = {row.autoProcProgramId: row for row in rows(AutoProcProgram)}[
        stored.autoProcProgramId
    ]
    assert (program.processingCommandLine, program.processingPrograms) == (
        *(ran["command_line"], "dimple"),
    )
    assert program.processingStartTime.isoformat() == ran["start_time"]
    assert program.processingEndTime.isoformat() == ran["end_time"]
    assert (program.processingStatus, program.parentAutoProcProgramId) == (1, 50)
    log, model = sorted(rows(AutoProcProgramAttachment), key=lambda row: row.fileName)
    assert (log.fileType, log.recordTimeStamp.isoformat()) == ("Log", files[0]["timestamp"])
    assert (model.fileType, model.filePath) == ("Result", "/d/dimple")
    assert model.recordTimeStamp.isoformat() != files[0]["timestamp"]


def test_a_job_of_sweeps_is_that_of_the_first(deliver, rows):
    command = {
        "ispyb_command": "create_ispyb_job",
        "DCID": 0,
        "sweeps": [{"DCID": 112, "start": 1, "end": 50}, {"DCID": 111, "start": 51, "end": 100}],
        "parameters": [],
        "triggervariables": [],
        "recipe": "postprocessing-xia2-dials",
        "source": "automatic",
    }
    (answer,) = deliver([command])
    job = {row.processingJobId: row for row in rows(ProcessingJob)}[answer["result"]]
    assert (job.dataCollectionId, job.recipe) == (112, command["recipe"])
    problem = deliver([{**command, "sweeps": []}], 422)
    assert problem["errors"] == {
        "ispyb_command_list.0.dataCollectionId": ["is needed without sweeps"]
    }
