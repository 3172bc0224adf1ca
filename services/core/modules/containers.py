"""Containers of samples."""

from services.core.modules import proposals
from services.core.schemas.containers import ContainerSchema
from shared import access, read
from shared.identity import Identity


def find(identity: Identity, query: dict) -> dict:
    """List visible containers; ``proposal`` is an id or a name."""
    if "proposal" in query:
        query = {**query, "proposal": proposals.key(identity, query["proposal"])}
    return read.page(ContainerSchema, access.containers(identity), query)


def get(identity: Identity, container_id: int, fields=()) -> dict:
    """Return one visible container."""
    return read.one(ContainerSchema, access.containers(identity), fields, containerId=container_id)
