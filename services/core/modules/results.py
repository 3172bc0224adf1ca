"""Whole results of processing: one document, one transaction, the same answer for a repeat."""

import re
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update

from services.core.models import (
    AutoProc,
    AutoProcIntegration,
    AutoProcScaling,
    AutoProcScalingHasInt,
    PhasingHasScaling,
    PhasingProgramRun,
    PhasingStep,
)
from services.core.modules import processing_jobs, programs
from services.core.modules.result_rows import (
    drop_phasing,
    insert,
    write_files,
    write_phasing,
    write_results,
    write_runs,
)
from services.core.schemas.results import (
    MRRunSchema,
    PhasingAttachmentSchema,
    PhasingStepSchema,
    ResultProgramSchema,
    StoredAutoProcSchema,
    StoredProgramSchema,
)
from shared import access, read
from shared.access import EVERYTHING, Rule
from shared.db import db
from shared.errors import BadInput, Conflict, NotYet
from shared.identity import Identity
from shared.models import AutoProcProgram, DataCollection, ProcessingJob

CANDIDATES = 1000  # data collections in the folder of an image
WORDS = {1: "success", 0: "failure"}


def get(identity: Identity, program_id: int) -> dict:
    """Return the whole result of a visible program."""
    of = {"autoProcProgramId": program_id}
    program = read.one(StoredProgramSchema, programs.visible(identity), **of)
    parts = {name: program.pop(name) for name in ("attachments", "messages")}
    results = read.some(StoredAutoProcSchema, EVERYTHING, **of)
    for scaling in (scaling for result in results for scaling in result["scalings"]):
        links = scaling.pop("links")
        scaling["integrations"] = [link["AutoProcIntegration"] for link in links]
    return _tree(program, parts, results)


def add(identity: Identity, data: dict, query: dict) -> tuple[dict, bool]:
    """Store a result; also True if its program is new.

    A program that is known by its key, or by what it processed, its name and its start, is
    replaced.
    """
    data = {**data, "program": dict(data["program"])}
    known = data["program"].pop("autoProcProgramId", None)
    if known is not None:
        key = AutoProcProgram.autoProcProgramId
        _check("program.autoProcProgramId", key, {known}, programs.visible(identity))
    return _store(identity, known, data, query)


def replace(identity: Identity, program_id: int, data: dict, query: dict) -> dict:
    """Store a result in place of what a visible program has."""
    programs.get(identity, program_id, ("autoProcProgramId",))
    named = data["program"].get("autoProcProgramId")
    if named not in (None, program_id):
        raise BadInput("invalid input", {"program.autoProcProgramId": ["is not that of the path"]})
    program = {name: v for name, v in data["program"].items() if name != "autoProcProgramId"}
    return _store(identity, program_id, {**data, "program": program}, query)[0]


def _store(identity: Identity, known: int | None, data: dict, query: dict) -> tuple[dict, bool]:
    """Nothing is looked at before the lock: two that bring the same wait for each other."""
    given = query.get("dataCollectionId") or data.get("dataCollectionId")
    results = [each for each in (data.get("autoProc"), *data.get("furtherAutoProcs", ())) if each]
    integrations = _integrations(results)
    job_id = data["program"].get("processingJobId")
    direct = [each["dataCollectionId"] for each in integrations.values() if _names(each)]
    locked = _lock(known, job_id, {*direct, given} - {None})
    program = programs.prepared(data["program"])
    programs.check_references(identity, program)
    stored = _program(known)
    fallback = given or _collection_of(job_id or stored.get("processingJobId"), known)
    _place(identity, integrations, fallback)
    named = [each["dataCollectionId"] for each in integrations.values()]
    _use_scalings(identity, data, program, bool(results))
    if not named and fallback is None:
        fallback = _collection_under(data)
    if wanted := {*named, fallback} - {None}:
        if access.collections(identity).condition is not EVERYTHING.condition or wanted - locked:
            processing_jobs.check_collections(identity, wanted)
    elif known is None and job_id is None:
        reason = "is needed where no integration and no job names one"
        raise BadInput("invalid input", {"dataCollectionId": [reason]})
    if known is None:
        known = _repeated(identity, program, job_id, (*named, fallback)[0])
        stored = _program(known)
    status = query.get("processingStatus", 1 if results else None)
    program_id = _put_program(program, stored, status, query["force"])
    linked = None if program.get("processingJobId") or stored.get("processingJobId") else fallback
    parts = _put_parts(program_id, data, results, linked, not stored)
    shown = read.one(ResultProgramSchema, EVERYTHING, autoProcProgramId=program_id)
    return {**_tree(shown, *parts), "warnings": data["warnings"]}, not stored


def _put_program(program: dict, stored: dict, status: int | None, force: bool) -> int:
    """Write the row of the program: what is not said stays. A final status stays."""
    program = {name: value for name, value in program.items() if value is not None}
    final = stored.get("processingStatus")
    if "processingStatus" not in program and final is None and status is not None:
        program["processingStatus"] = status
    said = program.get("processingStatus", final)
    if final is not None and said != final and not force:
        raise Conflict(f"the program ended with {WORDS[final]} ({final})")
    if said is not None and not stored.get("processingEndTime"):
        program.setdefault("processingEndTime", programs.now())
    if not stored:
        columns = dict.fromkeys(AutoProcProgram.__table__.c.keys())
        del columns["autoProcProgramId"]
        (key,) = insert(
            AutoProcProgram, [{**columns, **program, "recordTimeStamp": programs.now()}]
        )
        return key
    table, key = AutoProcProgram.__table__, stored["autoProcProgramId"]
    if program:
        stmt = update(table).where(table.c.autoProcProgramId == key).values(program)
        db.session.connection().execute(stmt)
    return key


def _put_parts(
    program_id: int, data: dict, results: list, linked: int | None, is_new: bool
) -> tuple[dict, list[dict], bool]:
    """Write all that hangs on the program; return it as ``_tree`` wants it."""
    when = {"recordTimeStamp": programs.now()}
    of = {**when, "autoProcProgramId": program_id}
    parts = write_files(of, data.get("attachments", []), data.get("messages", []), is_new)
    if not is_new:
        drop_phasing(_phasing_runs(_program(program_id)))
    scalings, trees = write_results(of, results, linked, is_new)
    runs, phasing = data.get("mxmrRuns", []), data.get("phasing")
    first = {"autoProcScalingId": scalings[0]} if scalings else {}
    if runs or not is_new:
        write_runs(of, [{**first, **run} for run in runs], is_new)
    if phasing:
        write_phasing(_program(program_id), {**first, **phasing}, when)
    return parts, trees, bool(runs or phasing)


def _tree(program: dict, parts: dict, results: list[dict], more: bool = True) -> dict:
    """The result of a program in the shape of ResultSchema.

    ``more`` is whether there may be runs of molecular replacement, and phasing.
    """
    program_id = program["autoProcProgramId"]
    named = [each["dataCollectionId"] for each in _integrations(results).values()]
    return {
        "dataCollectionId": (
            named[0] if named else _collection_of(program["processingJobId"], program_id)
        ),
        "program": program,
        **parts,
        "autoProc": results[0] if results else None,
        "furtherAutoProcs": results[1:],
        "mxmrRuns": (
            read.some(MRRunSchema, EVERYTHING, autoProcProgramId=program_id) if more else []
        ),
        "phasing": _phasing(program) if more else None,
        "warnings": [],
    }


def _phasing(program: dict) -> dict | None:
    """The phasing of a program, if it has one."""
    start = program["processingStartTime"]
    begun = start and datetime.fromisoformat(start)
    runs = _phasing_runs({**program, "processingStartTime": begun})
    if not runs:
        return None
    steps = read.some(PhasingStepSchema, EVERYTHING, programRunId=runs[0])
    link, step = PhasingHasScaling, PhasingStep
    wanted = select(link.phasingAnalysisId, link.autoProcScalingId, link.datasetNumber)
    wanted = wanted.join(step, step.phasingAnalysisId == link.phasingAnalysisId)
    found = _execute(wanted.where(step.programRunId == runs[0]).limit(1)).mappings().one()
    files = read.some(PhasingAttachmentSchema, EVERYTHING, phasingProgramRunId=runs[0])
    return {**found, "phasingProgramRunId": runs[0], "steps": steps, "attachments": files}


def _phasing_runs(program: dict) -> list[int]:
    """The phasings a program did, on its own scalings or those of its parent.

    The tables of phasing do not name the program: its label and its start do.
    """
    run, step = PhasingProgramRun, PhasingStep
    owners = [program["autoProcProgramId"], program["parentAutoProcProgramId"]]
    scalings = select(AutoProcScaling.autoProcScalingId).join(AutoProcScaling.autoproc)
    scalings = scalings.where(AutoProc.autoProcProgramId.in_([o for o in owners if o]))
    wanted = select(run.phasingProgramRunId).join(
        step, step.programRunId == run.phasingProgramRunId
    )
    wanted = wanted.where(
        step.autoProcScalingId.in_(scalings),
        run.phasingPrograms.is_not_distinct_from(program["processingPrograms"]),
        run.phasingStartTime.is_not_distinct_from(program["processingStartTime"]),
    )
    return list(_execute(wanted.distinct()).scalars())


def _integrations(results: list[dict]) -> dict[str, dict]:
    """The integrations of all scalings, by where they stand in the document."""
    return {
        f"{f'furtherAutoProcs.{n - 1}' if n else 'autoProc'}.scalings.{s}.integrations.{i}": one
        for n, result in enumerate(results)
        for s, scaling in enumerate(result.get("scalings", ()))
        for i, one in enumerate(scaling.get("integrations", ()))
    }


def _names(integration: dict) -> bool:
    return integration.get("dataCollectionId") is not None


def _place(identity: Identity, integrations: dict[str, dict], fallback: int | None) -> None:
    """Find the data collection of each integration that names none, or BadInput for each."""
    faults = {}
    for at, integration in integrations.items():
        image = integration.pop("Image", None)
        if _names(integration):
            continue
        matches = [fallback] if len(integrations) == 1 and fallback is not None else []
        if not matches and image:
            matches = _pictured(identity, image)
            matches = [fallback] if fallback in matches else matches
        if len(matches) == 1:
            integration["dataCollectionId"] = matches[0]
        else:
            several = "several data collections have its image" if matches else "names none"
            faults[f"{at}.dataCollectionId"] = [several]
    if faults:
        raise BadInput("invalid input", faults)


def _pictured(identity: Identity, image: dict) -> list[int]:
    """The visible data collections that have this image, by its folder and name."""
    found, folder = DataCollection, image["fileLocation"].rstrip("/")
    rule = access.collections(identity)
    wanted = select(
        found.dataCollectionId,
        found.fileTemplate,
        found.imagePrefix,
        found.dataCollectionNumber,
    ).where(found.imageDirectory.in_([folder, f"{folder}/"]), rule.condition)
    wanted = wanted.order_by(found.dataCollectionId.desc()).limit(CANDIDATES)
    return [
        key for key, *names in _execute(wanted, **rule.values) if _is_of(image["fileName"], *names)
    ]


def _is_of(name: str, template: str | None, prefix: str | None, number: int | None) -> bool:
    """Whether an image of that name fits the template, or the prefix and number of the run."""
    if template:
        pattern = re.sub(r"(?:\\#)+|%0?\d*d", r"\\d+", re.escape(template))
        if re.fullmatch(pattern, name):
            return True
    if not prefix or number is None:
        return False
    return re.fullmatch(rf"{re.escape(prefix)}_0*{number}([_.].*)?", name) is not None


def _use_scalings(identity: Identity, data: dict, program: dict, own: bool) -> None:
    """Check the scalings that runs and phasing name; their program is the parent by default."""
    users = [*data.get("mxmrRuns", ()), *filter(None, [data.get("phasing")])]
    if users and not own and any("autoProcScalingId" not in each for each in users):
        reason = "is needed, as the document has no scaling"
        raise BadInput("invalid input", {"autoProcScalingId": [reason]})
    wanted = {each["autoProcScalingId"] for each in users if "autoProcScalingId" in each}
    if not wanted:
        return
    rule = programs.visible(identity, AutoProc.autoProcProgramId)
    key = AutoProcScaling.autoProcScalingId
    stmt = select(key, AutoProc.autoProcProgramId).join(AutoProcScaling.autoproc)
    owners = dict(_execute(stmt.where(key.in_(wanted), rule.condition), **rule.values).all())
    if wanted - owners.keys():
        fault = {"autoProcScalingId": ["no such AutoProcScaling"]}
        raise NotYet("a referenced row is not there yet", fault)
    if not own and program.get("parentAutoProcProgramId") is None:
        program["parentAutoProcProgramId"] = owners[min(wanted)]


def _collection_under(data: dict) -> int | None:
    """The data collection of the scaling that the first run, or the phasing, uses."""
    users = [*data.get("mxmrRuns", ()), *filter(None, [data.get("phasing")])]
    link, of = AutoProcScalingHasInt, AutoProcIntegration
    for each in users[:1]:
        wanted = select(of.dataCollectionId).join(of.links)
        wanted = wanted.where(link.autoProcScalingId == each.get("autoProcScalingId"))
        return _execute(wanted.order_by(of.autoProcIntegrationId).limit(1)).scalar()
    return None


def _collection_of(job_id: int | None, program_id: int | None) -> int | None:
    """The main data collection of a job, else the first one that a program integrated."""
    job, integration = ProcessingJob, AutoProcIntegration
    if job_id is not None:
        wanted = select(job.dataCollectionId).where(job.processingJobId == job_id)
        return _execute(wanted).scalar()
    if program_id is None:
        return None
    wanted = select(integration.dataCollectionId)
    wanted = wanted.where(integration.autoProcProgramId == program_id)
    return _execute(wanted.order_by(integration.autoProcIntegrationId).limit(1)).scalar()


def _repeated(
    identity: Identity, program: dict, job_id: int | None, collection_id: int | None
) -> int | None:
    """The program that did the same: for the same job or data collection, at the same time."""
    found, name, start = AutoProcProgram, program.get("processingPrograms"), "processingStartTime"
    if name is None or program.get(start) is None:
        return None
    rule = programs.visible(identity)
    stmt = select(found.autoProcProgramId).where(
        found.processingPrograms == name, found.processingStartTime == program[start]
    )
    if job_id is not None:
        stmt = stmt.where(found.processingJobId == job_id)
    else:
        of = AutoProcIntegration
        stmt = stmt.join(of, of.autoProcProgramId == found.autoProcProgramId)
        stmt = stmt.where(of.dataCollectionId == collection_id)
    stmt = stmt.where(rule.condition).order_by(found.autoProcProgramId).limit(1)
    return _execute(stmt, **rule.values).scalar()


def _program(program_id: int | None) -> dict:
    """The stored row of a program; nothing of one that is not known."""
    if program_id is None:
        return {}
    table = AutoProcProgram.__table__
    wanted = select(table).where(table.c.autoProcProgramId == program_id).with_for_update()
    return dict(_execute(wanted).mappings().one())


def _lock(program_id: int | None, job_id: int | None, collections: set[int]) -> set[int]:
    """Let nobody else store a result of the same program, job or data collections.

    Return the data collections that were found for that.
    """
    for key, value in (
        (AutoProcProgram.autoProcProgramId, program_id),
        (ProcessingJob.processingJobId, job_id),
    ):
        if value is not None:
            _execute(select(key).where(key == value).with_for_update())
            return set()
    key, found = DataCollection.dataCollectionId, sorted(collections)
    wanted = select(key).where(key.in_(bindparam("found", expanding=True))).order_by(key)
    return {*_execute(wanted.with_for_update(), found=found).scalars()} if found else set()


def _check(name: str, key: Any, values: set[int], rule: Rule) -> None:
    wanted = select(key).where(key.in_(values), rule.condition)
    if values.difference(_execute(wanted, **rule.values).scalars()):
        reason = {name: [f"no such {key.class_.__name__}"]}
        raise NotYet("a referenced row is not there yet", reason)


def _execute(stmt: Any, **values: Any) -> Any:
    return db.session.connection().execute(stmt, values)
