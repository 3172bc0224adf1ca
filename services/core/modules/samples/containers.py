"""Containers of samples: pucks, plates, grid boxes."""

from services.core.schemas.samples.containers import ContainerSchema
from shared.table_service import TableService

containers = TableService(ContainerSchema)
