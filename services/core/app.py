"""The core service: people, proposals, sessions, samples, data collections."""

from collections.abc import Mapping

from flask import Flask

from services.core.routes import proposals, sessions
from shared.app import Face, build_app

FACES = [Face([proposals.ns, sessions.ns])]


def create_app(config: Mapping | str | None = None) -> Flask:
    """Build the core service; ``config`` is its site file, see shared.config.load."""
    return build_app("core", FACES, config)
