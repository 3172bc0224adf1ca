"""The sessions that shipments are for: those that somebody adds, and those of their dewars."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import select

from services.core.models import ShippingHasSession
from services.core.modules.shipping.shipments import shipments
from services.core.schemas.shipping.shipment_sessions import ShipmentSessionSchema
from shared import batches, row_checks
from shared.db import db
from shared.errors import bad_field
from shared.identity import Identity
from shared.link_service import LinkService
from shared.models import BLSession, Dewar, Shipping


class ShipmentSessions(LinkService):
    """The sessions of shipments."""

    def create(  # type: ignore[override]
        self, identity: Identity, parent_key: Any, data: dict
    ) -> dict:
        """Add a visible session of its proposal to a visible shipment."""
        shipping_id = self.parent.get_key(identity, parent_key)
        self.check_data(identity, data)
        check_proposal("sessionId", data["sessionId"], shipping_id)
        return super().create(identity, parent_key, data)


shipment_sessions = ShipmentSessions(shipments, "shippingId", "sessionId", ShipmentSessionSchema)


def check_proposal(name: str, session_id: int, shipping_id: int) -> None:
    """Raise BadInput for the field ``name`` unless session and shipment are of one proposal."""
    statement = select(Shipping.shippingId).join(
        BLSession, BLSession.proposalId == Shipping.proposalId
    )
    statement = statement.where(BLSession.sessionId == session_id)
    if db.session.scalar(statement.where(Shipping.shippingId == shipping_id)) is None:
        raise bad_field(name, "is not a session of the proposal of the shipment")


def put_sessions(dewars: Collection[Dewar]) -> None:
    """Add the first sessions of dewars to the sessions of their shipments; none is removed."""
    link = ShippingHasSession
    pairs = {
        (row.shippingId, row.firstExperimentId)
        for row in dewars
        if row.firstExperimentId is not None
    }
    for shipping_id in sorted({key for key, _ in pairs}):
        row_checks.locked(Shipping, shipping_id)  # so that no other request adds the same pair
    statement = select(link.shippingId, link.sessionId).where(
        link.shippingId.in_({key for key, _ in pairs})
    )
    stored = {(shipment, session) for shipment, session in db.session.execute(statement)}
    new = [{"shippingId": key, "sessionId": session} for key, session in sorted(pairs - stored)]
    batches.insert(link, new)
