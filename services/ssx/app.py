"""The ssx service: serial crystallography."""

from collections.abc import Mapping

from flask import Flask

from services.ssx.routes import data_collections
from shared.app import ApiMount, build_app

MOUNTS = [ApiMount([data_collections.ns], path="/ssx")]


def create_app(config: Mapping | str | None = None) -> Flask:
    """Build the ssx service; ``config`` is its site file, see shared.config.load."""
    return build_app("ssx", MOUNTS, config)
