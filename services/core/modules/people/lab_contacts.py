"""Shipping contacts: the address book of a proposal, for all callers who see the proposal."""

from services.core.schemas.people.lab_contacts import LabContactSchema
from shared.table_service import TableService

lab_contacts = TableService(LabContactSchema)
