"""What modules may know of the app they run in: its settings and its plugins, and no HTTP."""

from flask import current_app

from services.auth.plugins.base import Authentication

PLUGINS = "auth_plugins"


def site() -> dict:
    """The settings of the site."""
    return current_app.config["SITE"]


def plugins() -> dict[str, Authentication]:
    """The ways to sign in, by public name, in the order of login pages."""
    return current_app.extensions[PLUGINS]
