"""Commands about structures: phasing, and models of proteins that were predicted or found."""

from pathlib import PurePath
from typing import Any

from marshmallow import ValidationError

from services.core.models import PDB, ProteinHasPDB
from services.core.modules.processing import phasings
from services.core.modules.processing.programs import lock, now
from services.core.modules.zocalo.command_parameters import (
    CommandParameters,
    check,
    loaded,
    program,
    scaling,
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
}  # what goes by the names of older tables is a step of this type
FIGURES = "PhasingStatistics"


def insert_phasing_analysis_results(identity: Identity, said: CommandParameters) -> int:
    """Store a phasing on a scaling: of a program that is named, or by what it says itself."""
    identity.need(WRITER)
    key = said.needed("scaling_id")
    owner = scaling(identity, key).autoProcProgramId
    told = CommandParameters(said.mapping("phasing_results"))
    if not told:
        reason = {"phasing_results": ["Missing data for required field."]}
        raise BadInput("invalid input", reason)
    told = CommandParameters(told, told.mapping("PhasingContainer"))
    link = CommandParameters(*_listed(told, "Phasing_has_Scaling"))
    phasing = {
        "autoProcScalingId": key,
        "datasetNumber": link.number("datasetNumber"),
        "steps": _steps(told),
        "attachments": [
            loaded(PhasingAttachmentSchema(), CommandParameters(each))
            for name in ("PhasingProgramAttachment", "attachments")
            for each in _listed(told, name)
        ],
    }
    if said.key("program_id") is not None:
        run = _run_of(program(identity, said), owner)
    else:
        run = loaded(PhasingRunSchema(), CommandParameters(*_listed(told, "PhasingProgramRun")))
    return phasings.create(run, phasing, {"recordTimeStamp": now()})


def _run_of(program_id: int, owner: int | None) -> dict:
    """The run of a program, in place of one it has; it works on what ``owner`` scaled."""
    row = row_checks.locked(AutoProcProgram, program_id)
    parent = row.parentAutoProcProgramId
    if owner is None or owner not in (program_id, owner if parent is None else parent):
        raise BadInput("invalid input", {"scaling_id": ["is of another program than the parent"]})
    phasings.delete(phasings.list_runs(program_id))
    begun = {"processingStartTime": row.processingStartTime or now()}
    above = {} if owner == program_id else {"parentAutoProcProgramId": owner}
    save(row, {**begun, **above})
    return phasings.copy_of(row)


def _steps(told: CommandParameters) -> list[dict]:
    """The steps in their order; figures that are of no step are of the last one."""
    of_type = [(n, {"phasingStepType": kind}) for n, kind in STEPS.items()]
    found = [
        (each, kind)
        for name, kind in [*of_type, ("PhasingStep", {}), ("steps", {})]
        for each in _listed(told, name)
    ]
    steps = []
    for each, kind in found or [({}, {"phasingStepType": "PHASING"})]:
        words = CommandParameters(each, kind)
        figures = [*_listed(words, FIGURES), *_listed(words, "statistics")]
        steps.append({**loaded(PhasingStepSchema(), words), "statistics": _figures(figures)})
    steps[-1]["statistics"] += _figures(_listed(told, FIGURES))
    return steps


def _figures(told: list[dict]) -> list[dict]:
    return [loaded(PhasingStatisticsSchema(), CommandParameters(each)) for each in told]


def _listed(told: CommandParameters, name: str) -> list[dict]:
    """One object of that name, or all of them."""
    value = told.get(name.replace("_", "").lower())
    return [value] if isinstance(value, dict) else told.parts(name)


def insert_pdb_files(identity: Identity, said: CommandParameters) -> list[int]:
    """Store PDB files below the site's file roots as models of a protein; return their keys.

    A file of the same name and source is stored over.
    """
    identity.need(WRITER)
    key = said.needed("protein_id")
    lock(Protein.proteinId, key)
    check("protein_id", Protein.proteinId, key, access.proteins(identity))
    paths = said.get("pdbfiles")
    paths = [paths] if isinstance(paths, str) else paths
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise BadInput("invalid input", {"pdb_files": ["Not a list of paths."]})
    roots = FileRoots(identity, app_context.site()["file_roots"])
    return [_stored(key, said, path, roots) for path in paths]


def _stored(protein_id: int, said: CommandParameters, path: str, roots: FileRoots) -> int:
    words = CommandParameters({"name": PurePath(path).name, "source": said.get("source")})
    named = {"source": None, **loaded(PDBSchema(), words)}
    wanted = db.select(PDB).join(ProteinHasPDB, ProteinHasPDB.pdbid == PDB.pdbId)
    wanted = wanted.filter(ProteinHasPDB.proteinid == protein_id).filter_by(**named)
    known = db.session.scalars(wanted.limit(1)).first()
    row = save(known or PDB(**named), {"contents": _text(path, roots)})
    if known is None:
        save(ProteinHasPDB(), {"proteinid": protein_id, "pdbid": row.pdbId})
    return row.pdbId


def _text(path: str, roots: FileRoots) -> str:
    """What is in a file, if it can be stored."""
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
