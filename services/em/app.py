"""The em service: cryo-electron microscopy."""

from collections.abc import Mapping

from flask import Flask

from services.em.routes import atlases
from shared.app import ApiMount, build_app

MOUNTS = [ApiMount([atlases.ns], path="/em")]


def create_app(config: Mapping | str | None = None) -> Flask:
    """Build the em service; ``config`` is its site file, see shared.config.load."""
    return build_app("em", MOUNTS, config)
