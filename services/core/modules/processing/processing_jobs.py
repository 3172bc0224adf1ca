"""Requests to process data, by pipelines and by people who look at their data again."""

from sqlalchemy import bindparam, select

from services.core.schemas.processing.processing_jobs import ProcessingJobSchema
from shared import access, access_processing, batches, read
from shared.access import everything
from shared.db import db, save
from shared.errors import BadInput, NotYet
from shared.identity import Identity
from shared.models import (
    DataCollection,
    ProcessingJob,
    ProcessingJobImageSweep,
    ProcessingJobParameter,
)

visible = access_processing.jobs
LAST = 2**24 - 1  # number of an image in a sweep


def find(identity: Identity, query: dict) -> dict:
    """List visible jobs, latest first."""
    return read.page(ProcessingJobSchema, visible(identity), query)


def get(identity: Identity, job_id: int, fields=()) -> dict:
    """Return one visible job with its parameters, sweeps and programs."""
    return read.one(ProcessingJobSchema, visible(identity), fields, processingJobId=job_id)


def add(identity: Identity, data: dict) -> dict:
    """Create a job on data collections the caller sees.

    Without sweeps the whole of the data collection is meant; without a data collection that of
    the first sweep.
    """
    data = dict(data)
    warnings, parameters, sweeps = (
        data.pop(name, []) for name in ("warnings", "parameters", "sweeps")
    )
    if data.get("dataCollectionId") is None:
        if not sweeps:
            raise BadInput("invalid input", {"dataCollectionId": ["is needed without sweeps"]})
        data["dataCollectionId"] = sweeps[0]["dataCollectionId"]
    named = {data["dataCollectionId"], *(sweep["dataCollectionId"] for sweep in sweeps)}
    check_collections(identity, named)
    ranges = _ranges(named)
    job_id = save(ProcessingJob(), data).processingJobId
    of = {"processingJobId": job_id}
    filled = [_filled(n, sweep, ranges) for n, sweep in enumerate(sweeps or [data])]
    kept = [sweep for sweep in filled if sweeps or sweep["startImage"] is not None]
    blank = {"parameterValue": None}
    batches.insert(ProcessingJobParameter, [{**of, **blank, **each} for each in parameters])
    batches.insert(ProcessingJobImageSweep, [{**of, **sweep} for sweep in kept])
    shown = read.one(ProcessingJobSchema, everything(identity), processingJobId=job_id)
    return {**shown, "warnings": warnings}


def check_collections(identity: Identity, ids: set[int], field: str = "dataCollectionId") -> None:
    """Raise NotYet, naming ``field``, unless the caller sees every data collection of ``ids``."""
    rule, key = access.collections(identity), DataCollection.dataCollectionId
    wanted = select(key).where(key.in_(bindparam("ids", expanding=True)), rule.condition)
    seen = db.session.connection().scalars(wanted, {**rule.values, "ids": sorted(ids)})
    if ids.difference(seen):
        raise NotYet("a referenced row is not there yet", {field: ["no such DataCollection"]})


def _ranges(ids: set[int]) -> dict[int, tuple]:
    """The numbers of the first and the last image of data collections, as far as known."""
    found = DataCollection
    stmt = select(found.dataCollectionId, found.startImageNumber, found.numberOfImages)
    stmt = stmt.where(found.dataCollectionId.in_(ids))
    return {
        key: (start or 1, (start or 1) + images - 1) if images else (None, None)
        for key, start, images in db.session.connection().execute(stmt)
    }


def _filled(place: int, sweep: dict, ranges: dict[int, tuple]) -> dict:
    """``sweep`` with the ends of its data collection where it has none itself."""
    collection, (first, last) = sweep["dataCollectionId"], ranges[sweep["dataCollectionId"]]
    start, end = sweep.get("startImage"), sweep.get("endImage")
    start, end = first if start is None else start, last if end is None else end
    if end is not None and not (start or 0) <= end <= LAST:
        reason = {"endImage": [f"not from {start} to {LAST}: {end}"]}
        raise BadInput("invalid input", {"sweeps": {str(place): reason}})
    return {"dataCollectionId": collection, "startImage": start, "endImage": end}
