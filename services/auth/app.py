"""The auth service: logins, tokens, groups and permissions."""

from collections.abc import Mapping

from flask import Flask

from services.auth import plugins
from services.auth.app_context import PLUGINS
from services.auth.dialects import mxcube
from services.auth.routes import (
    activities,
    explanations,
    groups,
    logins,
    permissions,
    tokens,
    users,
)
from shared.app import ApiMount, build_app
from shared.config import load

MOUNTS = [
    ApiMount(
        [
            logins.ns,
            users.ns,
            tokens.ns,
            groups.ns,
            permissions.ns,
            activities.ns,
            explanations.ns,
        ],
        path="/auth",
    ),
    ApiMount([mxcube.auth, mxcube.user], path="/auth", root="/ispyb/mxcube", dialect="mxcube"),
]


def create_app(config: Mapping | str | None = None) -> Flask:
    """Build the auth service; ``config`` is its site file, see shared.config.load."""
    site = load(config, "auth", check_plugins=plugins.list_faults)
    loaded = plugins.load(site)
    app = build_app("auth", MOUNTS, site)
    app.extensions[PLUGINS] = loaded
    return app
