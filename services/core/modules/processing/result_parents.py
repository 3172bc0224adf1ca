"""The rows that a result refers to: its job, data collections, scalings, pipeline, and its repeat.

They are locked in one order, program, job, data collections, and the repeat is searched after
that: of two requests with the same result the second waits, and replaces that of the first.
"""

import re
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, select
from sqlalchemy.orm import aliased

from services.core.models import (
    AutoProc,
    AutoProcIntegration,
    AutoProcScaling,
    AutoProcScalingHasInt,
)
from services.core.modules.processing import programs
from services.core.modules.processing.programs import START
from shared import access
from shared.db import db
from shared.errors import BadInput, NotYet
from shared.identity import Identity
from shared.models import AutoProcProgram, DataCollection, ProcessingJob
from shared.statements import cache_statements

FRAME = re.compile(r"\d{3,}(?=\.(?!h5|hdf5|nxs)[a-z]\w*(\.\w+)?$)", re.I)  # number of an image
CANDIDATES = 1000  # data collections in the folder of an image
PARENT = "parentAutoProcProgramId"


def lock_job(job_id: int | None) -> ProcessingJob | None:
    """The row of a job, locked; None if there is no such job."""
    if job_id is None:
        return None
    return db.session.get(ProcessingJob, job_id, with_for_update=True, populate_existing=True)


def list_results(data: dict) -> list[dict]:
    """The results of symmetry and cell in a document."""
    return [each for each in (data.get("autoProc"), *data.get("furtherAutoProcs", ())) if each]


def integrations_by_place(results: list[dict]) -> dict[str, dict]:
    """The integrations of all scalings, by their places in the document."""
    return {
        f"{f'furtherAutoProcs.{n - 1}' if n else 'autoProc'}.scalings.{s}.integrations.{i}": each
        for n, result in enumerate(results)
        for s, scaling in enumerate(result.get("scalings", ()))
        for i, each in enumerate(scaling.get("integrations", ()))
    }


def set_collections(
    identity: Identity, integrations: dict[str, dict], default: int | None
) -> list[int]:
    """Give each integration that names no data collection the one of its image, or the default.

    The default is that of a single integration, and of several of one sweep. Images of several
    sweeps that are all in one folder may be copies: they are looked for in the folder of the
    default too. Return the keys of all. BadInput names the integrations that fit none, or several.
    """
    faults = {}
    images = [integration.pop("Image", None) for integration in integrations.values()]
    common = default if len(images) == 1 or _show_one_sweep(images) else None
    source = default if len({image and _folder(image) for image in images}) == 1 else None
    for (place, integration), image in zip(integrations.items(), images):
        if has_collection(integration):
            continue
        matches = [] if common is None else [common]
        if not matches and image:
            matches = _list_collections_with(identity, image, source)
            matches = [default] if default in matches else matches
        if len(matches) == 1:
            integration["dataCollectionId"] = matches[0]
        else:
            reason = "several data collections have its image" if matches else "names none"
            faults[f"{place}.dataCollectionId"] = [reason]
    if faults:
        raise BadInput("invalid input", faults)
    return [each["dataCollectionId"] for each in integrations.values()]


def has_collection(integration: dict) -> bool:
    """Whether an integration names its data collection."""
    return integration.get("dataCollectionId") is not None


def _show_one_sweep(images: list[dict | None]) -> bool:
    """Whether all images are there, in one folder, and differ only in the last digits of the name.

    The name of a file with many images, HDF5, has the number of the sweep at that place.
    """
    sweeps = {image and (_folder(image), FRAME.sub("#", image["fileName"])) for image in images}
    return len(sweeps) == 1 and None not in sweeps


def _folder(image: dict) -> str:
    return image["fileLocation"].rstrip("/")


def _list_collections_with(identity: Identity, image: dict, source: int | None) -> list[int]:
    """The keys of the visible data collections with this image, by its folder and name.

    Without one they are those with its name in the folder of the data collection ``source``.
    """
    collection, rule = DataCollection, access.collections(identity)
    statement = select(
        collection.dataCollectionId,
        collection.fileTemplate,
        collection.imagePrefix,
        collection.dataCollectionNumber,
    ).where(rule.condition)
    statement = statement.order_by(collection.dataCollectionId.desc()).limit(CANDIDATES)
    places: list[Any] = [collection.imageDirectory.in_([_folder(image), f"{_folder(image)}/"])]
    if source is not None:
        original = aliased(DataCollection)
        folder = select(original.imageDirectory).where(original.dataCollectionId == source)
        places.append(collection.imageDirectory == folder.scalar_subquery())
    for place in places:
        rows = _execute(statement.where(place), **rule.values)
        if matches := [key for key, *names in rows if _matches(image["fileName"], *names)]:
            return matches
    return []


def _matches(name: str, template: str | None, prefix: str | None, number: int | None) -> bool:
    """Whether an image of that name fits the template, or the prefix and number of the run."""
    if template:
        pattern = re.sub(r"(?:\\#)+|%0?\d*d", r"\\d++", re.escape(template))
        if re.fullmatch(pattern, name):
            return True
    if not prefix or number is None:
        return False
    return re.fullmatch(rf"{re.escape(prefix)}_0*{number}([_.].*)?", name) is not None


def set_parent_program(
    identity: Identity, data: dict, values: dict, program_id: int | None
) -> None:
    """Make the program of the scalings that runs and phasing name the default parent.

    ``values`` are the columns of the program of the document, ``program_id`` its key if it is
    stored already. NotYet if a scaling is hidden or absent; BadInput if one is missing, or the
    phasing works on a scaling of another program than the parent.
    """
    phasing, users = data.get("phasing") or {}, _users_of_scalings(data)
    scaling_ids = [each["autoProcScalingId"] for each in users if "autoProcScalingId" in each]
    has_scalings = any(each.get("scalings") for each in list_results(data))
    if len(scaling_ids) < len(users) and not has_scalings:
        reason = "is needed, as the document has no scaling"
        raise BadInput("invalid input", {"autoProcScalingId": [reason]})
    if not scaling_ids:
        return
    owners = _owners_of_scalings(identity, scaling_ids)
    owner = owners[scaling_ids[0]]
    if values.get(PARENT) is None and owner != program_id:
        values[PARENT] = owner
    if "autoProcScalingId" in phasing and (
        owner is None or owner not in (values.get(PARENT), program_id)
    ):
        reason = "is of another program than the parent"
        raise BadInput("invalid input", {"phasing.autoProcScalingId": [reason]})


def _users_of_scalings(data: dict) -> list[dict]:
    """The phasing and the runs of a document: each uses a scaling."""
    return [*filter(None, [data.get("phasing")]), *data.get("mxmrRuns", ())]


def _owners_of_scalings(identity: Identity, scaling_ids: list[int]) -> dict[int, int | None]:
    """The programs of scalings by the keys of these; NotYet if one is hidden or absent."""
    rule = programs.visible(identity, AutoProc.autoProcProgramId)
    key = AutoProcScaling.autoProcScalingId
    statement = select(key, AutoProc.autoProcProgramId).join(AutoProcScaling.autoproc)
    statement = statement.where(key.in_(scaling_ids), rule.condition)
    owners = dict(_execute(statement, **rule.values).all())
    if {*scaling_ids} - owners.keys():
        reasons = {"autoProcScalingId": ["no such AutoProcScaling"]}
        raise NotYet("a referenced row is not there yet", reasons)
    return owners


def find_collection_of_scaling(data: dict) -> int | None:
    """The first data collection in the scaling of the first run, or else of the phasing."""
    users = [*data.get("mxmrRuns", ()), *filter(None, [data.get("phasing")])]
    for user in users[:1]:
        integration = AutoProcIntegration
        statement = select(integration.dataCollectionId).join(integration.links)
        statement = statement.where(
            AutoProcScalingHasInt.autoProcScalingId == user.get("autoProcScalingId")
        )
        statement = statement.order_by(integration.autoProcIntegrationId).limit(1)
        return _execute(statement).scalar()
    return None


def find_collection(job_id: int | None, program_id: int | None) -> int | None:
    """The main data collection of a job, else the first one that a program integrated."""
    integration = AutoProcIntegration
    if job_id is not None:
        key = ProcessingJob.processingJobId
        return _execute(select(ProcessingJob.dataCollectionId).where(key == job_id)).scalar()
    if program_id is None:
        return None
    statement = select(integration.dataCollectionId)
    statement = statement.where(integration.autoProcProgramId == program_id)
    return _execute(statement.order_by(integration.autoProcIntegrationId).limit(1)).scalar()


def lock_collections(identity: Identity, keys: set[int]) -> None:
    """Lock data collections in the order of their keys; NotYet if one is hidden or absent.

    The rule is asked in the list of columns, so that only their own rows are locked.
    """
    rule = access.collections(identity)
    rows = _execute(_select_collections(rule.condition), **rule.values, keys=sorted(keys))
    if keys - {row.dataCollectionId for row in rows if row.visible}:
        reasons = {"dataCollectionId": ["no such DataCollection"]}
        raise NotYet("a referenced row is not there yet", reasons)


@cache_statements(128)
def _select_collections(visible: ColumnElement[bool]) -> Select:
    key = DataCollection.dataCollectionId
    statement = select(key, visible.label("visible"))
    statement = statement.where(key.in_(bindparam("keys", expanding=True))).order_by(key)
    return statement.with_for_update()


def find_pipeline_and_repeat(
    identity: Identity, pipeline_name: str, values: dict, collection_id: int | None
) -> tuple[dict | None, int | None]:
    """The key and name of the pipeline of that name, and the key of the program of ``values``.

    That is the program of the same name and start, for the same job or data collection. One
    statement reads both. It runs after the locks: it sees the results for which these waited.
    """
    statement = programs.select_pipeline()
    parameters: dict[str, Any] = {**programs.get_pipeline_names(pipeline_name)}
    if values.get("processingPrograms") is not None and values.get(START) is not None:
        rule, by_job = programs.visible(identity), values.get("processingJobId") is not None
        statement = _select_pipeline_and_repeat(rule.condition, by_job)
        parameters |= {**rule.values, **values, "collection_id": collection_id}
    pipeline_id, pipeline_name, *program_ids = _execute(statement, **parameters).one()
    pipeline = {"processingPipelineId": pipeline_id, "name": pipeline_name}
    return pipeline if pipeline_id is not None else None, next(iter(program_ids), None)


@cache_statements(128)
def _select_pipeline_and_repeat(visible: ColumnElement[bool], by_job: bool) -> Select:
    """The same, with the key of the first program with the name, start, and job or collection."""
    program, integration = AutoProcProgram, AutoProcIntegration
    names = ["processingPrograms", START, *(["processingJobId"] if by_job else [])]
    statement = select(program.autoProcProgramId).where(
        *(getattr(program, name) == bindparam(name) for name in names), visible
    )
    if not by_job:
        on = integration.autoProcProgramId == program.autoProcProgramId
        statement = statement.join(integration, on)
        statement = statement.where(integration.dataCollectionId == bindparam("collection_id"))
    repeat = statement.order_by(program.autoProcProgramId).limit(1).scalar_subquery()
    return programs.select_pipeline().add_columns(repeat)


def _execute(statement: Any, **values: Any) -> Any:
    return db.session.connection().execute(statement, values)
