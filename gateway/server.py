"""Gunicorn for one machine or one container: all services behind the gateway, or one alone."""

import errno
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import NoReturn
from urllib.parse import urlsplit

from flask import Flask
from gunicorn.app.base import BaseApplication

from gateway.worker import Worker
from shared import config
from shared.db import db
from shared.metrics import FIGURES

REQUESTS = 20_000  # after about so many a worker is replaced
GRACE_SECONDS = 20  # for running requests when the server ends
KEEPALIVE_SECONDS = 75  # longer than Kong keeps idle connections (60), so that Kong closes them
BACKLOG = 2048  # connections that wait until a worker takes them
CONNECTIONS = 800  # of each worker, of the 1,024 files that a process may usually open


class PortError(RuntimeError):
    """The address to listen on is not available."""


def serve(
    site: Mapping,
    only: str | None = None,
    check: Callable[[], None] | None = None,
    ready: Callable[[], None] | None = None,
) -> None:
    """Serve ``site`` until a signal, or ``only`` one of its services, without the gateway.

    ``check`` is called when the services are built, ``ready`` when the server answers requests.
    """
    site = config.load(site, only)
    place = address(site, only)
    listener = bind(*place)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy would start threads before the fork
    app, services = _build(site, only)
    if check:
        check()
    _share_memory(services)
    with _port_errors(listener, *place):
        listener.listen(
            BACKLOG
        )  # not earlier: a proxy would send requests that are not answered yet
    parts = 2 * site["gateway"]["workers"] + 1  # twice as many while workers are replaced
    FIGURES.divide(parts)

    def before_fork(server, worker) -> None:
        used_parts = {other.part for other in server.WORKERS.values()}
        worker.part = next((part for part in range(parts) if part not in used_parts), None)

    def after_fork(_, worker) -> None:
        """Give the new process its own connections to the database and its own part."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            signal.signal(number, signal.SIG_DFL)  # the master's handlers would lose them
        FIGURES.enter(worker.part)
        for service in services:
            with service.app_context():
                db.engine.dispose(close=False)

    def at_exit(_, __) -> None:
        """Close the connections to the database."""
        for service in services:
            with service.app_context():
                db.engine.dispose()

    options = {
        "bind": f"fd://{listener.detach()}",
        "workers": site["gateway"]["workers"],
        "worker_class": Worker,
        "worker_connections": CONNECTIONS,
        "threads": site["gateway"]["threads"],
        "preload_app": True,
        "max_requests": REQUESTS,
        "max_requests_jitter": REQUESTS // 10,
        "graceful_timeout": GRACE_SECONDS,
        "keepalive": KEEPALIVE_SECONDS,
        "limit_request_line": 8190,
        "forwarder_headers": "",  # else clients on this machine could send SCRIPT_NAME
        "control_socket_disable": True,  # else two sites of one user would share it
        "loglevel": "warning",
        "pre_fork": before_fork,
        "post_fork": after_fork,
        "worker_exit": at_exit,
    }
    if os.access("/dev/shm", os.W_OK):
        options["worker_tmp_dir"] = "/dev/shm"  # a slow disk would look like a dead worker
    if ready:
        options["when_ready"] = lambda _: ready()
    try:
        _Server(app, options, site["limits"]["body_megabytes"] * 2**20).run()
    except SystemExit as end:  # of the server, and of each worker, which is forked in there
        _leave(int(end.code or 0))


def _share_memory(services: Iterable[Flask]) -> None:
    """Import before the fork the modules that a service imports at a request, e.g. for a plot.

    No collection of garbage looks at the objects that exist by now. It would write to them, so
    that each worker would get a copy of its own of their pages.
    """
    for service in services:
        for name in service.extensions.get("imports", ()):
            import_module(name)
    gc.collect()
    gc.freeze()


def _leave(code: int) -> NoReturn:
    """End the process without waiting for its threads.

    Its objects are not freed one by one either, which takes most of a second.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def address(site: Mapping, only: str | None = None) -> tuple[str, int]:
    """The address to listen on.

    A single service listens on the port of its ``url``, which the gateway uses, and on every
    interface, unless the host of ``url`` is the loopback address.
    """
    if only is None:
        return site["gateway"]["host"], site["gateway"]["port"]
    urls = site["services"][only]["url"]
    url = urlsplit(urls if isinstance(urls, str) else urls[0])
    loopback = url.hostname in ("localhost", "127.0.0.1", "::1")
    return str(url.hostname) if loopback else "0.0.0.0", url.port or 80


def bind(host: str, port: int) -> socket.socket:
    """Bind the port, or raise PortError with the reason; this comes first in ``serve``."""
    try:
        family, *_, socket_address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror:
        raise PortError(f"gateway.host: there is no address {host} to listen on") from None
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    with _port_errors(listener, host, port):
        listener.bind(socket_address)
    return listener


@contextmanager
def _port_errors(listener: socket.socket, host: str, port: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        listener.close()
        is_used = error.errno == errno.EADDRINUSE
        reason = "is in use by another program" if is_used else f"is not free: {error.strerror}"
        raise PortError(f"port {port} of {host} {reason}; choose another one") from None


def _build(site: Mapping, only: str | None) -> tuple[Callable, Iterable[Flask]]:
    """The WSGI application, and the services in it."""
    if only:
        app = import_module(f"services.{only}.app").create_app(site)
        return app, [app]
    gateway = import_module("gateway.app").create_app(site)
    return gateway, gateway.services.values()


class _Server(BaseApplication):
    """Gunicorn with our settings, without those of its command line, environment and files."""

    def __init__(self, app: Callable, options: Mapping, body_bytes: int):
        """``body_bytes`` is the largest body of a request, for the worker."""
        self.body_bytes = body_bytes
        self._app = app
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Callable:
        return self._app
