"""Commands about programs: their status, files and messages, and the jobs they are run for."""

from typing import Any

from marshmallow import ValidationError

from services.core.modules.people.proposals import proposals
from services.core.modules.processing import processing_jobs, programs
from services.core.modules.zocalo.command_parameters import (
    CommandParameters,
    collection,
    loaded,
    program,
    scaling,
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


def register_processing(identity: Identity, said: CommandParameters) -> int:
    """Register a program for a job or a data collection, or after the one of a scaling."""
    identity.need(WRITER)
    environment = said.get("environment")
    if isinstance(environment, dict):
        said.setdefault("scalingid", environment.get("scaling_id"))
        said["environment"] = ", ".join(f"{name}={value}" for name, value in environment.items())
    scalings = said.get("scalingid")
    if isinstance(scalings, list):
        said["scalingid"] = scalings[0] if scalings else None
    if source := said.text("upstream_source"):
        said["pipeline"] = f"{said.text('program')}/{source}"
    data = loaded(
        AutoProcProgramSchema(exclude=("parentAutoProcProgramId", "processingStatus")),
        said,
        program="processingPrograms",
        cmdline="processingCommandLine",
        environment="processingEnvironment",
        rpid="processingJobId",
        dcid="dataCollectionId",
    )
    if (key := said.key("scaling_id")) is not None:
        data["parentAutoProcProgramId"] = scaling(identity, key).autoProcProgramId
    return programs.create(identity, data)["autoProcProgramId"]


def update_processing_status(identity: Identity, said: CommandParameters) -> int:
    """Note how a program fares, by the rules of its status."""
    identity.need(WRITER)
    key = program(identity, said)
    names = ("Status", "Message", "StartTime", "EndTime")
    schema = AutoProcProgramUpdateSchema(partial=True, only=[f"processing{n}" for n in names])
    data = loaded(
        schema,
        said,
        status="processingStatus",
        message="processingMessage",
        statusmessage="processingMessage",
        starttime="processingStartTime",
        updatetime="processingEndTime",
    )
    return programs.update(identity, key, data)["autoProcProgramId"]


def update_program_name(identity: Identity, said: CommandParameters) -> int:
    """Give a program another label, whatever its status."""
    identity.need(WRITER)
    key = program(identity, said)
    schema = AutoProcProgramUpdateSchema(partial=True, only=["processingPrograms"])
    data = loaded(schema, said, program="processingPrograms")
    return programs.update(identity, key, data, force=True)["autoProcProgramId"]


def add_program_attachment(identity: Identity, said: CommandParameters) -> int:
    """Add a file to a program; nobody looks whether it is there."""
    identity.need(WRITER)
    key, kind = program(identity, said), said.text("file_type").lower()
    said["filetype"] = kind if kind in PROGRAM_FILES else PROGRAM_FILES[0]
    shown, _ = programs.put_attachment(identity, key, loaded(AttachmentSchema(), said))
    return shown["autoProcProgramAttachmentId"]


def add_program_message(identity: Identity, said: CommandParameters) -> int:
    """Add a message to a program."""
    identity.need(WRITER)
    key = program(identity, said)
    message = programs.create_message(identity, key, loaded(MessageSchema(), said))
    return message["autoProcProgramMessageId"]


def add_datacollection_attachment(identity: Identity, said: CommandParameters) -> int:
    """Add a file to a data collection; the same file again is the same row."""
    identity.need(WRITER)
    programs.lock(DataCollection.dataCollectionId, said.needed("dcid"))
    key, kind = collection(identity, said), said.text("file_type").lower()
    path = f"{said.text('file_path').rstrip('/')}/{said.text('file_name')}"
    if not said.text("file_name") or len(path) > LONGEST_PATH:
        raise BadInput("invalid input", {"file_name": [f"Not a path of 1 to {LONGEST_PATH}."]})
    file = DataCollectionFileAttachment
    of = {"dataCollectionId": key, "fileFullPath": path}
    stored = db.session.scalars(db.select(file).filter_by(**of).limit(1)).first()
    kind = kind if kind in COLLECTION_FILES else "log"
    return save(stored or file(**of), {"fileType": kind}).dataCollectionFileAttachmentId


def create_ispyb_job(identity: Identity, said: CommandParameters) -> int:
    """Ask for data to be processed."""
    identity.need(WRITER)
    document: dict[str, Any] = {
        "dataCollectionId": said.key("DCID"),
        "recipe": said.get("recipe"),
        "displayName": said.get("displayname"),
        "comments": said.get("comment"),
        "automatic": said.get("source") == "automatic",
        "parameters": [
            loaded(JobParameterSchema(), CommandParameters(each), **PARAMETER)
            for each in said.parts("parameters")
        ],
        "sweeps": [
            loaded(JobSweepSchema(), CommandParameters(each), **SWEEP)
            for each in said.parts("sweeps")
        ],
    }
    try:
        data = ProcessingJobSchema().load(document)
    except ValidationError as error:
        raise BadInput("invalid input", error.normalized_messages()) from error
    said.warnings += data.pop("warnings", [])
    return processing_jobs.create(identity, data)["processingJobId"]


def retrieve_programs_for_job_id(identity: Identity, said: CommandParameters) -> list[dict]:
    """The programs of a job, latest first."""
    return programs.list_(identity, {**PAGE, "processingJobId": said.needed("rpid")})["results"]


def retrieve_program_attachments(identity: Identity, said: CommandParameters) -> list[dict]:
    """The files of a program, latest first."""
    query = {**PAGE, "autoProcProgramId": program(identity, said)}
    return programs.list_attachments(identity, query)["results"]


def retrieve_proposal_title(identity: Identity, said: CommandParameters) -> str | None:
    """The title of the proposal of a visit."""
    visit, _, _ = said.text("visit").partition("-")
    name = visit or f"{said.text('proposalcode')}{said.text('proposalnumber')}"
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
