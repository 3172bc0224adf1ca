"""Proteins, or whatever substances the samples of a proposal are of."""

from services.core.schemas.samples.proteins import ProteinSchema
from shared.table_service import TableService

proteins = TableService(ProteinSchema)
