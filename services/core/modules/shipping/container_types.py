"""Kinds of containers, with the places that they have."""

from services.core.schemas.shipping.container_types import ContainerTypeSchema
from shared.table_service import TableService

container_types = TableService(ContainerTypeSchema)
