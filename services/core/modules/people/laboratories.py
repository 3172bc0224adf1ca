"""Laboratories: every signed-in caller may read them all."""

from services.core.schemas.people.laboratories import LaboratorySchema
from shared.table_service import TableService

laboratories = TableService(LaboratorySchema)
