"""Atlases: pictures of whole grids."""

from services.em.models import Atlas
from services.em.schemas.atlases import AtlasSchema
from shared import access, read
from shared.identity import Identity


def visible(identity: Identity) -> access.Rule:
    """The atlases of the sessions the caller sees."""
    return access.groups(identity, Atlas.dataCollectionGroupId)


def find(identity: Identity, query: dict) -> dict:
    """List visible atlases, latest first."""
    return read.page(AtlasSchema, visible(identity), query)


def get(identity: Identity, atlas_id: int, fields=()) -> dict:
    """Return one visible atlas."""
    return read.one(AtlasSchema, visible(identity), fields, atlasId=atlas_id)
