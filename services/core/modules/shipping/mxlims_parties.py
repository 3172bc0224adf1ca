"""The rows of a proposal that an MXLIMS message names: session, contacts, registered items."""

import re
from datetime import date
from typing import Any

from sqlalchemy import or_, select

from services.core.modules.shipping.mxlims_documents import Message
from shared import access, names
from shared.db import db
from shared.errors import BadInput, not_found
from shared.identity import Identity
from shared.models import (
    BLSession,
    ContainerRegistry,
    ContainerRegistryHasProposal,
    DewarRegistry,
    DewarRegistryHasProposal,
    LabContact,
    Person,
    Proposal,
)

CONTACTS = {
    "labContactOutbound": "sendingLabContactId",
    "labContactReturn": "returnLabContactId",
}


class Parties:
    """The rows of the proposal that a message names, and lines for the comments without them.

    ``dewars`` and ``containers`` are the keys of registered items by bar code in lower case.
    """

    def __init__(self, identity: Identity, message: Message, proposal_id: int):
        self.proposal_id, self._message = proposal_id, message
        self.warnings: list[str] = []
        self.notes: list[str] = []
        self.session_id = self._find_session(identity)
        self.contacts = self._find_contacts()
        self.dewars = self._find_dewars()
        self.containers = self._find_containers()
        self.default_name = f"{message.shipment['proposalCode']}_{date.today()}"

    def _find_session(self, identity: Identity) -> int | None:
        """The key of the visible session with the number of the shipment."""
        shipment = self._message.shipment
        if (number := shipment["sessionNumber"]) is None:
            return None
        rule = access.sessions(identity)
        statement = select(BLSession.sessionId).filter_by(proposalId=self.proposal_id)
        statement = statement.where(BLSession.visit_number == number, rule.condition)
        key = db.session.scalar(statement.limit(1), rule.values)
        if key is None:
            reason = f"The proposal has no session {number}."
            raise BadInput(
                "invalid input", {"Shipment": {shipment.name: {"sessionNumber": [reason]}}}
            )
        return key

    def _find_contacts(self) -> dict[str, int]:
        """The contacts of the shipment: by e-mail, else by name."""
        shipment, keys = self._message.shipment, {}
        statement = (
            select(
                *(LabContact.labContactId, LabContact.cardName),
                *(Person.givenName, Person.familyName, Person.emailAddress),
            )
            .join(Person, Person.personId == LabContact.personId)
            .where(LabContact.proposalId == self.proposal_id)
            .order_by(LabContact.labContactId.desc())
        )
        by_email: dict[str, int] = {}
        by_name: dict[str, int] = {}
        for key, card, given, family, email in db.session.execute(statement):
            by_name |= {card.lower(): key, f"{given or ''} {family or ''}".strip().lower(): key}
            by_email |= {email.lower(): key} if email else {}
        for member, column in CONTACTS.items():
            if not (contact := shipment[member]):
                continue
            email = contact.get("emailAddress", "").lower()
            contact_id = by_email.get(email) or by_name.get(contact["name"].lower())
            if contact_id:
                keys[column] = contact_id
                continue
            address = contact.get("emailAddress") or contact.get("phoneNumber")
            self.notes.append(f"{member} {contact['name']}, {address}")
            self.warnings.append(
                f"{shipment.name}.{member}: {contact['name'][:100]} is no lab contact of the"
                " proposal; the comments have the name: choose a contact of the proposal"
            )
        return keys

    def _find_dewars(self) -> dict[str, int]:
        item, link = DewarRegistry, DewarRegistryHasProposal
        linked = select(link.dewarRegistryId).where(link.proposalId == self.proposal_id)
        statement = select(item.facilityCode, item.dewarRegistryId).where(
            or_(item.proposalId == self.proposal_id, item.dewarRegistryId.in_(linked))
        )
        return self._find_items("Dewar", item.facilityCode, statement)

    def _find_containers(self) -> dict[str, int]:
        item, link = ContainerRegistry, ContainerRegistryHasProposal
        linked = select(link.containerRegistryId).where(link.proposalId == self.proposal_id)
        statement = select(item.barcode, item.containerRegistryId)
        statement = statement.where(item.containerRegistryId.in_(linked))
        return self._find_items("Puck", item.barcode, statement)

    def _find_items(self, kind: str, column: Any, statement: Any) -> dict[str, int]:
        """The registered items of the proposal that objects of a class have the bar codes of."""
        barcodes = {each["barcode"] or "" for each in self._message.get_all(kind)}
        barcodes = {code for code in barcodes if code and code.isascii()}  # as the column is
        if not barcodes:
            return {}
        spellings = {word for code in barcodes for word in (code, code.upper(), code.lower())}
        rows = db.session.execute(statement.where(column.in_(spellings)))
        return {code.lower(): key for code, key in rows}


def get_proposal(identity: Identity, message: Message) -> int:
    """The key of the visible proposal of a message; NotFound if it is hidden or absent."""
    code = message.shipment["proposalCode"]
    if not re.match("[A-Za-z]", code):
        raise not_found(Proposal)
    return names.proposal_key(identity, code)
