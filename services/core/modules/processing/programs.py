"""Runs of processing programs: their status, files and messages."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select

from services.core.models import AutoProcIntegration
from services.core.modules.processing import phasings, processing_jobs
from services.core.schemas.processing.programs import (
    AutoProcProgramSchema,
    MessageSchema,
    ProgramAttachmentSchema,
)
from shared import access_processing, read, row_checks
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
TIMES = ("processingStartTime", "processingEndTime")


def find(identity: Identity, query: dict) -> dict:
    """List visible programs, latest first."""
    return read.page(AutoProcProgramSchema, visible(identity), query)


def get(identity: Identity, program_id: int, fields=()) -> dict:
    """Return one visible program."""
    rule = visible(identity)
    return read.one(AutoProcProgramSchema, rule, fields, autoProcProgramId=program_id)


def add(identity: Identity, data: dict) -> dict:
    """Register a program for a visible job or data collection.

    Who sees all may register one for neither.
    """
    data, collection_id = prepared(data), data.get("dataCollectionId")
    check_references(identity, data)
    if collection_id is not None:
        processing_jobs.check_collections(identity, {collection_id})
    elif data.get("processingJobId") is None and not visible(identity).unrestricted:
        reason = "is needed, or a dataCollectionId: else the program is not to be seen"
        raise BadInput("invalid input", {"processingJobId": [reason]})
    if data.get("processingStatus") is not None and data.get("processingEndTime") is None:
        data["processingEndTime"] = now()
    warnings = data.pop("warnings", [])
    data.pop("dataCollectionId", None)
    program_id = save(AutoProcProgram(), {**data, "recordTimeStamp": now()}).autoProcProgramId
    if collection_id is not None:
        link = {"dataCollectionId": collection_id, "autoProcProgramId": program_id}
        stmt = insert(AutoProcIntegration.__table__)
        db.session.connection().execute(stmt, {**link, "recordTimeStamp": now()})
    return {**_shown(identity, program_id), "applied": True, "warnings": warnings}


def change(identity: Identity, program_id: int, data: dict, force: bool = False) -> dict:
    """Note what a running program says. A final status stays, unless by ``force``.

    Without a status, what is older than the last sign of life is ignored. The start is set once,
    and null keeps what is stored; by force, null clears.
    """
    program = row_checks.lock_visible(identity, AutoProcProgram, program_id)
    data = prepared(data)
    check_references(identity, data)
    warnings = data.pop("warnings", [])
    changes = data if force else _update(program, data)
    if changes:
        runs = phasings.runs(program_id)
        save(program, changes)
        phasings.follow(runs, {name: getattr(program, name) for name in phasings.SOURCES})
    return {**_shown(identity, program_id), "applied": bool(changes), "warnings": warnings}


def _update(program: AutoProcProgram, data: dict) -> dict:
    """What ``data`` changes of a stored program by the rules of its status; perhaps nothing."""
    said = {name: value for name, value in data.items() if value is not None}
    if program.processingStatus is not None:
        if said.get("processingStatus") is None or _differs(program, said):
            word = "success" if program.processingStatus else "failure"
            raise Conflict(f"the program ended with {word} ({program.processingStatus})")
        return {}
    moment, last = said.get("processingEndTime", now()), program.processingEndTime
    if "processingStatus" not in said and last is not None and moment < last:
        return {}
    start = program.processingStartTime or said.get("processingStartTime", moment)
    return {**said, "processingStartTime": start, "processingEndTime": moment}


def _differs(program: AutoProcProgram, said: dict) -> bool:
    """Whether a final update says something new; the start, set once, is not asked."""
    asked = {name: value for name, value in said.items() if name != "processingStartTime"}
    return any(getattr(program, name) != value for name, value in asked.items())


def prepared(data: dict) -> dict:
    """``data`` with the key of its pipeline, and times to the second, as they are stored."""
    data = dict(data)
    for name in TIMES:
        if data.get(name) is not None:
            data[name] = data[name].replace(microsecond=0)
    named = data.pop("pipelineName", None) or data.get("processingPrograms")
    if named and data.get("processingPipelineId") is None:
        if found := pipeline(named):
            data["processingPipelineId"] = found
    return data


def pipeline(name: str) -> int | None:
    """The key of the pipeline of that name, be it the official one or what it calls itself."""
    official = PIPELINES.get(name.lower(), name)
    key = ProcessingPipeline.processingPipelineId
    wanted = select(key).where(func.lower(ProcessingPipeline.name) == official.lower())
    return db.session.scalar(wanted.order_by(key).limit(1))


def check(identity: Identity, program_id: int | None) -> None:
    """Raise NotYet unless the program that a row names, if it does, is there for the caller."""
    program = {"autoProcProgramId": program_id}
    row_checks.check_parents(identity, AutoProcProgramAttachment, program)


def check_references(identity: Identity, data: dict) -> None:
    """Raise NotYet unless the job and the parent that ``data`` names are there for the caller."""
    named = {name: data.get(name) for name in ("processingJobId", "parentAutoProcProgramId")}
    row_checks.check_parents(identity, AutoProcProgram, named)


def find_attachments(identity: Identity, query: dict) -> dict:
    """List the attachments of visible programs, latest first."""
    rule = visible(identity, AutoProcProgramAttachment.autoProcProgramId)
    return read.page(ProgramAttachmentSchema, rule, query)


def find_messages(identity: Identity, program_id: int, query: dict) -> dict:
    """List what a visible program had to say, in its order."""
    get(identity, program_id, ("autoProcProgramId",))
    return read.page(MessageSchema, everything(identity), {**query, "program": program_id})


def attach(identity: Identity, program_id: int, data: dict) -> tuple[dict, bool]:
    """Add a file to a visible program, or change the one of that path and name.

    Also True if it is new. The status of the program does not count.
    """
    row_checks.lock_visible(identity, AutoProcProgram, program_id)
    return _attached(program_id, data)


def attach_named(identity: Identity, data: dict) -> tuple[dict, bool]:
    """As ``attach``, for the program that ``data`` refers to: it may still come."""
    hold(AutoProcProgram.autoProcProgramId, data["autoProcProgramId"])
    check(identity, data["autoProcProgramId"])
    return _attached(data["autoProcProgramId"], data)


def say(identity: Identity, program_id: int, data: dict) -> dict:
    """Add a message to a visible program, whatever its status."""
    get(identity, program_id, ("autoProcProgramId",))
    data = {**data, "autoProcProgramId": program_id}
    warnings = data.pop("warnings", [])
    key = save(AutoProcProgramMessage(), data).autoProcProgramMessageId
    shown = read.one(MessageSchema, everything(identity), autoProcProgramMessageId=key)
    return {**shown, "warnings": warnings}


def now() -> datetime:
    """The present as the tables keep it."""
    return datetime.now().replace(microsecond=0)


def hold(key: Any, value: int) -> None:
    """Lock the row with that key, if it is there, until the end of the transaction."""
    db.session.connection().execute(select(key).where(key == value).with_for_update())


def _attached(program_id: int, data: dict) -> tuple[dict, bool]:
    """The program is held: two that come at once wait for each other there."""
    file = AutoProcProgramAttachment
    same = (file.filePath == data["filePath"], file.fileName == data["fileName"])
    wanted = select(file).where(file.autoProcProgramId == program_id, *same).limit(1)
    stored = db.session.scalars(wanted).first()
    row = stored or file(autoProcProgramId=program_id, recordTimeStamp=now())
    save(row, data)
    db.session.refresh(row)
    return {**ProgramAttachmentSchema().dump(row), "warnings": []}, stored is None


def _shown(identity: Identity, program_id: int) -> dict:
    return read.one(AutoProcProgramSchema, everything(identity), autoProcProgramId=program_id)
