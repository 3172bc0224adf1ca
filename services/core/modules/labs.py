"""Laboratories. Whoever is signed in may know them all."""

from services.core.schemas.labs import LaboratorySchema
from shared import read, rows
from shared.access import everything
from shared.db import save
from shared.identity import Identity
from shared.models import Laboratory


def find(identity: Identity, query: dict) -> dict:
    """List laboratories."""
    return read.page(LaboratorySchema, everything(identity), query)


def get(identity: Identity, laboratory_id: int, fields=()) -> dict:
    """Return one laboratory."""
    return read.one(LaboratorySchema, everything(identity), fields, laboratoryId=laboratory_id)


def add(identity: Identity, data: dict) -> dict:
    """Create a laboratory."""
    return get(identity, save(Laboratory(), data).laboratoryId)


def change(identity: Identity, laboratory_id: int, data: dict) -> dict:
    """Change some columns of a laboratory."""
    save(rows.locked(Laboratory, laboratory_id), data)
    return get(identity, laboratory_id)


def replace(identity: Identity, laboratory_id: int, data: dict) -> dict:
    """Change all columns of a laboratory."""
    return change(identity, laboratory_id, rows.replaced(LaboratorySchema, data))


def remove(identity: Identity, laboratory_id: int) -> dict:
    """Delete a laboratory nobody belongs to; return what it was."""
    laboratory = get(identity, laboratory_id)
    rows.remove(Laboratory, laboratory_id)
    return laboratory
