"""Whole results of processing: one document, one transaction, the same answer for a repeat."""

from typing import Any

from services.core.models import MXMRRun, Screening
from services.core.modules.processing import phasings, programs, result_parents
from services.core.modules.processing.programs import START
from services.core.modules.processing.result_rows import (
    as_read,
    check_links,
    delete_by,
    delete_runs,
    fill_columns,
    write_files,
    write_results,
    write_runs,
)
from services.core.modules.processing.screenings import screenings
from services.core.schemas.processing.programs import PipelineSchema, ProgramJobSchema
from services.core.schemas.processing.results import (
    MRRunSchema,
    ResultProgramSchema,
    ResultScreeningSchema,
    StoredAutoProcSchema,
    StoredProgramSchema,
)
from services.core.schemas.processing.screenings import PARENTS
from shared import access, read, row_checks, visibility
from shared.access import everything
from shared.db import db, save
from shared.errors import BadInput, Conflict, NotFound, NotYet
from shared.identity import Identity
from shared.inserts import insert
from shared.models import AutoProcProgram, ProcessingJob, ProcessingPipeline
from shared.sample_names import NamedSampleSchema

KEY, PIPELINE = "autoProcProgramId", "processingPipelineId"


def get(identity: Identity, program_id: int) -> dict:
    """The whole result of a visible program, without the rows that are hidden from the caller."""
    key = {KEY: program_id}
    program = read.one(StoredProgramSchema, programs.visible(identity), **key)
    parts = {name: program.pop(name) for name in ("attachments", "messages")}
    results = read.some(StoredAutoProcSchema, everything(identity), **key)
    for scaling in (scaling for result in results for scaling in result["scalings"]):
        integrations = (link["AutoProcIntegration"] for link in scaling.pop("links"))
        scaling["integrations"] = [each for each in integrations if each]
    parts["mxmrRuns"] = read.some(MRRunSchema, visibility.rule(identity, MXMRRun), **key)
    parts["phasing"] = phasings.get(identity, program_id)
    parts["screenings"] = _list_screenings(identity, program_id)
    return _build_answer(identity, program, parts, results)


def _list_screenings(identity: Identity, program_id: int) -> list[dict]:
    """The screenings of a program that the caller sees."""
    rule = visibility.rule(identity, Screening)
    return read.some(ResultScreeningSchema, rule, autoProcProgramId=program_id)


def put(identity: Identity, data: dict, query: dict) -> tuple[dict, bool]:
    """Store a result; also True if its program is new.

    It replaces the result of the program with the same key, or else with the same name, start,
    and job or data collection.
    """
    values = dict(data["program"])
    program = None
    if (key := values.pop(KEY, None)) is not None:
        try:
            program = row_checks.lock_visible(identity, AutoProcProgram, key)
        except NotFound:
            reasons = {f"program.{KEY}": ["no such AutoProcProgram"]}
            raise NotYet("a referenced row is not there yet", reasons) from None
    return _store(identity, program, {**data, "program": values}, query)


def replace(identity: Identity, program_id: int, data: dict, query: dict) -> dict:
    """Store a result in place of the one of a visible program."""
    program = row_checks.lock_visible(identity, AutoProcProgram, program_id)
    values = dict(data["program"])
    if values.pop(KEY, None) not in (None, program_id):
        raise BadInput("invalid input", {f"program.{KEY}": ["is not that of the path"]})
    return _store(identity, program, {**data, "program": values}, query)[0]


def _store(
    identity: Identity, program: AutoProcProgram | None, data: dict, query: dict
) -> tuple[dict, bool]:
    """Store a result over that of the locked ``program``, of its repeat, or as a new one."""
    values, pipeline_name = programs.split_pipeline(data["program"])
    default = query.get("dataCollectionId") or data.get("dataCollectionId")
    collection_id = _lock_parents(identity, program, {**data, "program": values}, default)
    pipeline, repeat = result_parents.find_pipeline_and_repeat(
        identity, pipeline_name, {} if program else values, collection_id
    )
    if pipeline is not None:
        values[PIPELINE] = pipeline[PIPELINE]
    if repeat is not None:
        program = row_checks.lock_visible(identity, AutoProcProgram, repeat)
    is_new = program is None
    program = program or AutoProcProgram()
    _write_program(identity, program, values, data, query, is_new)
    answer = {
        **_write_parts(identity, program, data, collection_id, is_new),
        "program": _describe(program, pipeline),
    }
    if "screenings" in data:
        _replace_screenings(identity, program, data["screenings"], collection_id)
    if "screenings" in data or not is_new:
        answer["screenings"] = _list_screenings(identity, program.autoProcProgramId)
    return {**answer, "warnings": data["warnings"]}, is_new


def _lock_parents(
    identity: Identity, program: AutoProcProgram | None, data: dict, default: int | None
) -> int | None:
    """Lock the job and the data collections of a document; return the key of the first of these.

    ``default`` is the data collection of integrations that name none, and of a program without
    any. It may be missing if the job, the stored ``program`` or a scaling has one.
    """
    values, program_id = data["program"], program.autoProcProgramId if program else None
    job_id = values.get("processingJobId")
    result_parents.lock_job(job_id)
    programs.check_references(identity, values)
    integrations = result_parents.integrations_by_place(result_parents.list_results(data))
    if default is None and not (
        integrations and all(map(result_parents.has_collection, integrations.values()))
    ):
        stored_job = program.processingJobId if program else None
        default = result_parents.find_collection(job_id or stored_job, program_id)
    keys = result_parents.set_collections(identity, integrations, default)
    result_parents.set_parent_program(identity, data, values, program_id)
    if not keys and default is None:
        default = result_parents.find_collection_of_scaling(data)
    if locked := [key for key in (*keys, default) if key is not None]:
        result_parents.lock_collections(identity, {*locked})
    elif program is None and job_id is None:
        reason = "is needed where no integration and no job names one"
        raise BadInput("invalid input", {"dataCollectionId": [reason]})
    return (*keys, default)[0]


def _write_program(
    identity: Identity,
    program: AutoProcProgram,
    values: dict,
    data: dict,
    query: dict,
    is_new: bool,
) -> None:
    """Write the row of a program, and delete the phasing that it has on visible scalings.

    Columns without a value stay, and so does a final status, unless by force.
    """
    values = {name: value for name, value in values.items() if value is not None}
    if data.get("phasing") and not program.processingStartTime:
        values.setdefault(
            START, programs.now()
        )  # the program of a phasing is identified by its start
    status = query.get("processingStatus", 1 if result_parents.list_results(data) else None)
    if program.processingStatus is None and status is not None:
        values.setdefault("processingStatus", status)
    if not query["force"]:
        programs.check_status(program, values)
    ended = values.get("processingStatus", program.processingStatus)
    if ended is not None and not program.processingEndTime:
        values.setdefault("processingEndTime", programs.now())
    if is_new:
        row = fill_columns(ResultProgramSchema, values, {"recordTimeStamp": programs.now()})
        (row[KEY],) = insert(AutoProcProgram.__table__, [row])
        for name, value in row.items():
            setattr(program, name, value)
        return
    runs = phasings.list_runs(program.autoProcProgramId)
    visible_runs = phasings.list_visible(identity, runs)
    save(program, values)
    phasings.delete(visible_runs)
    phasings.copy_program({*runs} - {*visible_runs}, program)


def _write_parts(
    identity: Identity,
    program: AutoProcProgram,
    data: dict,
    collection_id: int | None,
    is_new: bool,
) -> dict:
    """Write the rows below a program, and return the whole result.

    Rows that are hidden from the caller stay. A program of no job and no integration gets one on
    the data collection: others see the program by it.
    """
    program_id, created = program.autoProcProgramId, {"recordTimeStamp": programs.now()}
    above = {**created, KEY: program_id}
    parts = write_files(above, data.get("attachments", []), data.get("messages", []), is_new)
    if not is_new:
        check_links(identity, program_id)
        delete_runs(identity, program_id)
    linked = collection_id if program.processingJobId is None else None
    results = result_parents.list_results(data)
    scaling_ids, results = write_results(above, results, linked, is_new)
    scaling = {"autoProcScalingId": scaling_ids[0]} if scaling_ids else {}
    if runs := data.get("mxmrRuns"):
        write_runs(program_id, [{**scaling, **run} for run in runs])
        rule = visibility.rule(identity, MXMRRun)
        parts["mxmrRuns"] = read.some(MRRunSchema, rule, autoProcProgramId=program_id)
    if phasing := data.get("phasing"):
        if phasings.list_runs(program_id):
            raise Conflict("another program of this name and start did a phasing of this scaling")
        phasings.create(phasings.copy_of(program), {**scaling, **phasing}, created)
        parts["phasing"] = phasings.get(identity, program_id)
    return _build_answer(identity, vars(program), parts, results)


def _describe(program: Any, pipeline: dict | None) -> dict:
    """A written program as a GET shows it; ``pipeline`` is the one that was found by its name."""
    (row,) = as_read(ResultProgramSchema, [program.autoProcProgramId], [vars(program)])
    job = row["processingJobId"] and db.session.get(ProcessingJob, row["processingJobId"])
    if row[PIPELINE] is not None and pipeline is None:
        pipeline = PipelineSchema().dump(db.session.get(ProcessingPipeline, row[PIPELINE]))
    return {
        **row,
        "ProcessingJob": ProgramJobSchema().dump(job) if job else None,
        "ProcessingPipeline": pipeline,
    }


def _replace_screenings(
    identity: Identity, program: AutoProcProgram, documents: list[dict], collection_id: int | None
) -> None:
    """Write the screenings of a program in place of those that the caller sees.

    A screening without a parent gets the data collection.
    """
    program_id = program.autoProcProgramId
    stored = _list_screenings(identity, program_id)
    delete_by(Screening.screeningId, [each["screeningId"] for each in stored])
    for number, document in enumerate(documents):
        document = {**document, KEY: program_id}
        if all(document.get(name) is None for name in PARENTS):
            document["dataCollectionId"] = collection_id
        try:
            screenings.create(identity, document)
        except (BadInput, NotYet) as error:
            reasons = {f"screenings.{number}.{n}": why for n, why in (error.errors or {}).items()}
            raise type(error)(str(error), reasons) from error


def _build_answer(identity: Identity, program: dict, parts: dict, results: list[dict]) -> dict:
    """The result of a program in the shape of ResultSchema; ``parts`` are those there are."""
    integrations = result_parents.integrations_by_place(results).values()
    keys = [each["dataCollectionId"] for each in integrations]
    if not keys:
        keys = [result_parents.find_collection(program["processingJobId"], program[KEY])]
    samples = {"collections": [key for key in keys if key is not None]}
    return {
        "dataCollectionId": keys[0],
        "program": program,
        "autoProc": results[0] if results else None,
        "furtherAutoProcs": results[1:],
        "mxmrRuns": [],
        "phasing": None,
        "screenings": [],
        "BLSample": read.some(NamedSampleSchema, access.samples(identity), **samples),
        "warnings": [],
        **parts,
    }
