"""Commands about programs: their status, files and messages, and the jobs they are run for."""

from typing import Any

from marshmallow import ValidationError

from services.core.modules.people.proposals import proposals
from services.core.modules.processing import processing_jobs, programs
from services.core.modules.zocalo.command_parameters import (
    CommandParameters,
    get_collection_id,
    get_program_id,
    get_result_of_scaling,
    load_columns,
    load_part,
)
from services.core.schemas.processing.processing_jobs import (
    JobParameterSchema,
    JobSweepSchema,
    ProcessingJobSchema,
)
from services.core.schemas.processing.programs import (
    AttachmentSchema,
    AutoProcProgramSchema,
    AutoProcProgramUpdateSchema,
    MessageSchema,
)
from shared.db import db, save
from shared.errors import BadInput
from shared.identity import Identity
from shared.models import DataCollection, DataCollectionFileAttachment

WRITER = "processing_write"
PROGRAM_FILES = ("log", "result", "graph")
COLLECTION_FILES = ("snapshot", "log", "xy", "recip", "pia")
LONGEST_PATH = 255
PARAMETER = {"key": "parameterKey", "value": "parameterValue"}
SWEEP = {"dcid": "dataCollectionId", "start": "startImage", "end": "endImage"}
PAGE = {"fields": (), "skip": 0, "limit": 500}


def register_processing(identity: Identity, parameters: CommandParameters) -> int:
    """Register a program for a job or a data collection, or after the one of a scaling."""
    identity.need(WRITER)
    environment = parameters.get("environment")
    if isinstance(environment, dict):
        parameters.setdefault("scalingid", environment.get("scaling_id"))
        parameters["environment"] = ", ".join(
            f"{name}={value}" for name, value in environment.items()
        )
    scalings = parameters.get("scalingid")
    if isinstance(scalings, list):
        parameters["scalingid"] = scalings[0] if scalings else None
    if source := parameters.get_text("upstream_source"):
        parameters["pipeline"] = f"{parameters.get_text('program')}/{source}"
    data = load_columns(
        AutoProcProgramSchema(exclude=("parentAutoProcProgramId", "processingStatus")),
        parameters,
        program="processingPrograms",
        cmdline="processingCommandLine",
        environment="processingEnvironment",
        rpid="processingJobId",
        dcid="dataCollectionId",
    )
    if (key := parameters.get_key("scaling_id")) is not None:
        data["parentAutoProcProgramId"] = get_result_of_scaling(identity, key).autoProcProgramId
    return programs.create(identity, data)["autoProcProgramId"]


def update_processing_status(identity: Identity, parameters: CommandParameters) -> int:
    """Change the status of a program; a final status stays."""
    identity.need(WRITER)
    key = get_program_id(identity, parameters)
    names = ("Status", "Message", "StartTime", "EndTime")
    schema = AutoProcProgramUpdateSchema(partial=True, only=[f"processing{n}" for n in names])
    data = load_columns(
        schema,
        parameters,
        status="processingStatus",
        message="processingMessage",
        statusmessage="processingMessage",
        starttime="processingStartTime",
        updatetime="processingEndTime",
    )
    answer = programs.update(identity, key, data)
    parameters.warnings += answer["warnings"]
    return answer["autoProcProgramId"]


def update_program_name(identity: Identity, parameters: CommandParameters) -> int:
    """Give a program another label, also one with a final status."""
    identity.need(WRITER)
    key = get_program_id(identity, parameters)
    schema = AutoProcProgramUpdateSchema(partial=True, only=["processingPrograms"])
    data = load_columns(schema, parameters, program="processingPrograms")
    return programs.update(identity, key, data, force=True)["autoProcProgramId"]


def add_program_attachment(identity: Identity, parameters: CommandParameters) -> int:
    """Add a file to a program, whether or not the file exists."""
    identity.need(WRITER)
    key, kind = get_program_id(identity, parameters), parameters.get_text("file_type").lower()
    parameters["filetype"] = kind if kind in PROGRAM_FILES else PROGRAM_FILES[0]
    columns = load_columns(AttachmentSchema(), parameters)
    attachment, _ = programs.put_attachment(identity, key, columns)
    return attachment["autoProcProgramAttachmentId"]


def add_program_message(identity: Identity, parameters: CommandParameters) -> int:
    """Add a message to a program."""
    identity.need(WRITER)
    key = get_program_id(identity, parameters)
    message = programs.create_message(identity, key, load_columns(MessageSchema(), parameters))
    return message["autoProcProgramMessageId"]


def add_datacollection_attachment(identity: Identity, parameters: CommandParameters) -> int:
    """Add a file to a data collection; the same file again is the same row."""
    identity.need(WRITER)
    programs.lock(DataCollection.dataCollectionId, parameters.require_key("dcid"))
    key, kind = get_collection_id(identity, parameters), parameters.get_text("file_type").lower()
    path = f"{parameters.get_text('file_path').rstrip('/')}/{parameters.get_text('file_name')}"
    if not parameters.get_text("file_name") or len(path) > LONGEST_PATH:
        raise BadInput("invalid input", {"file_name": [f"Not a path of 1 to {LONGEST_PATH}."]})
    file = DataCollectionFileAttachment
    columns = {"dataCollectionId": key, "fileFullPath": path}
    stored = db.session.scalars(db.select(file).filter_by(**columns).limit(1)).first()
    kind = kind if kind in COLLECTION_FILES else "log"
    return save(stored or file(**columns), {"fileType": kind}).dataCollectionFileAttachmentId


def create_ispyb_job(identity: Identity, parameters: CommandParameters) -> int:
    """Create a request to process data; a DCID of 0 stands for that of the first sweep."""
    identity.need(WRITER)
    if parameters.get("dcid") in (0, "0"):
        parameters["dcid"] = None
    warnings = parameters.warnings
    document: dict[str, Any] = {
        "dataCollectionId": parameters.get_key("DCID"),
        "recipe": parameters.get("recipe"),
        "displayName": parameters.get("displayname"),
        "comments": parameters.get("comment"),
        "automatic": parameters.get("source") == "automatic",
        "parameters": [
            load_part(JobParameterSchema(), each, f"parameters.{n}", warnings, **PARAMETER)
            for n, each in enumerate(parameters.get_objects("parameters"))
        ],
        "sweeps": [
            load_part(JobSweepSchema(), each, f"sweeps.{n}", warnings, **SWEEP)
            for n, each in enumerate(parameters.get_objects("sweeps"))
        ],
    }
    try:
        data = ProcessingJobSchema().load(document)
    except ValidationError as error:
        raise BadInput("invalid input", error.normalized_messages()) from error
    parameters.warnings += data.pop("warnings", [])
    return processing_jobs.create(identity, data)["processingJobId"]


def retrieve_programs_for_job_id(identity: Identity, parameters: CommandParameters) -> list[dict]:
    """The programs of a job, latest first."""
    return programs.list_(identity, {**PAGE, "processingJobId": parameters.require_key("rpid")})[
        "results"
    ]


def retrieve_program_attachments(identity: Identity, parameters: CommandParameters) -> list[dict]:
    """The files of a program, latest first."""
    query = {**PAGE, "autoProcProgramId": get_program_id(identity, parameters)}
    return programs.list_attachments(identity, query)["results"]


def retrieve_proposal_title(identity: Identity, parameters: CommandParameters) -> str | None:
    """The title of the proposal of a visit."""
    visit, _, _ = parameters.get_text("visit").partition("-")
    name = visit or f"{parameters.get_text('proposalcode')}{parameters.get_text('proposalnumber')}"
    return proposals.get(identity, name, ("title",))["title"]


COMMANDS = {
    "register_processing": register_processing,
    "update_processing_status": update_processing_status,
    "update_program_name": update_program_name,
    "add_program_attachment": add_program_attachment,
    "add_program_message": add_program_message,
    "add_datacollection_attachment": add_datacollection_attachment,
    "create_ispyb_job": create_ispyb_job,
    "retrieve_programs_for_job_id": retrieve_programs_for_job_id,
    "retrieve_program_attachments_for_program_id": retrieve_program_attachments,
    "retrieve_proposal_title": retrieve_proposal_title,
}
