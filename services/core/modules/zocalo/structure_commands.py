"""Commands about structures: phasing, and models of proteins."""

from collections.abc import Iterable
from pathlib import PurePath
from typing import Any

from marshmallow import Schema, ValidationError

from services.core.models import SpaceGroup
from services.core.modules.processing import phasings
from services.core.modules.processing.programs import lock, now
from services.core.modules.samples import pdbs
from services.core.modules.zocalo.command_parameters import (
    CommandParameters,
    check_visible,
    get_program_id,
    get_result_of_scaling,
    get_time,
    load_columns,
    load_part,
    squash,
    warn_of_others,
)
from services.core.modules.zocalo.program_commands import WRITER
from services.core.schemas.processing.results import (
    PhasingAttachmentSchema,
    PhasingRunSchema,
    PhasingStatisticsSchema,
    PhasingStepSchema,
)
from services.core.schemas.samples.pdbs import LARGEST, PDBSchema
from shared import access, app_context, files, row_checks
from shared.db import db, save
from shared.errors import BadInput, NotFound, NotYet
from shared.file_roots import FileRoots
from shared.identity import Identity
from shared.models import AutoProcProgram, Protein
from shared.schemas import LATIN1_LINES

STEPS = {
    "PreparePhasingData": "PREPARE",
    "SubstructureDetermination": "SUBSTRUCTUREDETERMINATION",
    "Phasing": "PHASING",
    "ModelBuilding": "MODELBUILDING",
}  # the type of a step that has the name of an older table
CONTAINER, SCALINGS = "PhasingContainer", "Phasing_has_ScalingContainer"
LINK, FIGURES = "Phasing_has_Scaling", "PhasingStatistics"  # in SCALINGS
ANALYSIS, RUN, FILE = "PhasingAnalysis", "PhasingProgramRun", "PhasingProgramAttachment"
TIME = "recordTimeStamp"


def insert_phasing_analysis_results(identity: Identity, parameters: CommandParameters) -> int:
    """Store a phasing on a scaling; its run is a copy of the named program, or has its columns.

    The warnings name the elements of the container that are not stored.
    """
    identity.need(WRITER)
    key = parameters.require_key("scaling_id")
    owner = get_result_of_scaling(identity, key).autoProcProgramId
    container = CommandParameters(parameters.get_mapping("phasing_results")).get_mapping(CONTAINER)
    if not container:
        reason = {f"phasing_results.{CONTAINER}": ["Missing data for required field."]}
        raise BadInput("invalid input", reason)
    warnings = parameters.warnings
    parts = _list_parts(container, (ANALYSIS, RUN, FILE, *STEPS, SCALINGS), CONTAINER, warnings)
    links = [_list_parts(each, (LINK, FIGURES), SCALINGS, warnings) for each in parts[SCALINGS]]
    numbers = [CommandParameters(each) for link in links for each in link[LINK]]
    phasing = {
        "autoProcScalingId": key,
        "datasetNumber": CommandParameters(*numbers).get_number("datasetNumber"),
        "steps": _load_steps(parts, [each for link in links for each in link[FIGURES]], warnings),
        "attachments": [
            _load_part(PhasingAttachmentSchema(), each, FILE, warnings) for each in parts[FILE]
        ],
    }
    runs = [_load_part(PhasingRunSchema(), each, RUN, warnings) for each in parts[RUN]]
    if parameters.get_key("program_id") is not None:
        run = _replace_run(get_program_id(identity, parameters), owner)
    else:
        run = runs[0] if runs else {}
    created = {TIME: now()}
    for each in parts[ANALYSIS]:
        created |= get_time(each, TIME, ANALYSIS, warnings)
    return phasings.create(run, phasing, created)


def _replace_run(program_id: int, owner: int | None) -> dict:
    """The run of a program on a scaling of ``owner``, in place of the runs it has."""
    row = row_checks.locked(AutoProcProgram, program_id)
    parent = row.parentAutoProcProgramId
    if owner is None or owner not in (program_id, owner if parent is None else parent):
        raise BadInput("invalid input", {"scaling_id": ["is of another program than the parent"]})
    phasings.delete(phasings.list_runs(program_id))
    begun = {"processingStartTime": row.processingStartTime or now()}
    above = {} if owner == program_id else {"parentAutoProcProgramId": owner}
    save(row, {**begun, **above})
    return phasings.copy_of(row)


def _load_steps(parts: dict, figures: list[dict], warnings: list[str]) -> list[dict]:
    """The steps in their order; the last one gets the figures, as these name no step."""
    steps = [
        {**_load_part(PhasingStepSchema(), each, name, warnings), "phasingStepType": kind}
        for name, kind in STEPS.items()
        for each in parts[name]
    ] or [{"phasingStepType": STEPS["Phasing"]}]
    _check_space_groups(steps, warnings)
    statistics = [
        _load_part(PhasingStatisticsSchema(), each, FIGURES, warnings) for each in figures
    ]
    return [*steps[:-1], {**steps[-1], "statistics": statistics}]


def _check_space_groups(steps: list[dict], warnings: list[str]) -> None:
    """Drop the keys of absent space groups: some programs send the number of the group there."""
    key = SpaceGroup.spaceGroupId
    keys = {step[key.key] for step in steps if step.get(key.key) is not None}
    absent = keys.difference(db.session.scalars(db.select(key).where(key.in_(keys))))
    for step in steps:
        if step.get(key.key) in absent:
            number, name = step.pop(key.key), step["phasingStepType"]
            warnings.append(f"{name}.{key.key}: no such SpaceGroup, not stored: {number}")


def _load_part(schema: Schema, part: dict, name: str, warnings: list[str]) -> dict:
    """The columns of the element ``part``; ``warnings`` gets the values that are not stored."""
    columns = {column: value for column, value in part.items() if column != TIME}
    return {
        **load_part(schema, columns, name, warnings),
        **get_time(part, TIME, name, warnings),
    }


def _list_parts(
    container: dict, names: Iterable[str], place: str, warnings: list[str]
) -> dict[str, list[dict]]:
    """The elements of ``container`` by ``names``, in lists; ``warnings`` gets the others."""
    warn_of_others(container, names, place, warnings)
    values = CommandParameters(container)
    parts = {name: values.get(squash(name)) for name in names}
    return {
        name: [part] if isinstance(part, dict) else values.get_objects(name)
        for name, part in parts.items()
    }


def insert_pdb_files(identity: Identity, parameters: CommandParameters) -> list[int]:
    """Store PDB files below the site's file roots as models of a protein; return their keys.

    A file of the same name and source is replaced.
    """
    identity.need(WRITER)
    key = parameters.require_key("protein_id")
    lock(Protein.proteinId, key)
    check_visible("protein_id", Protein.proteinId, key, access.proteins(identity))
    paths = parameters.get("pdbfiles")
    paths = [paths] if isinstance(paths, str) else paths
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise BadInput("invalid input", {"pdb_files": ["Not a list of paths."]})
    roots = FileRoots(identity, app_context.site()["file_roots"])
    return [_put_file(key, parameters, path, roots) for path in paths]


def _put_file(protein_id: int, parameters: CommandParameters, path: str, roots: FileRoots) -> int:
    """Insert or replace one PDB file of a protein; return its key."""
    values = CommandParameters({"name": PurePath(path).name, "source": parameters.get("source")})
    columns = load_columns(PDBSchema(), values)
    key, _ = pdbs.put(protein_id, {**columns, "contents": _read_text(path, roots)})
    return key


def _read_text(path: str, roots: FileRoots) -> str:
    """The text of a file; BadInput if a column cannot hold it, NotYet if there is no file."""
    try:
        text = files.read_bytes(path, roots, LARGEST).decode()
        LATIN1_LINES(text)
    except NotFound:
        raise NotYet("a file is not there yet", {"pdb_files": [f"no such file: {path}"]}) from None
    except (UnicodeDecodeError, ValidationError):
        reason = f"holds a character that ISPyB cannot store (latin1): {path}"
        raise BadInput("invalid input", {"pdb_files": [reason]}) from None
    return text


COMMANDS: dict[str, Any] = {
    "insert_phasing_analysis_results": insert_phasing_analysis_results,
    "insert_pdb_files": insert_pdb_files,
}
