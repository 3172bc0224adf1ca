"""Crystals: forms of the proteins of a proposal."""

from services.core.schemas.samples.crystals import CrystalSchema
from shared.table_service import TableService

crystals = TableService(CrystalSchema)
