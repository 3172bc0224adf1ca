"""Whole results of processing: one document, one transaction, the same answer for a repeat."""

import re
from typing import Any

from sqlalchemy import bindparam, select, update

from services.core.models import (
    AutoProc,
    AutoProcIntegration,
    AutoProcScaling,
    AutoProcScalingHasInt,
    MXMRRun,
    Screening,
)
from services.core.modules.processing import phasings, processing_jobs, programs
from services.core.modules.processing.result_rows import (
    check_links,
    delete_by,
    drop_runs,
    insert,
    write_files,
    write_results,
    write_runs,
)
from services.core.modules.processing.screenings import screenings
from services.core.schemas.processing.results import (
    MRRunSchema,
    ResultProgramSchema,
    ResultScreeningSchema,
    StoredAutoProcSchema,
    StoredProgramSchema,
)
from services.core.schemas.processing.screenings import PARENTS
from shared import access, read, visibility
from shared.access import Rule, everything
from shared.db import db
from shared.errors import BadInput, Conflict, NotYet, Unavailable
from shared.identity import Identity
from shared.models import AutoProcProgram, DataCollection, ProcessingJob

CANDIDATES = 1000  # data collections in the folder of an image
WORDS = {1: "success", 0: "failure"}
START, PARENT = "processingStartTime", "parentAutoProcProgramId"


def get(identity: Identity, program_id: int) -> dict:
    """Return the whole result of a visible program, without what is hidden from the caller."""
    of = {"autoProcProgramId": program_id}
    program = read.one(StoredProgramSchema, programs.visible(identity), **of)
    parts = {name: program.pop(name) for name in ("attachments", "messages")}
    results = read.some(StoredAutoProcSchema, everything(identity), **of)
    for scaling in (scaling for result in results for scaling in result["scalings"]):
        shown = (link["AutoProcIntegration"] for link in scaling.pop("links"))
        scaling["integrations"] = [integration for integration in shown if integration]
    parts["mxmrRuns"] = read.some(MRRunSchema, visibility.rule(identity, MXMRRun), **of)
    parts["phasing"] = phasings.get(identity, program_id)
    parts["screenings"] = _screenings(identity, program_id)
    return _tree(program, parts, results)


def _screenings(identity: Identity, program_id: int) -> list[dict]:
    """The screenings of a program that the caller sees."""
    rule = visibility.rule(identity, Screening)
    return read.some(ResultScreeningSchema, rule, autoProcProgramId=program_id)


def add(identity: Identity, data: dict, query: dict) -> tuple[dict, bool]:
    """Store a result; also True if its program is new.

    A program that is known by its key, or by what it processed, its name and its start, is
    replaced.
    """
    data = {**data, "program": dict(data["program"])}
    known = data["program"].pop("autoProcProgramId", None)
    _lock(known, None, set())
    if known is not None:
        key = AutoProcProgram.autoProcProgramId
        _check("program.autoProcProgramId", key, {known}, programs.visible(identity))
    return _store(identity, known, data, query)


def replace(identity: Identity, program_id: int, data: dict, query: dict) -> dict:
    """Store a result in place of what a visible program has."""
    _lock(program_id, None, set())
    programs.get(identity, program_id, ("autoProcProgramId",))
    named = data["program"].get("autoProcProgramId")
    if named not in (None, program_id):
        raise BadInput("invalid input", {"program.autoProcProgramId": ["is not that of the path"]})
    program = {name: v for name, v in data["program"].items() if name != "autoProcProgramId"}
    return _store(identity, program_id, {**data, "program": program}, query)[0]


def _store(identity: Identity, known: int | None, data: dict, query: dict) -> tuple[dict, bool]:
    """Nothing is looked at before the lock: two that bring the same wait for each other."""
    given = query.get("dataCollectionId") or data.get("dataCollectionId")
    results = _results(data)
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
    _use_scalings(identity, data, program, known)
    if not named and fallback is None:
        fallback = _collection_under(data)
    if wanted := {*named, fallback} - {None}:
        if not access.collections(identity).unrestricted or wanted - locked:
            processing_jobs.check_collections(identity, wanted)
    elif known is None and job_id is None:
        reason = "is needed where no integration and no job names one"
        raise BadInput("invalid input", {"dataCollectionId": [reason]})
    main = (*named, fallback)[0]
    if known is None:
        known = _repeated(identity, program, job_id, main)
        if job_id is None and wanted - locked:
            _lock(None, None, wanted)
            if _repeated(identity, program, job_id, main, locking=True) != known:
                raise Unavailable("the same was stored at this moment: try again", retry_after=1)
        stored = _program(known)
    begun = program.get(START) or stored.get(START)
    if data.get("phasing") and not begun:
        program[START] = programs.now()  # by which the phasing is found
    earlier = phasings.runs(known) if known is not None else []
    shown = phasings.seen(identity, earlier)
    status = query.get("processingStatus", 1 if results else None)
    program_id = _put_program(program, stored, status, query["force"])
    phasings.drop(shown)
    if kept := {*earlier} - {*shown}:
        phasings.follow(kept, _program(program_id))
    linked = None if program.get("processingJobId") or stored.get("processingJobId") else fallback
    tree = _put_parts(identity, program_id, data, results, linked, not stored)
    if "screenings" in data:
        _put_screenings(identity, program_id, data["screenings"], main)
    if "screenings" in data or stored:
        tree["screenings"] = _screenings(identity, program_id)
    return {**tree, "warnings": data["warnings"]}, not stored


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
    identity: Identity,
    program_id: int,
    data: dict,
    results: list,
    linked: int | None,
    is_new: bool,
) -> dict:
    """Write all that hangs on the program alone, or on its scalings; return the whole result.

    Rows that are hidden from the caller stay.
    """
    when = {"recordTimeStamp": programs.now()}
    of = {**when, "autoProcProgramId": program_id}
    parts = write_files(of, data.get("attachments", []), data.get("messages", []), is_new)
    if not is_new:
        check_links(identity, program_id)
        drop_runs(identity, program_id)
    scalings, trees = write_results(of, results, linked, is_new)
    first = {"autoProcScalingId": scalings[0]} if scalings else {}
    if runs := data.get("mxmrRuns"):
        write_runs(program_id, [{**first, **run} for run in runs])
        rule = visibility.rule(identity, MXMRRun)
        parts["mxmrRuns"] = read.some(MRRunSchema, rule, autoProcProgramId=program_id)
    if phasing := data.get("phasing"):
        if phasings.runs(program_id):
            raise Conflict("another program of this name and start did a phasing of this scaling")
        phasings.add(phasings.copied(_program(program_id)), {**first, **phasing}, when)
        parts["phasing"] = phasings.get(identity, program_id)
    shown = read.one(ResultProgramSchema, everything(identity), autoProcProgramId=program_id)
    return _tree(shown, parts, trees)


def _put_screenings(
    identity: Identity, program_id: int, documents: list[dict], main: int | None
) -> None:
    """Write the screenings of a program in place of those it has, as far as the caller sees them.

    ``main`` is the default of their data collection.
    """
    shown = (each["screeningId"] for each in _screenings(identity, program_id))
    delete_by(Screening.screeningId, shown)
    for number, each in enumerate(documents):
        own = {**each, "autoProcProgramId": program_id}
        if all(each.get(name) is None for name in PARENTS):
            own["dataCollectionId"] = main
        try:
            screenings.create(identity, own)
        except (BadInput, NotYet) as error:
            reasons = {f"screenings.{number}.{n}": why for n, why in (error.errors or {}).items()}
            raise type(error)(str(error), reasons) from error


def _tree(program: dict, parts: dict, results: list[dict]) -> dict:
    """The result of a program in the shape of ResultSchema; ``parts`` are those there are."""
    named = [each["dataCollectionId"] for each in _integrations(results).values()]
    main = _collection_of(program["processingJobId"], program["autoProcProgramId"])
    return {
        "dataCollectionId": named[0] if named else main,
        "program": program,
        "autoProc": results[0] if results else None,
        "furtherAutoProcs": results[1:],
        "mxmrRuns": [],
        "phasing": None,
        "screenings": [],
        "warnings": [],
        **parts,
    }


def _results(data: dict) -> list[dict]:
    return [each for each in (data.get("autoProc"), *data.get("furtherAutoProcs", ())) if each]


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
        pattern = re.sub(r"(?:\\#)+|%0?\d*d", r"\\d++", re.escape(template))
        if re.fullmatch(pattern, name):
            return True
    if not prefix or number is None:
        return False
    return re.fullmatch(rf"{re.escape(prefix)}_0*{number}([_.].*)?", name) is not None


def _use_scalings(identity: Identity, data: dict, program: dict, known: int | None) -> None:
    """Check the scalings that runs and phasing name; their program is the parent by default."""
    phasing, runs = data.get("phasing") or {}, data.get("mxmrRuns", ())
    users = [*filter(None, [phasing]), *runs]
    named = [each["autoProcScalingId"] for each in users if "autoProcScalingId" in each]
    own = any(each.get("scalings") for each in _results(data))
    if len(named) < len(users) and not own:
        reason = "is needed, as the document has no scaling"
        raise BadInput("invalid input", {"autoProcScalingId": [reason]})
    if not named:
        return
    rule = programs.visible(identity, AutoProc.autoProcProgramId)
    key = AutoProcScaling.autoProcScalingId
    stmt = select(key, AutoProc.autoProcProgramId).join(AutoProcScaling.autoproc)
    owners = dict(_execute(stmt.where(key.in_(named), rule.condition), **rule.values).all())
    if {*named} - owners.keys():
        fault = {"autoProcScalingId": ["no such AutoProcScaling"]}
        raise NotYet("a referenced row is not there yet", fault)
    owner = owners[named[0]]
    if program.get(PARENT) is None and owner != known:
        program[PARENT] = owner
    if "autoProcScalingId" in phasing and (
        owner is None or owner not in (program.get(PARENT), known)
    ):
        reason = "is of another program than the parent"
        raise BadInput("invalid input", {"phasing.autoProcScalingId": [reason]})


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
    identity: Identity,
    program: dict,
    job_id: int | None,
    collection_id: int | None,
    locking: bool = False,
) -> int | None:
    """The program that did the same: for the same job or data collection, at the same time.

    ``locking`` finds also what was stored after this transaction began to read.
    """
    found, name = AutoProcProgram, program.get("processingPrograms")
    if name is None or program.get(START) is None:
        return None
    rule = programs.visible(identity)
    stmt = select(found.autoProcProgramId).where(
        found.processingPrograms == name, found.processingStartTime == program[START]
    )
    if job_id is not None:
        stmt = stmt.where(found.processingJobId == job_id)
    else:
        of = AutoProcIntegration
        stmt = stmt.join(of, of.autoProcProgramId == found.autoProcProgramId)
        stmt = stmt.where(of.dataCollectionId == collection_id)
    stmt = stmt.where(rule.condition).order_by(found.autoProcProgramId).limit(1)
    return _execute(stmt.with_for_update() if locking else stmt, **rule.values).scalar()


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
            programs.hold(key, value)
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
