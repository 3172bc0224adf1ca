"""The settings and plugins of the app, for modules, which know no HTTP."""

from flask import current_app

from services.auth.plugins.base import Authentication
from shared.app_context import site
from shared.identity import Verifier

__all__ = ["plugins", "site", "verifier"]
PLUGINS = "auth_plugins"  # among the extensions of the app


def plugins() -> dict[str, Authentication]:
    """The plugins for signing in, by public name, in the order of login pages."""
    return current_app.extensions[PLUGINS]


def verifier() -> Verifier:
    """The reader of tokens, which knows the beamline groups and industrial codes of the site."""
    return current_app.extensions["verifier"]
