"""Commands about models: runs of molecular replacement and the density they do not explain."""

from typing import Any

from marshmallow import ValidationError

from services.core.models import AutoProc, AutoProcScaling, MXMRRun, MXMRRunBlob
from services.core.modules.processing import programs, results
from services.core.modules.zocalo.command_parameters import (
    CommandParameters,
    check,
    loaded,
    program,
    scaling,
)
from services.core.modules.zocalo.program_commands import WRITER
from services.core.schemas.processing.results import MRBlobSchema, MRRunSchema, ResultSchema
from shared.db import db, save
from shared.errors import BadInput
from shared.identity import Identity

RUN = {
    "rworkstart": "rValueStart",
    "rworkend": "rValueEnd",
    "rfreestart": "rFreeValueStart",
    "rfreeend": "rFreeValueEnd",
}
PROGRAM = {
    "command_line": "processingCommandLine",
    "programs": "processingPrograms",
    "status": "processingStatus",
    "message": "processingMessage",
    "start_time": "processingStartTime",
    "end_time": "processingEndTime",
}
FILE = {
    "file_type": "fileType",
    "file_path": "filePath",
    "file_name": "fileName",
    "importance_rank": "importanceRank",
}
ATOM = {
    "name": "nearestAtomName",
    "chain_id": "nearestAtomChainId",
    "res_seq": "nearestAtomResSeq",
    "res_name": "nearestAtomResName",
}


def insert_run_with_blobs(identity: Identity, said: CommandParameters) -> int:
    """Store a run, its blobs, program and files; for the same program they are replaced."""
    identity.need(WRITER)
    run, ran = CommandParameters(said.mapping("mxmrrun")), said.mapping("auto_proc_program")
    scaling_id = run.needed("auto_proc_scaling_id")
    scaling(identity, scaling_id)
    known = run.key("auto_proc_program_id")
    document: dict[str, Any] = {
        "program": {column: ran[name] for name, column in PROGRAM.items() if name in ran},
        "attachments": [_file(each) for each in said.parts("attachments")],
    }
    if known is not None:
        document["program"]["autoProcProgramId"] = program(identity, run, "auto_proc_program_id")
    try:
        data = ResultSchema().load(document)
    except ValidationError as error:
        raise BadInput("invalid input", error.normalized_messages()) from error
    blobs = [_blob(each) for each in said.parts("blobs")]
    of = {"autoProcScalingId": scaling_id, "blobs": blobs}
    schema = MRRunSchema(exclude=("autoProcScalingId", "blobs"))
    data["mxmrRuns"] = [{**loaded(schema, run, **RUN), **of}]
    tree, _ = results.put(identity, data, {"force": False})
    said.warnings += tree["warnings"] + run.warnings
    return tree["mxmrRuns"][-1]["mxMRRunId"]


def store_dimple_failure(identity: Identity, said: CommandParameters) -> int:
    """Note that dimple found nothing: a program that failed, with a run without a result."""
    run = {"auto_proc_scaling_id": _scaling(said), "auto_proc_program_id": said.get("programid")}
    message = said.text("message") or "Unknown error"
    ran = {"programs": "dimple", "status": "failure", "message": message}
    return insert_run_with_blobs(
        identity, CommandParameters({"mxmrrun": run, "auto_proc_program": ran})
    )


def insert_mxmr_run(identity: Identity, said: CommandParameters) -> int:
    """Add a run on a scaling, of a program if it names one."""
    identity.need(WRITER)
    data = loaded(MRRunSchema(exclude=("autoProcScalingId", "blobs")), said, **RUN)
    data["autoProcScalingId"] = _scaling(said)
    scaling(identity, data["autoProcScalingId"])
    if said.key("auto_proc_program_id") is not None:
        data["autoProcProgramId"] = program(identity, said, "auto_proc_program_id")
    return save(MXMRRun(), data).mxMRRunId


def insert_mxmr_run_blob(identity: Identity, said: CommandParameters) -> int:
    """Add a blob to a run on a scaling that the caller sees."""
    identity.need(WRITER)
    key = said.needed("mxmr_run_id")
    rule = programs.visible(identity, AutoProc.autoProcProgramId)
    runs = db.select(MXMRRun.mxMRRunId).join(MXMRRun.scaling).join(AutoProcScaling.autoproc)
    check("mxmr_run_id", MXMRRun.mxMRRunId, key, rule, runs)
    data = loaded(MRBlobSchema(), said)
    return save(MXMRRunBlob(), {**data, "mxMRRunId": key}).mxMRRunBlobId


def _scaling(said: CommandParameters) -> int:
    """The key of the scaling of a run, by the newer or the older name."""
    return said.key("auto_proc_scaling_id") or said.needed("scaling_id")


def _file(told: dict) -> dict:
    return {column: told[name] for name, column in FILE.items() if told.get(name) is not None}


def _blob(told: dict) -> dict:
    """A blob, whose place is one list, and whose nearest atom is an object."""
    atom, place = told.get("nearest_atom") or {}, told.get("xyz") or []
    if not isinstance(atom, dict) or not isinstance(place, list):
        raise BadInput("invalid input", {"blobs": ["xyz is a list, and nearest_atom an object."]})
    words = CommandParameters(
        {name: value for name, value in told.items() if name not in ("xyz", "nearest_atom")},
        {column: atom.get(name) for name, column in ATOM.items()},
        dict(zip("xyz", place)),
    )
    return loaded(MRBlobSchema(), words)


COMMANDS = {
    "insert_dimple_result": insert_run_with_blobs,
    "insert_metal_id_result": insert_run_with_blobs,
    "store_dimple_failure": store_dimple_failure,
    "insert_mxmr_run": insert_mxmr_run,
    "insert_mxmr_run_blob": insert_mxmr_run_blob,
}
