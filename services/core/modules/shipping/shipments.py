"""Shipments of the samples of a proposal."""

from datetime import datetime

from sqlalchemy import select

from services.core.models import ContainerQueue
from services.core.modules.shipping import status_changes
from services.core.modules.shipping.change_times import add_change_time
from services.core.schemas.shipping.shipments import ShipmentSchema
from shared.db import db
from shared.errors import Conflict
from shared.identity import Identity
from shared.models import BLSample, Container, Crystal, Dewar, Protein, Shipping
from shared.table_service import TableService

RISKS = ("GREEN", "YELLOW", "RED")
DEPENDENT = ("ShippingHasSession", "CourierTermsAccepted")


class Shipments(TableService):
    """The shipments of proposals."""

    def insert(self, identity: Identity, data: dict) -> Shipping:
        """Create a shipment of a visible proposal."""
        now = datetime.now().replace(microsecond=0)
        first = {"shippingStatus": status_changes.get_first(), "creationDate": now}
        row = super().insert(identity, {**first, **data, "bltimeStamp": now})
        status_changes.note_shipment(identity, row, dewars=False)
        return row

    def edit(self, identity: Identity, row: Shipping, data: dict) -> Shipping:
        """Change a locked shipment; its dewars get a new status too."""
        before = row.shippingStatus
        row = super().edit(identity, row, add_change_time(row, data))
        if row.shippingStatus != before:
            if status_changes.is_sent(row.shippingStatus):
                status_changes.check_sent(row)
                check_safety(row)
            status_changes.note_shipment(identity, row)
        elif "safetyLevel" in data:
            check_safety(row)
        return row


shipments = Shipments(
    ShipmentSchema, keep=("shippingStatus", "creationDate", "source"), along=DEPENDENT
)


def check_safety(row: Shipping) -> None:
    """Raise Conflict if a shipment declares less risk than its proteins have.

    A yellow or red one has no container in the queue for unattended data collection.
    """
    word = (row.safetyLevel or "").upper()
    if word not in RISKS:  # other clients store other words
        return
    level = RISKS.index(word)
    inside = select(Container.containerId).join(Dewar, Dewar.dewarId == Container.dewarId)
    inside = inside.where(Dewar.shippingId == row.shippingId)
    risky = (
        select(Protein.acronym, Protein.safetyLevel)
        .join(Crystal, Crystal.proteinId == Protein.proteinId)
        .join(BLSample, BLSample.crystalId == Crystal.crystalId)
        .where(BLSample.containerId.in_(inside), Protein.safetyLevel.in_(RISKS[level + 1 :]))
    )
    if protein := db.session.execute(risky.limit(1)).first():
        raise Conflict(
            f"the shipment is {row.safetyLevel}, its protein {protein[0]} is {protein[1]}",
            {"safetyLevel": [f"Must be {protein[1]}, or higher."]},
        )
    queued = select(ContainerQueue.containerQueueId).where(
        ContainerQueue.containerId.in_(inside), ContainerQueue.completedTimeStamp.is_(None)
    )
    if level and db.session.execute(queued.limit(1)).first():
        raise Conflict(
            f"a {row.safetyLevel} shipment has a container in the queue for unattended collection",
            {"safetyLevel": ["Must be Green, or take its containers from the queue."]},
        )
