"""The queue of containers for unattended data collection: users queue, the beamline measures."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import delete, func, select

from services.core.models import ContainerQueue, ContainerQueueSample
from services.core.modules.shipping.containers import containers
from services.core.schemas.shipping.queues import QueueItemSchema, QueueSchema
from shared import batches, read, row_checks, visibility
from shared.access import everything
from shared.db import db, save
from shared.errors import BadInput, Conflict
from shared.identity import Identity
from shared.models import BLSample, BLSubSample, Container, Crystal, Dewar, Protein, Shipping
from shared.table_service import TableService

PLACES = (
    *("dewarId", "currentDewarId", "parentContainerId"),
    *("beamlineLocation", "imagerId", "sessionId"),
)  # a container with none of them is at no place
SAFE = (None, "GREEN")  # the risks of proteins that are measured unattended
ITEMS = ("ContainerQueueSample",)

queues = TableService(QueueSchema)


def get(identity: Identity, container_id: int, fields: Collection[str] = ()) -> dict:
    """The entry of a visible container in the queue; NotFound if it does not wait."""
    key = containers.get_key(identity, container_id)
    return read.one(QueueSchema, everything(identity), fields, containerId=key, completed=False)


def create(identity: Identity, container_id: int, data: dict) -> dict:
    """Queue samples of a visible container, which is locked; all of them, if none is named.

    Conflict if it waits already, is at no place, or may not be measured unattended.
    """
    container = row_checks.lock_visible(identity, Container, container_id)
    name = container.code or container.barcode or container_id
    waiting = select(ContainerQueue.containerQueueId).where(
        ContainerQueue.containerId == container_id, ContainerQueue.completedTimeStamp.is_(None)
    )
    if db.session.execute(waiting).first():
        raise Conflict(f"container {name} is in the queue already")
    if not any(getattr(container, each) for each in PLACES):
        raise Conflict(f"container {name} is at no place: it needs a dewar, session or beamline")
    _check_shipment(container)
    samples = _get_samples(identity, container_id)
    if not samples:
        raise Conflict(f"container {name} has no samples")
    items = [dict(each) for each in data.get("samples", ({"blSampleId": key} for key in samples))]
    _check_items(identity, items, samples)
    for each in items:
        plan_id, acronym, safety = samples[each["blSampleId"]]
        if safety not in SAFE:
            raise Conflict(f"protein {acronym} is {safety}: it is not measured unattended")
        if each.get("dataCollectionPlanId") is None:
            each["dataCollectionPlanId"] = plan_id
    entry = {"containerId": container_id, "personId": identity.personId}
    link = {"containerQueueId": save(ContainerQueue(), entry).containerQueueId}
    batches.insert(ContainerQueueSample, [{**each, **link} for each in items])
    return read.one(QueueSchema, everything(identity), **link)


def delete_of_container(identity: Identity, container_id: int) -> dict:
    """Take a visible container from the queue; return its entry as it was."""
    row_checks.lock_visible(identity, Container, container_id)
    entry = get(identity, container_id)
    row_checks.remove_locked(ContainerQueue, [entry["containerQueueId"]], ITEMS)
    return entry


def delete_item(identity: Identity, container_id: int, key: int) -> dict:
    """Take a sample of a visible container from the queue, with the last one the container."""
    row_checks.lock_visible(identity, Container, container_id)
    queue_id = get(identity, container_id)["containerQueueId"]
    rule = visibility.rule(identity, ContainerQueueSample)
    item = read.one(QueueItemSchema, rule, containerQueueId=queue_id, containerQueueSampleId=key)
    sample = ContainerQueueSample
    db.session.execute(delete(sample).where(sample.containerQueueSampleId == key))
    others = select(sample.containerQueueSampleId).where(sample.containerQueueId == queue_id)
    if not db.session.execute(others.limit(1)).first():
        row_checks.remove_locked(ContainerQueue, [queue_id])
    return item


def _check_shipment(container: Container) -> None:
    """Raise Conflict if the shipment of a container is more than green; it is locked."""
    dewar = db.session.get(Dewar, container.dewarId) if container.dewarId else None
    if dewar is None:
        return
    level = row_checks.locked(Shipping, dewar.shippingId).safetyLevel
    if level and level.upper() not in SAFE:
        raise Conflict(f"the shipment is {level}: it is not measured unattended")


def _get_samples(identity: Identity, container_id: int) -> dict[int, tuple[Any, ...]]:
    """Plan, acronym and risk of the visible samples of a container, by their keys."""
    rule = visibility.rule(identity, BLSample)
    statement = (
        select(
            BLSample.blSampleId,
            func.coalesce(BLSample.diffractionPlanId, Crystal.diffractionPlanId),
            *(Protein.acronym, Protein.safetyLevel),
        )
        .outerjoin(Crystal, Crystal.crystalId == BLSample.crystalId)
        .outerjoin(Protein, Protein.proteinId == Crystal.proteinId)
        .where(BLSample.containerId == container_id, rule.condition)
        .order_by(BLSample.blSampleId)
    )
    return {key: tuple(row) for key, *row in db.session.execute(statement, rule.values)}


def _check_items(identity: Identity, items: list[dict], samples: Collection[int]) -> None:
    """Raise unless ``items`` are of ``samples`` and their parts, with visible plans."""
    row_checks.check_parents(identity, ContainerQueueSample, *items)
    parts = [each["blSubSampleId"] for each in items if each.get("blSubSampleId") is not None]
    statement = select(BLSubSample.blSubSampleId, BLSubSample.blSampleId)
    statement = statement.where(BLSubSample.blSubSampleId.in_(parts))
    owners = {key: sample for key, sample in db.session.execute(statement)} if parts else {}
    faults = {}
    for at, each in enumerate(items):
        if each["blSampleId"] not in samples:
            faults[at] = {"blSampleId": ["is not a sample of the container"]}
        elif (part := each.get("blSubSampleId")) and owners[part] != each["blSampleId"]:
            faults[at] = {"blSubSampleId": ["is not a part of the sample"]}
    if faults:
        raise BadInput("invalid input", {"samples": faults})
