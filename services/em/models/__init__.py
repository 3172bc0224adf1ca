"""Tables of electron microscopy."""

from services.em.models.atlases import Atlas, GridSquare

__all__ = ["Atlas", "GridSquare"]
