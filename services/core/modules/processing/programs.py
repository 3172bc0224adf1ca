"""Runs of processing programs: their status, files and messages."""

import re
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, case, func, insert, literal, select

from services.core.models import AutoProcIntegration
from services.core.modules.processing import phasings, processing_jobs
from services.core.schemas.processing.programs import (
    AttachmentSchema,
    AutoProcProgramSchema,
    MessageSchema,
    ProgramAttachmentSchema,
)
from shared import access_processing, processing_rules, read, row_checks
from shared.access import everything
from shared.db import db, save
from shared.errors import BadInput, Conflict
from shared.identity import Identity
from shared.models import (
    AutoProcProgram,
    AutoProcProgramAttachment,
    AutoProcProgramMessage,
    ProcessingPipeline,
)
from shared.statements import cache_statements

visible = access_processing.programs
PIPELINES = {
    "fast_dp": "Fast DP",
    "xia2.multiplex": "xia2/Multiplex",
    "xia2 dials": "xia2/DIALS",
    "xia2 3dii": "xia2/3dii",
    "fast_ep": "Fast EP",
    "big_ep/xds": "Big EP/XDS",
    "big_ep/dials": "Big EP/DIALS",
    "xia2 dials (multi)": "xia2/DIALS (multi)",
    "xia2 3dii (multi)": "xia2/3dii (multi)",
}  # the official name of a pipeline that calls itself otherwise
VERSION = re.compile(r"\s(\(|v?\d+(\.\S*)?(\s|$)).*", re.DOTALL)  # with all that follows
START, END = "processingStartTime", "processingEndTime"
STATUS = "processingStatus"


def list_(identity: Identity, query: dict) -> dict:
    """One page of the visible programs."""
    query, rule = processing_rules.resolve(identity, AutoProcProgramSchema, query)
    return read.page(AutoProcProgramSchema, rule, query)


def get(identity: Identity, program_id: int, fields=()) -> dict:
    """One visible program."""
    rule = visible(identity)
    return read.one(AutoProcProgramSchema, rule, fields, autoProcProgramId=program_id)


def create(identity: Identity, data: dict) -> dict:
    """Register a program for a visible job or data collection.

    A caller who sees all sessions may register one for neither.
    """
    data, collection_id = _prepare(data), data.get("dataCollectionId")
    check_references(identity, data)
    if collection_id is not None:
        processing_jobs.check_collections(identity, {collection_id})
    elif data.get("processingJobId") is None and not visible(identity).unrestricted:
        reason = "is needed, or a dataCollectionId: without both the program is visible to nobody"
        raise BadInput("invalid input", {"processingJobId": [reason]})
    if data.get(STATUS) is not None and data.get(END) is None:
        data[END] = now()
    warnings = data.pop("warnings", [])
    data.pop("dataCollectionId", None)
    program_id = save(AutoProcProgram(), {**data, "recordTimeStamp": now()}).autoProcProgramId
    if collection_id is not None:
        link = {"dataCollectionId": collection_id, "autoProcProgramId": program_id}
        statement = insert(AutoProcIntegration.__table__)
        db.session.connection().execute(statement, {**link, "recordTimeStamp": now()})
    return {**_read(identity, program_id), "applied": True, "warnings": warnings}


def update(identity: Identity, program_id: int, data: dict, force: bool = False) -> dict:
    """Change a program that waits or runs. A final status stays, unless by ``force``.

    An update of a program that ended is ignored, and ``warnings`` names its new values; Conflict
    if it turns success into failure, or failure into success. An update without a status that is
    older than the last one is ignored too. The start is set once, and null keeps the stored value;
    by force, null clears.
    """
    program = row_checks.lock_visible(identity, AutoProcProgram, program_id)
    data = _prepare(data)
    check_references(identity, data)
    warnings = data.pop("warnings", [])
    values = {name: value for name, value in data.items() if value is not None}
    if force:
        changes = data
    elif program.processingStatus is None:
        changes = _merge(program, values)
    else:
        check_status(program, values)
        changes = {}
        warnings = [*warnings, *_list_ignored(program, values)]
    if changes:
        runs = phasings.list_runs(program_id)
        save(program, changes)
        phasings.copy_program(runs, program)
    return {**_read(identity, program_id), "applied": bool(changes), "warnings": warnings}


def _merge(program: AutoProcProgram, values: dict) -> dict:
    """The changes by ``values`` of a program that waits or runs; none if they are older."""
    moment, last = values.get(END, now()), program.processingEndTime
    if STATUS not in values and last is not None and moment < last:
        return {}
    start = program.processingStartTime or values.get(START, moment)
    return {**values, START: start, END: moment}


def _list_ignored(program: AutoProcProgram, values: dict) -> list[str]:
    """A warning for each new value for a program that ended; the start is set once anyway."""
    names = [n for n, value in values.items() if n != START and getattr(program, n) != value]
    return [f"{name}: not stored, {_describe_end(program)}" for name in names]


def check_status(program: AutoProcProgram, values: dict) -> None:
    """Raise Conflict if a program ended with another status than that of ``values``."""
    stored = program.processingStatus
    if stored is not None and values.get(STATUS, stored) != stored:
        raise Conflict(_describe_end(program))


def _describe_end(program: AutoProcProgram) -> str:
    status = program.processingStatus
    return f"the program ended with {'success' if status else 'failure'} ({status})"


def _prepare(data: dict) -> dict:
    """``data`` with the key of its pipeline, and times to the second, as they are stored."""
    data, name = split_pipeline(data)
    if name:
        key = db.session.scalar(select_pipeline(), get_pipeline_names(name))
        data |= {} if key is None else {"processingPipelineId": key}
    return data


def split_pipeline(data: dict) -> tuple[dict, str]:
    """``data`` with times to the second, and the name by which its pipeline is searched.

    The name is empty if ``data`` has the key of the pipeline, or no name.
    """
    data = dict(data)
    for column in (START, END):
        if data.get(column) is not None:
            data[column] = data[column].replace(microsecond=0)
    name = data.pop("pipelineName", None) or data.get("processingPrograms") or ""
    if data.get("processingPipelineId") is not None:
        return data, ""
    return data, name


def get_pipeline_names(name: str) -> dict[str, str]:
    """The values for ``select_pipeline``: the whole name, and the words before a version."""
    names = name.lower(), VERSION.sub("", name.lower()).strip()
    whole, stem = (PIPELINES.get(each, each).lower() for each in names)
    return {"whole_name": whole, "stem": stem}


@cache_statements(1)
def select_pipeline() -> Select:
    """One row: the key and name of the pipeline of a name in any case, or nulls.

    A pipeline of the whole name comes before one of the words in front of a version or bracket.
    """
    whole, stem = bindparam("whole_name"), bindparam("stem")
    stored, key = func.lower(ProcessingPipeline.name), ProcessingPipeline.processingPipelineId
    one = select(literal(1).label("one")).subquery()
    statement = select(key, ProcessingPipeline.name).select_from(one)
    statement = statement.outerjoin(ProcessingPipeline, stored.in_([whole, stem]))
    return statement.order_by(case((stored == whole, 0), else_=1), key).limit(1)


def check_visible(identity: Identity, program_id: int | None) -> None:
    """Raise NotYet unless the program of a row, if it names one, is there for the caller."""
    program = {"autoProcProgramId": program_id}
    row_checks.check_parents(identity, AutoProcProgramAttachment, program)


def check_references(identity: Identity, data: dict) -> None:
    """Raise NotYet unless the job and the parent that ``data`` names are there for the caller."""
    keys = {name: data.get(name) for name in ("processingJobId", "parentAutoProcProgramId")}
    row_checks.check_parents(identity, AutoProcProgram, keys)


def list_attachments(identity: Identity, query: dict) -> dict:
    """One page of the attachments of visible programs, latest first."""
    query, rule = processing_rules.resolve(identity, ProgramAttachmentSchema, query)
    return read.page(ProgramAttachmentSchema, rule, query)


def get_attachment(identity: Identity, attachment_id: int, fields=()) -> dict:
    """One attachment of a visible program."""
    rule = visible(identity, AutoProcProgramAttachment.autoProcProgramId)
    key = {"autoProcProgramAttachmentId": attachment_id}
    return read.one(ProgramAttachmentSchema, rule, fields, **key)


def list_own_attachments(identity: Identity, program_id: int, query: dict) -> dict:
    """One page of the attachments of one visible program, latest first."""
    get(identity, program_id, ("autoProcProgramId",))
    return read.page(AttachmentSchema, everything(identity), {**query, "parent": program_id})


def list_messages(identity: Identity, program_id: int, query: dict) -> dict:
    """One page of the messages of a visible program, oldest first."""
    get(identity, program_id, ("autoProcProgramId",))
    return read.page(MessageSchema, everything(identity), {**query, "parent": program_id})


def put_attachment(identity: Identity, program_id: int, data: dict) -> tuple[dict, bool]:
    """Add a file to a visible program, or change the one of that path and name.

    Also True if it is new. A program with a final status takes files too.
    """
    row_checks.lock_visible(identity, AutoProcProgram, program_id)
    return _put_attachment(program_id, data)


def put_named_attachment(identity: Identity, data: dict) -> tuple[dict, bool]:
    """The same for the program that ``data`` refers to; NotYet if it is hidden or absent."""
    lock(AutoProcProgram.autoProcProgramId, data["autoProcProgramId"])
    check_visible(identity, data["autoProcProgramId"])
    return _put_attachment(data["autoProcProgramId"], data)


def create_message(identity: Identity, program_id: int, data: dict) -> dict:
    """Add a message to a visible program, also to one with a final status."""
    get(identity, program_id, ("autoProcProgramId",))
    data = {**data, "autoProcProgramId": program_id}
    warnings = data.pop("warnings", [])
    key = save(AutoProcProgramMessage(), data).autoProcProgramMessageId
    message = read.one(MessageSchema, everything(identity), autoProcProgramMessageId=key)
    return {**message, "warnings": warnings}


def now() -> datetime:
    """The present to the second, as the tables keep it."""
    return datetime.now().replace(microsecond=0)


def lock(key: Any, value: int) -> None:
    """Lock the row with that key, if it is there, until the end of the transaction."""
    db.session.connection().execute(select(key).where(key == value).with_for_update())


def _put_attachment(program_id: int, data: dict) -> tuple[dict, bool]:
    """Write a file of a program, whose row is locked: of two requests the second waits there."""
    model = AutoProcProgramAttachment
    statement = select(model).where(model.autoProcProgramId == program_id)
    statement = statement.filter_by(filePath=data["filePath"], fileName=data["fileName"]).limit(1)
    stored = db.session.scalars(statement).first()
    row = stored or model(autoProcProgramId=program_id, recordTimeStamp=now())
    save(row, data)
    db.session.refresh(row)
    return {**ProgramAttachmentSchema().dump(row), "warnings": []}, stored is None


def _read(identity: Identity, program_id: int) -> dict:
    """A program that was written, as a GET shows it."""
    return read.one(AutoProcProgramSchema, everything(identity), autoProcProgramId=program_id)
