"""All services of a site in one process, as ``ispyb-services serve`` runs them."""

from collections.abc import Mapping
from importlib import import_module
from tempfile import TemporaryDirectory

from flask import Flask

from gateway import home
from gateway.embedded import Gateway
from gateway.render import declare
from gateway.specification import Specs
from services.auth import plugins
from shared import app as shared_app
from shared import config, keys

ANY_PLUGIN = {  # without settings: the plugins of a site do not change its specification
    "AUTH_MODULE": config.DEMO_PLUGIN,
    "AUTH_CLASS": "DummyAuthentication",
    "CONFIG": {"users": []},
}


def create_app(source=None) -> Gateway:
    """Return the gateway and the enabled services of the site ``source``, see config.load."""
    site = config.load(source, check_plugins=plugins.list_faults)
    apps = build(site)
    specs = published(apps)
    return Gateway(declare(site, specs), apps, home.page(site, specs))


def build(site: Mapping) -> dict[str, Flask]:
    """Build every enabled service."""
    return {
        name: import_module(f"services.{name}.app").create_app(site)
        for name in config.enabled(site)
    }


def published(apps: Mapping[str, Flask]) -> Specs:
    """The specifications of ``apps``."""
    return {name: shared_app.specifications(app) for name, app in apps.items()}


def specifications(site: Mapping) -> Specs:
    """The specifications of the services of ``site``, without its database, keys and secrets."""
    with TemporaryDirectory() as folder:
        keys.new(folder)
        stripped = {
            **site,
            "site": {**site["site"], "mode": "demo"},
            "database": {"uri": "sqlite://"},
            "tokens": {**site["tokens"], "keys": folder},
            "AUTH": [{"none": ANY_PLUGIN}],
        }
        return published(build(stripped))
