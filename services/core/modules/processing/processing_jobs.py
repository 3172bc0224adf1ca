"""Requests to process data, by pipelines and by people who process their data again."""

from sqlalchemy import bindparam, select

from services.core.schemas.processing.processing_jobs import ProcessingJobSchema
from shared import access, access_processing, batches, processing_rules, read
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


def list_(identity: Identity, query: dict) -> dict:
    """One page of the visible jobs, latest first."""
    query, rule = processing_rules.resolve(identity, ProcessingJobSchema, query)
    return read.page(ProcessingJobSchema, rule, query)


def get(identity: Identity, job_id: int, fields=()) -> dict:
    """One visible job with its parameters, sweeps and programs."""
    return read.one(ProcessingJobSchema, visible(identity), fields, processingJobId=job_id)


def create(identity: Identity, data: dict) -> dict:
    """Create a job on data collections the caller sees.

    Without sweeps it processes the whole data collection. By default the data collection is that
    of the first sweep.
    """
    data = dict(data)
    warnings, parameters, sweeps = (
        data.pop(name, []) for name in ("warnings", "parameters", "sweeps")
    )
    if data.get("dataCollectionId") is None:
        if not sweeps:
            raise BadInput("invalid input", {"dataCollectionId": ["is needed without sweeps"]})
        data["dataCollectionId"] = sweeps[0]["dataCollectionId"]
    keys = {data["dataCollectionId"], *(sweep["dataCollectionId"] for sweep in sweeps)}
    check_collections(identity, keys)
    ranges = _list_ranges(keys)
    job_id = save(ProcessingJob(), data).processingJobId
    rows = [_fill(n, sweep, ranges) for n, sweep in enumerate(sweeps or [data])]
    if not sweeps:
        rows = [row for row in rows if row["startImage"] is not None]
    above = {"processingJobId": job_id}
    blank = {**above, "parameterValue": None}
    batches.insert(ProcessingJobParameter, [{**blank, **each} for each in parameters])
    batches.insert(ProcessingJobImageSweep, [{**above, **row} for row in rows])
    job = read.one(ProcessingJobSchema, everything(identity), processingJobId=job_id)
    return {**job, "warnings": warnings}


def check_collections(identity: Identity, keys: set[int], field: str = "dataCollectionId") -> None:
    """Raise NotYet, naming ``field``, unless the caller sees all these data collections."""
    rule, key = access.collections(identity), DataCollection.dataCollectionId
    statement = select(key).where(key.in_(bindparam("keys", expanding=True)), rule.condition)
    parameters = {**rule.values, "keys": sorted(keys)}
    if keys.difference(db.session.connection().scalars(statement, parameters)):
        raise NotYet("a referenced row is not there yet", {field: ["no such DataCollection"]})


def _list_ranges(keys: set[int]) -> dict[int, tuple]:
    """The numbers of the first and the last image of data collections; None without images."""
    model = DataCollection
    statement = select(model.dataCollectionId, model.startImageNumber, model.numberOfImages)
    statement = statement.where(model.dataCollectionId.in_(keys))
    return {
        key: (start or 1, (start or 1) + images - 1) if images else (None, None)
        for key, start, images in db.session.connection().execute(statement)
    }


def _fill(place: int, sweep: dict, ranges: dict[int, tuple]) -> dict:
    """``sweep`` with the first and the last image of its data collection as defaults."""
    collection, (first, last) = sweep["dataCollectionId"], ranges[sweep["dataCollectionId"]]
    start, end = sweep.get("startImage"), sweep.get("endImage")
    start, end = first if start is None else start, last if end is None else end
    if end is not None and not (start or 0) <= end <= LAST:
        reason = {"endImage": [f"not from {start} to {LAST}: {end}"]}
        raise BadInput("invalid input", {"sweeps": {str(place): reason}})
    return {"dataCollectionId": collection, "startImage": start, "endImage": end}
