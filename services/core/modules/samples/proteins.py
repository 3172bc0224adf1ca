"""Proteins, and other substances of the samples of a proposal."""

from services.core.schemas.samples.proteins import ProteinSchema
from shared.table_service import TableService

proteins = TableService(ProteinSchema)
