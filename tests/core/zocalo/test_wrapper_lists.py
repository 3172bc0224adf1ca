"""Further lists of pipelines: reductions of one sweep and of stills, strategies, and phasing.

Each value of a list is compared with the stored one, or is named in the warnings.
"""

import pytest

from services.core.models import (
    AutoProc,
    PhasingAnalysis,
    PhasingHasScaling,
    PhasingProgramRun,
    PhasingStatistics,
    PhasingStep,
    Screening,
    ScreeningOutput,
    ScreeningOutputLattice,
    ScreeningStrategy,
    ScreeningStrategySubWedge,
    ScreeningStrategyWedge,
    SpaceGroup,
)
from shared.models import (
    AutoProcProgram,
    AutoProcProgramAttachment,
    AutoProcProgramMessage,
    ProcessingPipeline,
)
from tests.core.zocalo.test_pipeline_lists import (
    CELL,
    DONE,
    MERGING,
    RECIPE,
    as_text,
    check_result,
    result,
)
from tests.core.zocalo.test_structure_commands import FIGURES, PHASING

INTEGRATED = {f"cell_{name}": value for name, value in CELL.items()}
REFINED = {**INTEGRATED, "refined_xbeam": 157.5, "refined_ybeam": 167.75}
SCREENING = {
    "insert_screening": Screening,
    "insert_screening_output": ScreeningOutput,
    "insert_screening_output_lattice": ScreeningOutputLattice,
    "insert_screening_strategy": ScreeningStrategy,
    "insert_screening_strategy_wedge": ScreeningStrategyWedge,
    "insert_screening_strategy_sub_wedge": ScreeningStrategySubWedge,
}
RENAMED = {"dcid": "dataCollectionId", "noimages": "numberOfImages"}


def say(**columns):
    """A message about the program."""
    name = {"ispyb_command": "add_program_message", "program_id": "$ispyb_autoprocprogram_id"}
    return {**name, **columns}


MESSAGES = [
    say(message="The data are weak.", description="I/sigma is 3", severity="INFO"),
    say(message="There are ice rings.", description="3.90-3.67", severity="WARNING"),
    say(message="Twinning is likely.", description="the second moment is 1.5", severity="ERROR"),
]


def check_messages(rows, program_id):
    """Compare ``MESSAGES`` with the stored rows, which are of that program."""
    names = ("message", "description", "severity")
    stored = [[getattr(row, name) for name in names] for row in rows(AutoProcProgramMessage)]
    assert stored == [[each[name] for name in names] for each in MESSAGES]
    assert {row.autoProcProgramId for row in rows(AutoProcProgramMessage)} == {program_id}


def check_screening(rows, listed, results, lost=()):
    """Compare each value of a list of screenings with the row that its command wrote.

    Those of the names ``lost`` are in the warnings instead.
    """
    stored = {model: {} for model in SCREENING.values()}
    for model, by_key in stored.items():
        (key,) = model.__table__.primary_key
        by_key.update({getattr(row, key.name): row for row in rows(model)})
    environment = {}
    for command, answer in zip(listed, results, strict=True):
        values = {**command}
        model = SCREENING[values.pop("ispyb_command")]
        environment["$" + values.pop("store_result")] = answer["result"]
        row = stored[model].pop(answer["result"])
        attributes = [each.key for each in model.__mapper__.column_attrs]
        columns = {name.replace("_", "").lower(): name for name in attributes}
        names = [name for name in values if (model, name) in lost]
        assert answer["warnings"] == [f"{name}: not stored" for name in names]
        for name in values.keys() - {*names}:
            squashed = name.replace("_", "")
            column = columns.get(squashed) or RENAMED[name]
            value = environment.get(values[name], values[name])
            current = getattr(row, column)
            assert type(current)(value) == current, (name, value, current)
    assert not any(stored.values()), "no further rows"


@pytest.mark.parametrize("messages", [MESSAGES, []], ids=["fast_dp", "fast_rdp"])
def test_fast_dp_and_fast_rdp(deliver, rows, prepared, messages):
    results = deliver([*result(REFINED), *messages], **RECIPE)
    assert [each["warnings"] for each in results] == [[]] * (3 + len(messages))
    (integration,) = check_result(rows, REFINED)
    assert (integration.autoProcIntegrationId, integration.dataCollectionId) == (7, 111)
    assert {row.autoProcProgramId for row in rows(AutoProc)} == {50}
    if messages:
        check_messages(rows, 50)


def test_a_dose_series_of_xia2_ssx(deliver, rows):
    """The first dose gives the program its name, and each dose registers a program of its own."""
    absent = {"r_meas_within_iplusi_minus", "r_pim_all_iplusi_minus", "r_pim_within_iplusi_minus"}
    merging = {name: value for name, value in MERGING.items() if name not in absent}
    merging["cc_anom"] = None
    register = {
        "ispyb_command": "register_processing",
        "program": "xia2.ssx dose_1",
        "cmdline": "xia2.ssx dose_1",
        "environment": "",
        "rpid": "5",
        "store_result": "ispyb_autoprocprogram_id",
    }
    rename = {"ispyb_command": "update_program_name", "program_id": "50"}
    rename["program"] = "xia2.ssx dose_1"
    listed = [rename, register, *result(INTEGRATED, merging=merging), *MESSAGES]
    results = deliver(listed, **{**RECIPE, "integration_id": "None"})
    assert [each["warnings"] for each in results] == [[]] * 8
    key = results[1]["result"]
    (integration,) = check_result(rows, INTEGRATED, merging=merging)
    assert (integration.dataCollectionId, integration.autoProcProgramId) == (111, key)
    assert {row.autoProcProgramId for row in rows(AutoProc)} == {key}
    check_messages(rows, key)
    programs = {row.autoProcProgramId: row for row in rows(AutoProcProgram)}
    assert programs[50].processingPrograms == programs[key].processingPrograms
    assert programs[key].processingPrograms == register["program"]
    assert programs[key].processingCommandLine == register["cmdline"]
    assert programs[key].processingJobId == 5


def place(name, number, above=None, **columns):
    """A command of a screening: its key is stored, and ``above`` names the one that it is in."""
    command = {"ispyb_command": f"insert_{name}", "store_result": f"{name}_id_{number}"}
    if above:
        command[f"{above}_id"] = f"${above}_id_{number}"
    return {**command, **columns}


LATTICE = {"spacegroup": "P4", **as_text({f"unitcell{n}": v for n, v in CELL.items()})}


def test_the_two_strategies_of_mosflm(deliver, rows):
    sweep = {"axisstart": "182.0", "axisend": "272.0", "oscillationrange": "1.25"}
    listed = []
    for number, (anomalous, completeness) in enumerate([(False, "1.00"), (True, "0.875")]):
        comments = {"comments": "MOSFLM anomalous" if anomalous else "MOSFLM native"}
        extent = {"resolution": "1.75", "completeness": completeness, "noimages": "72"}
        short = {"programversion": "mosflm", "shortcomments": comments["comments"]}
        flags = dict.fromkeys(("indexingsuccess", "strategysuccess"), 1)
        program = {"program": "mosflm"}
        output, strategy = "screening_output", "screening_strategy"
        wedge, turn = f"{strategy}_wedge", {"subwedgenumber": 1, "rotationaxis": "omega"}
        listed += [
            place("screening", number, dcid=111, **short),
            place(output, number, "screening", **program, **flags),
            place(f"{output}_lattice", number, output, **LATTICE),
            place(strategy, number, output, anomalous=anomalous, **program),
            place(wedge, number, strategy, wedgenumber=1, **comments, **extent),
            place(f"{strategy}_sub_wedge", number, wedge, **turn, **comments, **extent, **sweep),
        ]
    check_screening(rows, listed, deliver(listed))


def test_wedges_of_stepped_transmission(deliver, rows):
    """A screening has no column for the program, and a sub-wedge none for phi."""
    name, output, strategy = "Stepped transmission", "screening_output", "screening_strategy"
    label = f"{name} 1"
    listed = [
        place("screening", 0, dcid=111, programversion=label, program=label, comments=label),
        place(output, 0, "screening", program=name),
        place(f"{output}_lattice", 0, output, **LATTICE),
        place(strategy, 0, output, program=f"{name} #1", anomalous=False),
    ]
    for number, transmission in enumerate((2.5, 5.0, 10.0, 20.0), 1):
        wedge, comments = f"{strategy}_wedge", {"comments": f"{name} #1.{number}"}
        above = {f"{strategy}_id": f"${strategy}_id_0"}
        turn = {"axisstart": 0, "axisend": 360, "oscillationrange": 0.125, "noimages": 3600}
        turn |= {"exposuretime": 0.03125, "rotationaxis": "omega", "phi": "0"}
        turn |= {"resolution": "1.75", "transmission": transmission}
        listed += [
            place(wedge, number, wedgenumber=number, **above, **comments),
            place(f"{strategy}_sub_wedge", number, wedge, subwedgenumber=1, **comments, **turn),
        ]
    lost = {(Screening, "program"), (ScreeningStrategySubWedge, "phi")}
    check_screening(rows, listed, deliver(listed), lost)


def test_phasing_of_fast_ep_and_big_ep(deliver, rows, add):
    """Both are programs of their own after that of the scaling; fast_ep also stores figures."""
    add(
        *(SpaceGroup(spaceGroupId=key) for key in (146, 155)),
        ProcessingPipeline(processingPipelineId=9, name="Fast EP", discipline="MX"),
        ProcessingPipeline(processingPipelineId=13, name="Big EP/DIALS", discipline="MX"),
    )
    scaling = deliver(result(INTEGRATED), **{**RECIPE, "integration_id": None})[1]["result"]
    files = [
        {"file_name": name, "file_path": "/d/ep", "file_type": kind, "importance_rank": rank}
        for name, kind, rank in (("sad.pdb", "result", None), ("coot.png", "log", 2))
    ]
    program = {"program_id": "$ispyb_autoprocprogram_id"}
    attach = [{"ispyb_command": "add_program_attachment", **program, **file} for file in files]
    analysis = {"ispyb_command": "insert_phasing_analysis_results", "phasing_results": PHASING}
    for name, key, more, phase in (
        ("fast_ep", 9, {"scaling_id": [scaling]}, [{**analysis, "scaling_id": scaling}]),
        ("big_ep", 13, {"scaling_id": scaling, "upstream_source": "dials"}, []),
    ):
        register = {
            "ispyb_command": "register_processing",
            "program": name,
            "cmdline": f"{name} data=/d/scaled.mtz",
            "environment": {"pipeline": name},
            "rpid": "5",
            "store_result": "ispyb_autoprocprogram_id",
            **more,
        }
        results = deliver([register, *attach, *phase, DONE])
        assert [each["warnings"] for each in results] == [[]] * (4 + len(phase))
        row = {row.autoProcProgramId: row for row in rows(AutoProcProgram)}[results[0]["result"]]
        assert (row.processingPrograms, row.processingPipelineId) == (name, key)
        assert row.processingCommandLine == register["cmdline"]
        assert row.processingEnvironment == f"pipeline={name}"
        assert (row.processingJobId, row.parentAutoProcProgramId) == (5, 50)
        assert (row.processingStatus, row.processingMessage) == (1, DONE["message"])
        attached = [
            (file.fileName, file.filePath, file.fileType.lower(), file.importanceRank)
            for file in rows(AutoProcProgramAttachment)
            if file.autoProcProgramId == row.autoProcProgramId
        ]
        assert attached == [tuple(file.values()) for file in files]
    (_,), (run,), (link,) = rows(PhasingAnalysis), rows(PhasingProgramRun), rows(PhasingHasScaling)
    sent = PHASING["PhasingContainer"]
    assert link.autoProcScalingId == scaling
    assert run.phasingCommandLine == sent["PhasingProgramRun"]["phasingCommandLine"]
    steps = {row.phasingStepType: row for row in rows(PhasingStep)}
    for name in ("method", "solventContent", "enantiomorph", "lowRes", "highRes"):
        assert getattr(steps["PHASING"], name) == sent["Phasing"][name]
    stored = [(row.metric, row.statisticsValue) for row in rows(PhasingStatistics)]
    assert stored == [(each["metric"], float(each["statisticsValue"])) for each in FIGURES]


def test_values_without_a_column_are_named(deliver, rows):
    """In each part of a command; those of the recipe are for all commands, and are not."""
    scaling = deliver(result(INTEGRATED), program_id=50, dcid=111, luck=1)[1]["result"]
    shells = {shell: {"luck": 1, "r_merge": 0.5} for shell in ("overall", "innerShell")}
    blob = {"xyz": [0.5, 0.25, 0.75], "luck": 1, "nearest_atom": {"name": "ZN", "luck": 1}}
    file = {"file_type": "log", "file_path": "/d", "file_name": "a.log", "luck": 1}
    crystal = {"centre_of_mass": [1.5, 2.5, 3.5], "max_count": 50, "luck": None}
    listed = [
        {
            "ispyb_command": "insert_scaling",
            "autoproc_id": rows(AutoProc)[0].autoProcId,
            "outerShell": {"luck": "None"},
            **shells,
        },
        {
            "ispyb_command": "insert_dimple_result",
            "mxmrrun": {"auto_proc_scaling_id": scaling, "rwork_end": 0.25, "luck": 1},
            "auto_proc_program": {"programs": "dimple", "luck": 1},
            "attachments": [file],
            "blobs": [blob],
        },
        {
            "ispyb_command": "create_ispyb_job",
            "DCID": 111,
            "parameters": [{"key": "a", "value": "b", "luck": 1}],
            "sweeps": [{"DCID": 111, "start": 1, "end": 2, "luck": 1}],
            "autostart": True,
            "triggervariables": [],
        },
        {
            "ispyb_command": "insert_xray_centring",
            "dcgid": 11,
            "status": "success",
            "type": "3d",
            "results": [crystal],
        },
        {
            "ispyb_command": "buffer",
            "program_id": 50,
            "buffer_store": 1,
            "buffer_command": {**say(message="a", severity="INFO"), "luck": 1},
        },
    ]
    named = [
        ["overall.luck", "innerShell.luck"],
        [
            *("attachments.0.luck", "auto_proc_program.luck", "blobs.0.nearest_atom.luck"),
            *("blobs.0.luck", "mxmrrun.luck"),
        ],
        ["parameters.0.luck", "sweeps.0.luck", "autostart"],
        ["results.0.max_count"],
        ["luck"],
    ]
    results = deliver(listed)
    for answer, names in zip(results, named, strict=True):
        assert answer["warnings"] == [f"{name}: not stored" for name in names]
