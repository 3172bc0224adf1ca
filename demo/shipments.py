"""Shipments of a proposal, in each status of their way, with all that is in them."""

import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from demo import plates
from demo.proposals import COURIERS, Visit
from demo.rows import Rows, World, add_to, noon, pick
from demo.samples import Puck, Sample, Stock, add_sample
from demo.stores import PUCKS, Stores
from services.core.models import (
    ContainerHistory,
    ContainerQueue,
    ContainerQueueSample,
    DewarTransportHistory,
    ShippingHasSession,
)
from shared.models import (
    BLSampleGroup,
    BLSampleGroupHasBLSample,
    Container,
    ContainerType,
    Dewar,
    Imager,
    Shipping,
)

PLACES = 16  # of a puck
AHEAD = (  # status and place of a dewar, days before the session
    *(("opened", "", 12), ("awb requested", "off-site", 10), ("awb created", "off-site", 9)),
    *(("pickup booked", "off-site", 8), ("sent to facility", "off-site", 6)),
    ("at facility", "stores-in", 2),
)
AT_BEAMLINE = "processing"
AFTER = (  # status and place, hour of the last day of the session
    *(("dispatch-requested", "stores-out", 21), ("dispatch-booked", "stores-out", 22)),
    ("returned", "", 23),
)
WAITING = ("dispatch-requested", "dispatch-booked")  # dewars of the latest sessions
Way = list[tuple[str, str, datetime]]  # status, place, since when


def bring(
    world: World,
    rows: Rows,
    rng: random.Random,
    visit: Visit,
    shelf: list[Stock],
    stores: Stores,
    size: int,
    status: str | None,
) -> list[Sample]:
    """Add the shipment of a used session, with a puck; return the ``size`` samples to measure.

    The puck of a featured session is full. Without a ``status`` it is at the beamline, or was
    returned.
    """
    over = visit.end.date() < world.today
    way = _get_way(visit.start.date())
    way.append((AT_BEAMLINE, visit.beamline.name, noon(visit.start.date() - timedelta(days=1))))
    if over:
        last = noon(visit.end.date())
        way += [(word, place, last.replace(hour=hour)) for word, place, hour in AFTER]
        words = [word for word, *_ in way]
        way = way[: words.index(status or words[-1]) + 1]
    dewar = _shipment(world, rows, rng, visit, stores, f"{visit.name} samples", way)
    slot = rng.randint(1, 29)
    registered = stores.pucks[visit.number % PUCKS]
    puck = _container(world, rows, visit, stores, dewar, way, f"{visit.number}", registered, slot)
    loaded = None if over else "LOADED"
    samples = [
        add_sample(world, rows, rng, pick(rng, shelf), puck, place, loaded)
        for place in range(1, size + 1)
    ]
    if visit.featured:
        others = world.random("puck", visit.sessionId)
        for place in range(size + 1, PLACES + 1):
            add_sample(world, rows, others, pick(others, shelf), puck, place, loaded)
    return samples


def ship(world: World, rows: Rows, visit: Visit, shelf: list[Stock], stores: Stores) -> None:
    """Add shipments for the next session, ``visit``: one in each status before the beamline.

    The one at the facility has a puck in the queue, and a parcel with a plate.
    """
    rng = world.random("shipments", visit.proposalId)
    for number, (status, _, days) in enumerate(AHEAD, 1):
        way = _get_way(world.today + timedelta(days=days - 1))[:number]
        name = f"{visit.name} {pick(rng, ('soaks', 'mutants', 'fragments'))} {number}"
        dewar = _shipment(world, rows, rng, visit, stores, name, way)
        registered = stores.pucks[number % PUCKS]
        puck = _container(world, rows, visit, stores, dewar, way, f"n{number}", registered)
        samples = [
            add_sample(world, rows, rng, pick(rng, shelf), puck, place)
            for place in range(1, PLACES + 1)
        ]
        if number == 1:
            _group(world, rows, visit, stores, samples)
    _queue(world, rows, stores, puck, samples)
    imager = min(world.lookups[Imager].values())
    plate = _container(world, rows, visit, stores, dewar, way, "plate", imagerId=imager)
    plates.fill(world, rows, rng, visit.proposalId, shelf, plate, imager, way[-1][2])


def _get_way(first: date) -> Way:
    """The way of a dewar to a session that begins on the day ``first``."""
    return [(word, place, noon(first - timedelta(days=days))) for word, place, days in AHEAD]


def _shipment(
    world: World,
    rows: Rows,
    rng: random.Random,
    visit: Visit,
    stores: Stores,
    name: str,
    way: Way,
) -> int:
    """Add a shipment with the dewar of the proposal; return the key of that."""
    shipping, dewar = world.key(Shipping), world.key(Dewar)
    status, place, since = way[-1]
    passed = {word: when for word, _, when in way}
    sent, received = passed.get("sent to facility"), passed.get("at facility")
    courier = pick(rng, COURIERS)
    add_to(
        rows,
        Shipping,
        shippingId=shipping,
        proposalId=visit.proposalId,
        shippingName=name,
        shippingStatus=status,
        shippingType="DewarTracking",
        creationDate=way[0][2],
        bltimeStamp=since,
        sendingLabContactId=stores.contact,
        returnLabContactId=stores.contact,
        deliveryAgent_agentName=courier,
        deliveryAgent_shippingDate=sent and sent.date(),
        deliveryAgent_deliveryDate=received and received.date(),
        dateOfShippingToUser=passed.get("returned"),
        safetyLevel="GREEN",
        source="demo",
    )
    add_to(rows, ShippingHasSession, shippingId=shipping, sessionId=visit.sessionId)
    add_to(
        rows,
        Dewar,
        dewarId=dewar,
        shippingId=shipping,
        code=stores.code,
        facilityCode=stores.code,
        dewarRegistryId=stores.dewar,
        barCode=f"{visit.name}-{visit.beamline.name}-{dewar:07}",
        type="Dewar",
        dewarStatus=status,
        storageLocation=place or None,
        firstExperimentId=visit.sessionId,
        trackingNumberToSynchrotron=f"{courier[:3].upper()}{dewar:08}" if sent else None,
        customsValue=50,
        transportValue=1000,
        weight=18.0,
        bltimeStamp=since,
        source="demo",
    )
    for word, where, when in way:
        add_to(
            rows,
            DewarTransportHistory,
            DewarTransportHistoryId=world.key(DewarTransportHistory),
            dewarId=dewar,
            dewarStatus=word,
            storageLocation=where,
            arrivalDate=when,
        )
    return dewar


def _container(
    world: World,
    rows: Rows,
    visit: Visit,
    stores: Stores,
    dewar: int,
    way: Way,
    label: str,
    registered: tuple[int, str] | None = None,
    slot: int = 0,
    **others: Any,
) -> Puck:
    """Add a container in a dewar on its ``way``: a registered puck, or a plate."""
    key, status = world.key(Container), way[-1][0]
    name = "Puck" if registered else plates.KIND
    row = {
        "containerId": key,
        "dewarId": dewar,
        "code": registered[1] if registered else f"PLATE-{key}",
        "barcode": f"SLS{key:06}",
        "containerType": name,
        "containerTypeId": world.lookups[ContainerType][name],
        "capacity": PLACES if registered else plates.WELLS,
        "containerRegistryId": registered[0] if registered else None,
        "containerStatus": status,
        "beamlineLocation": visit.beamline.name if status == AT_BEAMLINE else None,
        "sampleChangerLocation": str(slot) if status == AT_BEAMLINE else None,
        "sessionId": visit.sessionId,
        "ownerId": stores.person,
        "source": "demo",
    }
    add_to(rows, Container, **row | others)
    for word, where, when in way:
        at_beamline = word == AT_BEAMLINE
        add_to(
            rows,
            ContainerHistory,
            containerHistoryId=world.key(ContainerHistory),
            containerId=key,
            status=word,
            location=str(slot) if at_beamline else None,
            beamlineName=where if at_beamline else None,
            blTimeStamp=when,
        )
    return Puck(key, label, slot, way[0][2])


def _group(
    world: World, rows: Rows, visit: Visit, stores: Stores, samples: Sequence[Sample]
) -> None:
    key = world.key(BLSampleGroup)
    add_to(
        rows,
        BLSampleGroup,
        blSampleGroupId=key,
        name="First soaks",
        proposalId=visit.proposalId,
        ownerId=stores.person,
    )
    for place, sample in enumerate(samples[: PLACES // 2], 1):
        add_to(
            rows,
            BLSampleGroupHasBLSample,
            blSampleGroupId=key,
            blSampleId=sample.key,
            groupOrder=place,
            type="sample",
        )


def _queue(
    world: World, rows: Rows, stores: Stores, puck: Puck, samples: Sequence[Sample]
) -> None:
    """Queue a puck for unattended data collection."""
    key = world.key(ContainerQueue)
    add_to(
        rows,
        ContainerQueue,
        containerQueueId=key,
        containerId=puck.key,
        personId=stores.person,
        createdTimeStamp=noon(world.today - timedelta(days=1)),
    )
    for sample in samples:
        add_to(
            rows,
            ContainerQueueSample,
            containerQueueSampleId=world.key(ContainerQueueSample),
            containerQueueId=key,
            blSampleId=sample.key,
            dataCollectionPlanId=sample.stock.plan,
        )
