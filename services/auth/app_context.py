"""The settings and plugins of the app, for modules, which know no HTTP."""

from flask import current_app

from services.auth.plugins.base import Authentication
from shared.app_context import site

__all__ = ["plugins", "site"]
PLUGINS = "auth_plugins"  # among the extensions of the app


def plugins() -> dict[str, Authentication]:
    """The plugins for signing in, by public name, in the order of login pages."""
    return current_app.extensions[PLUGINS]
