"""The settings of the site, for code that runs inside of an app."""

from flask import current_app


def site() -> dict:
    """The settings of the site, as ``shared.config.load`` returned them."""
    return current_app.config["SITE"]
