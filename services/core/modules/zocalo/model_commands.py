"""Commands about models: runs of molecular replacement and the density they do not explain."""

from typing import Any

from marshmallow import ValidationError

from services.core.models import AutoProc, AutoProcScaling, MXMRRun, MXMRRunBlob
from services.core.modules.processing import programs, results
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
KEYS = {"autoprocscalingid", "autoprocprogramid"}  # squashed names beside those of a run
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


def insert_run_with_blobs(identity: Identity, parameters: CommandParameters) -> int:
    """Store a run, its blobs, program and files; those of the same program are replaced."""
    identity.need(WRITER)
    run = CommandParameters(parameters.get_mapping("mxmrrun"))
    values = parameters.get_mapping("auto_proc_program")
    scaling_id = run.require_key("auto_proc_scaling_id")
    get_result_of_scaling(identity, scaling_id)
    document: dict[str, Any] = {
        "program": {column: values[name] for name, column in PROGRAM.items() if name in values},
        "attachments": [_rename_file(each) for each in parameters.get_objects("attachments")],
    }
    if run.get_key("auto_proc_program_id") is not None:
        document["program"]["autoProcProgramId"] = get_program_id(
            identity, run, "auto_proc_program_id"
        )
    try:
        data = ResultSchema().load(document)
    except ValidationError as error:
        raise BadInput("invalid input", error.normalized_messages()) from error
    for number, file in enumerate(parameters.get_objects("attachments")):
        time = get_time(file, "timestamp", f"attachments.{number}", parameters.warnings)
        data["attachments"][number] |= time
        warn_of_others(file, (*FILE, "timestamp"), f"attachments.{number}", parameters.warnings)
    warn_of_others(values, PROGRAM, "auto_proc_program", parameters.warnings)
    blobs = [
        _load_blob(each, f"blobs.{number}", parameters.warnings)
        for number, each in enumerate(parameters.get_objects("blobs"))
    ]
    schema = MRRunSchema(exclude=("autoProcScalingId", "blobs"))
    columns = {n: v for n, v in parameters.get_mapping("mxmrrun").items() if squash(n) not in KEYS}
    columns = load_part(schema, columns, "mxmrrun", parameters.warnings, **RUN)
    data["mxmrRuns"] = [{**columns, "autoProcScalingId": scaling_id, "blobs": blobs}]
    tree, _ = results.put(identity, data, {"force": False})
    parameters.warnings += tree["warnings"]
    return tree["mxmrRuns"][-1]["mxMRRunId"]


def store_dimple_failure(identity: Identity, parameters: CommandParameters) -> int:
    """Store a failure of dimple: a failed program, with a run without a result."""
    run = {
        "auto_proc_scaling_id": _get_scaling_id(parameters),
        "auto_proc_program_id": parameters.get("programid"),
    }
    message = parameters.get_text("message") or "Unknown error"
    program = {"programs": "dimple", "status": "failure", "message": message}
    return insert_run_with_blobs(
        identity, CommandParameters({"mxmrrun": run, "auto_proc_program": program})
    )


def insert_mxmr_run(identity: Identity, parameters: CommandParameters) -> int:
    """Add a run on a scaling, of a program if it names one."""
    identity.need(WRITER)
    data = load_columns(MRRunSchema(exclude=("autoProcScalingId", "blobs")), parameters, **RUN)
    data["autoProcScalingId"] = _get_scaling_id(parameters)
    get_result_of_scaling(identity, data["autoProcScalingId"])
    if parameters.get_key("auto_proc_program_id") is not None:
        data["autoProcProgramId"] = get_program_id(identity, parameters, "auto_proc_program_id")
    return save(MXMRRun(), data).mxMRRunId


def insert_mxmr_run_blob(identity: Identity, parameters: CommandParameters) -> int:
    """Add a blob to a run on a scaling that the caller sees."""
    identity.need(WRITER)
    key = parameters.require_key("mxmr_run_id")
    rule = programs.visible(identity, AutoProc.autoProcProgramId)
    runs = db.select(MXMRRun.mxMRRunId).join(MXMRRun.scaling).join(AutoProcScaling.autoproc)
    check_visible("mxmr_run_id", MXMRRun.mxMRRunId, key, rule, runs)
    data = load_columns(MRBlobSchema(), parameters)
    return save(MXMRRunBlob(), {**data, "mxMRRunId": key}).mxMRRunBlobId


def _get_scaling_id(parameters: CommandParameters) -> int:
    """The key of the scaling of a run, by the newer or the older name."""
    return parameters.get_key("auto_proc_scaling_id") or parameters.require_key("scaling_id")


def _rename_file(file: dict) -> dict:
    return {column: file[name] for name, column in FILE.items() if file.get(name) is not None}


def _load_blob(blob: dict, location: str, warnings: list[str]) -> dict:
    """The columns of a blob; its coordinates are one list, its nearest atom is an object."""
    atom, place = blob.get("nearest_atom") or {}, blob.get("xyz") or []
    if not isinstance(atom, dict) or not isinstance(place, list):
        raise BadInput("invalid input", {"blobs": ["xyz is a list, and nearest_atom an object."]})
    warn_of_others(atom, ATOM, f"{location}.nearest_atom", warnings)
    columns = {
        **{name: value for name, value in blob.items() if name not in ("xyz", "nearest_atom")},
        **{column: atom.get(name) for name, column in ATOM.items()},
        **dict(zip("xyz", place)),
    }
    return load_part(MRBlobSchema(), columns, location, warnings)


COMMANDS = {
    "insert_dimple_result": insert_run_with_blobs,
    "insert_dimple_results": insert_run_with_blobs,
    "insert_metal_id_result": insert_run_with_blobs,
    "store_dimple_failure": store_dimple_failure,
    "insert_mxmr_run": insert_mxmr_run,
    "insert_mxmr_run_blob": insert_mxmr_run_blob,
}
