"""Commands about structures: phasing, and models of proteins."""

from pathlib import PurePath
from typing import Any

from marshmallow import ValidationError

from services.core.models import PDB, ProteinHasPDB
from services.core.modules.processing import phasings
from services.core.modules.processing.programs import lock, now
from services.core.modules.zocalo.command_parameters import (
    CommandParameters,
    check_visible,
    get_program_id,
    get_result_of_scaling,
    load_columns,
    squash,
)
from services.core.modules.zocalo.program_commands import WRITER
from services.core.schemas.processing.results import (
    PhasingAttachmentSchema,
    PhasingRunSchema,
    PhasingStatisticsSchema,
    PhasingStepSchema,
)
from services.core.schemas.samples.pdbs import PDBSchema
from shared import access, app_context, files, row_checks
from shared.db import db, save
from shared.errors import BadInput, NotFound, NotYet
from shared.file_roots import FileRoots
from shared.identity import Identity
from shared.models import AutoProcProgram, Protein
from shared.schemas import LATIN1_LINES

LARGEST = 2**24 - 1  # bytes of a file that PDB.contents takes
STEPS = {
    "PreparePhasingData": "PREPARE",
    "SubstructureDetermination": "SUBSTRUCTUREDETERMINATION",
    "Phasing": "PHASING",
    "ModelBuilding": "MODELBUILDING",
}  # the type of a step that has the name of an older table
FIGURES = "PhasingStatistics"


def insert_phasing_analysis_results(identity: Identity, parameters: CommandParameters) -> int:
    """Store a phasing on a scaling; its run is a copy of the named program, or has its columns."""
    identity.need(WRITER)
    key = parameters.require_key("scaling_id")
    owner = get_result_of_scaling(identity, key).autoProcProgramId
    container = CommandParameters(parameters.get_mapping("phasing_results"))
    if not container:
        reason = {"phasing_results": ["Missing data for required field."]}
        raise BadInput("invalid input", reason)
    container = CommandParameters(container, container.get_mapping("PhasingContainer"))
    link = CommandParameters(*_list_objects(container, "Phasing_has_Scaling"))
    phasing = {
        "autoProcScalingId": key,
        "datasetNumber": link.get_number("datasetNumber"),
        "steps": _load_steps(container),
        "attachments": [
            load_columns(PhasingAttachmentSchema(), CommandParameters(each))
            for name in ("PhasingProgramAttachment", "attachments")
            for each in _list_objects(container, name)
        ],
    }
    if parameters.get_key("program_id") is not None:
        run = _replace_run(get_program_id(identity, parameters), owner)
    else:
        values = CommandParameters(*_list_objects(container, "PhasingProgramRun"))
        run = load_columns(PhasingRunSchema(), values)
    return phasings.create(run, phasing, {"recordTimeStamp": now()})


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


def _load_steps(container: CommandParameters) -> list[dict]:
    """The steps in their order; the last one gets the figures outside of steps."""
    types: list[tuple[str, dict]] = [(n, {"phasingStepType": kind}) for n, kind in STEPS.items()]
    objects = [
        (each, kind)
        for name, kind in [*types, ("PhasingStep", {}), ("steps", {})]
        for each in _list_objects(container, name)
    ]
    steps = []
    for each, kind in objects or [({}, {"phasingStepType": "PHASING"})]:
        values = CommandParameters(each, kind)
        figures = [*_list_objects(values, FIGURES), *_list_objects(values, "statistics")]
        step = load_columns(PhasingStepSchema(), values)
        steps.append({**step, "statistics": _load_figures(figures)})
    steps[-1]["statistics"] += _load_figures(_list_objects(container, FIGURES))
    return steps


def _load_figures(figures: list[dict]) -> list[dict]:
    return [load_columns(PhasingStatisticsSchema(), CommandParameters(each)) for each in figures]


def _list_objects(parameters: CommandParameters, name: str) -> list[dict]:
    """The object under ``name``, or the list of them there."""
    value = parameters.get(squash(name))
    return [value] if isinstance(value, dict) else parameters.get_objects(name)


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
    columns = {"source": None, **load_columns(PDBSchema(), values)}
    statement = db.select(PDB).join(ProteinHasPDB, ProteinHasPDB.pdbid == PDB.pdbId)
    statement = statement.filter(ProteinHasPDB.proteinid == protein_id).filter_by(**columns)
    stored = db.session.scalars(statement.limit(1)).first()
    row = save(stored or PDB(**columns), {"contents": _read_text(path, roots)})
    if stored is None:
        save(ProteinHasPDB(), {"proteinid": protein_id, "pdbid": row.pdbId})
    return row.pdbId


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
