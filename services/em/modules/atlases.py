"""Atlases, pictures of whole grids, visible to those who see their group of data collections."""

from services.em.schemas.atlases import AtlasSchema
from shared.table_service import TableService

atlases = TableService(AtlasSchema)
