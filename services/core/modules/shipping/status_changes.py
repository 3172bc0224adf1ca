"""The status of shipments, dewars and containers: each change is stored with who, when and where.

A change passes on: that of a shipment to its dewars, that of a dewar to its shipment and to its
containers. A container at a beamline keeps its status until it leaves.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from services.core.models import ContainerHistory, DewarTransportHistory
from services.core.modules.shipping import notices
from services.core.modules.shipping.status_words import plain
from services.core.schemas.samples.samples import READY
from shared import app_context, batches
from shared.db import db
from shared.errors import BadInput, Conflict
from shared.identity import Identity
from shared.inserts import insert
from shared.models import Container, Dewar, Shipping
from shared.service_tables import StatusChange


def get_first() -> str:
    """The status of a new shipment, dewar or container at this site."""
    statuses = app_context.site()["shipping"]["statuses"]
    return statuses[0] if statuses else "opened"


def get_arrived() -> str:
    """The status of a dewar or container that is at the facility, and at no beamline."""
    return app_context.site()["shipping"]["arrived_status"]


def get_place(row: Container) -> tuple:
    """The status and the place of a container, as its history keeps them."""
    return (
        *(row.containerStatus, row.beamlineLocation),
        *(row.sampleChangerLocation, row.currentDewarId),
    )


def note_shipment(identity: Identity, row: Shipping, dewars: bool = True) -> None:
    """Store the new status of a shipment, and pass it to its ``dewars``."""
    _note(identity, [{"shippingId": row.shippingId, "status": row.shippingStatus}])
    if dewars:
        rows = db.session.scalars(select(Dewar).where(Dewar.shippingId == row.shippingId)).all()
        others = [each for each in rows if plain(each.dewarStatus) != plain(row.shippingStatus)]
        for each in others:
            each.dewarStatus = row.shippingStatus
        db.session.flush()
        note_dewars(identity, others, pass_up=False)


def note_dewars(
    identity: Identity,
    rows: Sequence[Dewar],
    pass_up: bool = True,
    pass_down: bool = True,
    arrival: datetime | None = None,
) -> list[int]:
    """Store the new status and place of dewars; pass it to their shipment and containers.

    The result are the keys of the rows of their history. ``arrival`` is the time of a scan, if it
    is not the present.
    """
    if not rows:
        return []
    now = arrival or _now()
    keys = insert(
        DewarTransportHistory.__table__,
        [
            {
                "dewarId": row.dewarId,
                "dewarStatus": row.dewarStatus or "",
                "storageLocation": row.storageLocation or "",
                "arrivalDate": now,
            }
            for row in rows
        ],
    )
    _note(
        identity,
        [
            {
                "shippingId": row.shippingId,
                "dewarId": row.dewarId,
                "status": row.dewarStatus,
                "place": row.storageLocation,
            }
            for row in rows
        ],
    )
    for row in rows:
        if pass_down:
            _pass_down(identity, row)
        if pass_up and row.dewarStatus:
            shipment = db.session.get(Shipping, row.shippingId, with_for_update=True)
            if shipment and plain(shipment.shippingStatus) != plain(row.dewarStatus):
                shipment.shippingStatus = row.dewarStatus
                db.session.flush()
                note_shipment(identity, shipment, dewars=False)
    return keys


def note_containers(identity: Identity, rows: Iterable[Container]) -> None:
    """Store the new status and place of containers."""
    rows = [*rows]
    batches.insert(
        ContainerHistory,
        [
            {
                "containerId": row.containerId,
                "status": row.containerStatus,
                "location": row.sampleChangerLocation,
                "beamlineName": row.beamlineLocation,
                "currentDewarId": row.currentDewarId,
            }
            for row in rows
        ],
    )
    shipments = get_shipments({row.dewarId for row in rows} - {None})
    _note(
        identity,
        [
            {
                "shippingId": shipments.get(row.dewarId),
                "dewarId": row.dewarId,
                "containerId": row.containerId,
                "status": row.containerStatus,
                "place": get_text(row.beamlineLocation, row.sampleChangerLocation),
            }
            for row in rows
        ],
    )


def get_shipments(dewar_ids: set) -> dict[int | None, int]:
    """The keys of the shipments of dewars, by those."""
    if not dewar_ids:
        return {}
    statement = select(Dewar.dewarId, Dewar.shippingId).where(Dewar.dewarId.in_(dewar_ids))
    return {dewar: shipment for dewar, shipment in db.session.execute(statement)}


def get_text(beamline: str | None, place: str | None) -> str | None:
    """Beamline and place of the sample changer as one text."""
    return " ".join(filter(None, (beamline, place)))[:45] or None


def check_sent(row: Shipping) -> None:
    """Raise unless the shipment may be sent.

    Conflict while a dewar of it is at a beamline. BadInput if the site wants sessions of dewars
    and a contact that sends them, and one is missing.
    """
    settings = app_context.site()["shipping"]
    dewars = db.session.scalars(select(Dewar).where(Dewar.shippingId == row.shippingId)).all()
    if busy := [each for each in dewars if plain(each.dewarStatus) == READY]:
        raise Conflict(f"dewar {busy[0].code or busy[0].dewarId} is at a beamline ({READY})")
    if not settings["session_required"]:
        return
    faults = {}
    if row.sendingLabContactId is None:
        faults["sendingLabContactId"] = ["Must be set before the shipment is sent."]
    if bare := [
        f"{each.code or each.dewarId}" for each in dewars if each.firstExperimentId is None
    ]:
        faults["firstExperimentId"] = [f"Dewars without a session: {', '.join(bare)}."]
    if faults:
        raise BadInput("the shipment cannot be sent yet", faults)


def is_sent(status: str | None) -> bool:
    """Whether ``status`` is the word of the site with which a shipment is handed over."""
    return plain(status) == plain(app_context.site()["shipping"]["sent_status"])


def _pass_down(identity: Identity, row: Dewar) -> None:
    """Give the status of a dewar to its containers that are not at a beamline."""
    lower = func.lower(func.coalesce(Container.containerStatus, ""))
    statement = select(Container).where(Container.dewarId == row.dewarId)
    if plain(row.dewarStatus) == READY or not row.dewarStatus:
        return
    containers = db.session.scalars(
        statement.where(lower != READY, lower != row.dewarStatus.lower())
    ).all()
    for each in containers:
        each.containerStatus = row.dewarStatus
    db.session.flush()
    if containers:
        note_containers(identity, containers)


def _note(identity: Identity, rows: list[dict]) -> None:
    now = _now()
    empty: dict[str, Any] = {"dewarId": None, "containerId": None, "place": None}
    by = {"login": identity.login[:45], "time": now}
    changes = [{**empty, **row, **by} for row in rows]
    notices.note(changes)
    insert(StatusChange.__table__, changes)


def _now() -> datetime:
    return datetime.now().replace(microsecond=0)
