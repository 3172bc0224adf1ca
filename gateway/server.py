"""Gunicorn for one machine or one container: all services behind the gateway, or one alone."""

import errno
import os
import socket
from collections.abc import Iterable, Mapping
from importlib import import_module
from urllib.parse import urlsplit

import click
from flask import Flask
from gunicorn.app.base import BaseApplication

from gateway import home
from gateway.app import create_app
from shared import config
from shared.db import db

REQUESTS = 20_000  # a worker answers about so many, and another takes its place
GRACE_SECONDS = 20  # for requests that run when the server is told to end


class PortError(OSError):
    """The address to listen on cannot be had."""


def serve(
    source=None, service: str | None = None, host: str | None = None, port: int | None = None
):
    """Serve a site until a signal ends it, or only its ``service``, without the gateway.

    ``host`` and ``port`` go before those of the site: of ``gateway``, or, for a service alone,
    the port of its ``url``.
    """
    site = config.load(source, service)
    site["gateway"] |= {
        "host": host or site["gateway"]["host"],
        "port": port or (service_port(site, service) if service else site["gateway"]["port"]),
    }
    listener = listen(site["gateway"]["host"], site["gateway"]["port"])
    if service:
        app = import_module(f"services.{service}.app").create_app(site)
        apps: Iterable[Flask] = [app]
    else:
        app = create_app(site)
        apps = app.services.values()

    def after_fork(*_) -> None:
        """A connection to the database belongs to one process."""
        for each in apps:
            with each.app_context():
                db.engine.dispose(close=False)

    options = {
        "bind": f"fd://{listener.detach()}",
        "workers": site["gateway"]["workers"],
        "worker_class": "gthread",
        "threads": site["gateway"]["threads"],
        "preload_app": True,
        "max_requests": REQUESTS,
        "max_requests_jitter": REQUESTS // 10,
        "graceful_timeout": GRACE_SECONDS,
        "keepalive": 15,
        "limit_request_line": 8190,
        "forwarder_headers": "",  # clients on this machine could send SCRIPT_NAME
        "control_socket_disable": True,  # two sites of one user would share it
        "loglevel": "warning",
        "post_fork": after_fork,
    }
    if os.access("/dev/shm", os.W_OK):
        options["worker_tmp_dir"] = "/dev/shm"  # a slow disk would look like a dead worker
    options["when_ready"] = lambda _: announce(site, service)
    _Server(app, options).run()


def service_port(site: Mapping, service: str) -> int:
    """The port at which the gateway looks for ``service``."""
    given = site["services"][service]["url"]
    url = urlsplit(given if isinstance(given, str) else given[0])
    return url.port or (443 if url.scheme == "https" else 80)


def announce(site: Mapping, service: str | None) -> None:
    """Say where the requests may come, and what to try first."""
    click.echo(f"{site['site']['name']}: {service or 'ISPyB Services'} at {home.origin(site)}")
    if service:
        return
    if people := home.users(site):
        click.echo("\nUsers of the demo (login / password):")
        for person in people:
            click.echo(f"  {person['login']} / {person['password']}: {person['name']}")
    for call in home.calls(site):
        click.echo(f"\n{call['title']}:\n  {call['command']}")
    click.echo("\nCtrl-C ends it.")


def listen(host: str, port: int) -> socket.socket:
    """Take the port before anything else is done; say clearly when somebody has it."""
    try:
        family, *_, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror:
        raise PortError(errno.EADDRNOTAVAIL, f"there is no address {host} to listen on") from None
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(where)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        reason = (
            "is in use" if error.errno == errno.EADDRINUSE else f"is not free: {error.strerror}"
        )
        raise PortError(error.errno, f"port {port} of {host} {reason}; choose another") from None
    return listener


class _Server(BaseApplication):
    """Gunicorn, told by us and not by its command line, environment or files."""

    def __init__(self, app, options: Mapping):
        self._app = app
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self):
        return self._app
