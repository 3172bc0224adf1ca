"""Registered dewars: staff register them, members of their proposals care for some columns."""

import re
from typing import Any

from sqlalchemy import and_, func, or_, select

from services.core.schemas.shipping.registered_dewars import (
    CODE,
    RegisteredDewarProposalSchema,
    RegisteredDewarSchema,
)
from shared import names
from shared.db import db, save
from shared.errors import Forbidden, not_found
from shared.identity import Identity
from shared.link_service import LinkService
from shared.models import Dewar, DewarRegistry, DewarRegistryHasProposal, Shipping
from shared.table_service import TableService

STAFF = ("all_proposals", "uportal_sync")  # a caller with one of them registers items
EDITABLE = {"purchaseDate", "manufacturerSerialNumber", "labContactId"}  # by members


class RegisteredDewars(TableService):
    """The physical dewars of a facility."""

    def find_by(self, identity: Identity, key: str | int) -> dict:
        """The filters of an id, ``7``, or of a facility code in any case."""
        if names.KEY.fullmatch(str(key)):
            return {"dewarRegistryId": int(key)}
        if not re.fullmatch(CODE, str(key)):
            raise not_found(DewarRegistry)
        return {"facilityCode": str(key).upper()}

    def insert(self, identity: Identity, data: dict) -> DewarRegistry:
        """Register a dewar; the proposal of its owner may use it."""
        row = super().insert(identity, {**data, "facilityCode": data["facilityCode"].upper()})
        if row.proposalId is not None:
            link = {"dewarRegistryId": row.dewarRegistryId, "proposalId": row.proposalId}
            save(DewarRegistryHasProposal(), {**link, "personId": identity.personId})
        return row

    def edit(self, identity: Identity, row: DewarRegistry, data: dict) -> DewarRegistry:
        """Change a locked registered dewar."""
        if "facilityCode" in data:
            data = {**data, "facilityCode": data["facilityCode"].upper()}
        return super().edit(identity, row, data)


class RegistryProposals(LinkService):
    """The proposals that may use a registered item, each with the person who linked them."""

    def create(  # type: ignore[override]
        self, identity: Identity, parent_key: Any, data: dict
    ) -> dict:
        """Let a visible proposal use a registered item."""
        return super().create(identity, parent_key, {**data, "personId": identity.personId})


registered_dewars = RegisteredDewars(RegisteredDewarSchema, along=("DewarRegistry_has_Proposal",))
registered_dewar_proposals = RegistryProposals(
    registered_dewars, "dewarRegistryId", "proposalId", RegisteredDewarProposalSchema
)


@registered_dewars.check
def check_staff(identity: Identity, data: dict, stored: DewarRegistry | None) -> None:
    """Raise Forbidden if a caller who is not staff changes more than the columns of members."""
    if stored is None or identity.can(*STAFF):
        return
    names_of_staff = sorted(
        name
        for name, value in data.items()
        if name not in EDITABLE and value != getattr(stored, name)
    )
    if names_of_staff:
        raise Forbidden(
            f"{', '.join(names_of_staff)}: needs one of {', '.join(STAFF)};"
            f" others change {', '.join(sorted(EDITABLE))}"
        )


def link_registered(rows: list[Dewar]) -> None:
    """Link dewars with a facility code to the items that are registered for their proposals."""
    link, item = DewarRegistryHasProposal, DewarRegistry
    statement = (
        select(Dewar.dewarId, item.dewarRegistryId)
        .join(Shipping, Shipping.shippingId == Dewar.shippingId)
        .join(item, item.facilityCode == func.upper(Dewar.facilityCode))
        .outerjoin(
            link,
            and_(
                link.dewarRegistryId == item.dewarRegistryId,
                link.proposalId == Shipping.proposalId,
            ),
        )
        .where(
            Dewar.dewarId.in_([row.dewarId for row in rows]),
            or_(link.proposalId.is_not(None), item.proposalId == Shipping.proposalId),
        )
    )
    keys = {key: item_id for key, item_id in db.session.execute(statement)} if rows else {}
    for row in rows:
        row.dewarRegistryId = keys.get(row.dewarId)
    db.session.flush()
