"""Dewars, toolboxes and parcels of shipments."""

import re
from datetime import datetime

from sqlalchemy import select

from services.core.modules.shipping import status_changes
from services.core.modules.shipping.change_times import add_change_time
from services.core.modules.shipping.registered_dewars import link_registered
from services.core.modules.shipping.shipment_sessions import check_proposal, put_sessions
from services.core.schemas.shipping.dewars import DewarSchema
from shared import app_context
from shared.db import db, save
from shared.identity import Identity
from shared.models import BLSession, Dewar, Proposal, Shipping
from shared.names import build_proposal_name
from shared.table_service import TableService

DEPENDENT = ("DewarTransportHistory",)


class Dewars(TableService):
    """The dewars of shipments."""

    def insert(self, identity: Identity, data: dict) -> Dewar:
        """Create a dewar of a visible shipment, with a bar code if it has none."""
        now = datetime.now().replace(microsecond=0)
        row = super().insert(
            identity, {"dewarStatus": status_changes.get_first(), **data, "bltimeStamp": now}
        )
        set_barcodes([row])
        link_registered([row] if _names_item(data) else [])
        put_sessions([row])
        status_changes.note_dewars(identity, [row], pass_up=False, pass_down=False)
        return row

    def edit(self, identity: Identity, row: Dewar, data: dict) -> Dewar:
        """Change a locked dewar; a new status or place is added to its history."""
        before = row.dewarStatus, row.storageLocation
        row = self._store(identity, row, data)
        if (row.dewarStatus, row.storageLocation) != before:
            status_changes.note_dewars(identity, [row], pass_up=row.dewarStatus != before[0])
        return row

    def scan(
        self, identity: Identity, row: Dewar, data: dict, arrival: datetime | None = None
    ) -> int:
        """Change a locked dewar that was scanned; return the key of the row of its history.

        A scan at the place where the dewar is adds a row, too.
        """
        before = row.dewarStatus
        row = self._store(identity, row, data)
        (key,) = status_changes.note_dewars(
            identity, [row], pass_up=row.dewarStatus != before, arrival=arrival
        )
        return key

    def _store(self, identity: Identity, row: Dewar, data: dict) -> Dewar:
        row = super().edit(identity, row, add_change_time(row, data))
        link_registered([row] if _names_item(data) else [])
        put_sessions([row] if "firstExperimentId" in data else [])
        return row


dewars = Dewars(
    DewarSchema,
    keep=("dewarStatus", "storageLocation", "barCode", "source"),
    along=DEPENDENT,
)


@dewars.check
def check_session(identity: Identity, data: dict, stored: Dewar | None) -> None:
    """Check that the first session of a dewar is of the proposal of its shipment."""
    session_id = data.get("firstExperimentId")
    shipping_id = data.get("shippingId", getattr(stored, "shippingId", None))
    if session_id is None or shipping_id is None:
        return
    check_proposal("firstExperimentId", session_id, shipping_id)


def _names_item(data: dict) -> bool:
    """Whether ``data`` names a physical dewar, and if so by its code only."""
    named = {"facilityCode", "dewarRegistryId"} & data.keys()
    return bool(named) and data.get("dewarRegistryId") is None


def set_barcodes(rows: list[Dewar]) -> None:
    """Give new dewars without a bar code one in the site's format; it never changes later."""
    bare = [row for row in rows if not row.barCode]
    if not bare:
        return
    statement = (
        select(
            *(Dewar.dewarId, Proposal.proposalCode, Proposal.proposalNumber),
            *(BLSession.visit_number, BLSession.beamLineName),
        )
        .join(Shipping, Shipping.shippingId == Dewar.shippingId)
        .join(Proposal, Proposal.proposalId == Shipping.proposalId)
        .outerjoin(BLSession, BLSession.sessionId == Dewar.firstExperimentId)
        .where(Dewar.dewarId.in_([row.dewarId for row in bare]))
    )
    parts = {row[0]: row[1:] for row in db.session.execute(statement)}
    for row in bare:
        save(row, {"barCode": _build_barcode(row.dewarId, *parts[row.dewarId])})


def _build_barcode(
    key: int, code: str | None, number: str | None, visit: int | None, beamline: str | None
) -> str:
    """The bar code of a dewar in the site's format, 45 characters at most."""
    text = app_context.site()["shipping"]["dewar_barcode"]
    text = re.sub(r"\[(.*?)\]", r"\1" if visit is not None and beamline else "", text)
    words = {
        "proposal": build_proposal_name(code, number) or "",
        "visit": f"{visit or ''}",
        "beamline": beamline or "",
    }
    for word, value in words.items():
        text = text.replace(f"{{{word}}}", value)
    text = re.sub(r"\{id(?::(\d))?\}", lambda match: f"{key:0{match[1] or 1}}", text)
    return text[-45:]
