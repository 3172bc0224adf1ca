"""Shipping contacts: the address book of a proposal, kept by those who see the proposal."""

from services.core.models import LabContact
from services.core.modules import proposals
from services.core.schemas.lab_contacts import LabContactSchema
from shared import access, read, rows
from shared.access import Rule
from shared.db import save
from shared.identity import Identity


def find(identity: Identity, query: dict) -> dict:
    """List the contacts of visible proposals; ``proposal`` is an id or a name."""
    if "proposal" in query:
        query = {**query, "proposal": proposals.key(identity, query["proposal"])}
    return read.page(LabContactSchema, _rule(identity), query)


def get(identity: Identity, contact_id: int, fields=()) -> dict:
    """Return one contact of a visible proposal."""
    return read.one(LabContactSchema, _rule(identity), fields, labContactId=contact_id)


def add(identity: Identity, data: dict) -> dict:
    """Create a contact for a visible proposal."""
    _check_writer(identity)
    rows.check_parents(identity, LabContact, data)
    return get(identity, save(LabContact(), data).labContactId)


def change(identity: Identity, contact_id: int, data: dict) -> dict:
    """Change some columns of a contact."""
    _check_writer(identity)
    contact = rows.lock_visible(identity, LabContact, contact_id)
    rows.check_parents(identity, LabContact, data)
    save(contact, data)
    return get(identity, contact_id)


def replace(identity: Identity, contact_id: int, data: dict) -> dict:
    """Change all columns of a contact."""
    return change(identity, contact_id, rows.replaced(LabContactSchema, data))


def remove(identity: Identity, contact_id: int) -> dict:
    """Delete a contact that no shipment names; return what it was."""
    _check_writer(identity)
    contact = get(identity, contact_id)
    rows.remove(LabContact, contact_id)
    return contact


def _rule(identity: Identity) -> Rule:
    return access.proposals(identity, LabContact.proposalId)


def _check_writer(identity: Identity) -> None:
    """People look after their own address book; a program needs leave."""
    if identity.program:
        identity.need("uportal_sync")
