"""A gateway for one machine: all services in one process, behind the routes of Kong's file.

It routes as Kong does and removes headers that only Kong may set. It does not check tokens: each
service does, behind Kong too. Monitoring on this machine gets ``/ready`` and ``/metrics``, which
Kong publishes to nobody.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from urllib.parse import quote, unquote_to_bytes, urlsplit
from uuid import uuid4

import orjson
from flask import Flask
from werkzeug.wrappers import Response

from gateway.routing import Router, normalise

WSGI = Callable[[dict, Callable], Iterable[bytes]]
KONGS = ("HTTP_X_CONSUMER_", "HTTP_X_CREDENTIAL_", "HTTP_X_ANONYMOUS_", "HTTP_X_AUTHENTICATED_")
MONITORED = ("/metrics", "/ready")  # for clients on this machine, without a proxy
LOOPBACK = ("127.0.0.1", "::1")
SAFE_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)


class Gateway:
    """The WSGI application of the whole site."""

    def __init__(self, kong: Mapping, services: Mapping[str, Flask], home: Callable[[], Response]):
        """``kong`` is the content of the file, with these ``services``; ``home`` answers at /."""
        self.services = services
        self._router = Router(kong)
        self._home = home

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        """Answer one request."""
        for name in [name for name in environ if name.startswith(KONGS)]:
            del environ[name]
        name_request(environ)
        before = environ.get("HTTP_X_FORWARDED_FOR")
        client = environ.get("REMOTE_ADDR", "")
        environ["HTTP_X_FORWARDED_FOR"] = f"{before}, {client}" if before else client
        path = _path(environ)
        answer = self._dispatch(environ, path)
        if isinstance(answer, Response):
            answer.headers["X-Request-ID"] = environ["HTTP_X_REQUEST_ID"]
            answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer(environ, start_response)

    def _dispatch(self, environ: dict, path: str) -> WSGI | Response:
        """The answer to a request: a service, a document, the page at /, or a problem."""
        if "%00" in path:
            return problem(environ, HTTPStatus.BAD_REQUEST, "the path holds a zero byte")
        if path == "/" and environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            return self._home()
        if path in MONITORED and environ["HTTP_X_FORWARDED_FOR"] in LOOPBACK:
            return next(iter(self.services.values()))  # all of this process have the same metrics
        route = self._router.match(environ["REQUEST_METHOD"], path)
        if route is None:
            return problem(environ, HTTPStatus.NOT_FOUND, "no service answers at this path")
        if "request-termination" in route.plugins:
            answer = route.plugins["request-termination"]
            return Response(answer["body"], answer["status_code"], mimetype=answer["content_type"])
        environ["SCRIPT_NAME"] = ""
        environ["PATH_INFO"] = unquote_to_bytes(path).decode("latin1")
        query = environ.get("QUERY_STRING")
        environ["RAW_URI"] = environ["REQUEST_URI"] = f"{path}?{query}" if query else path
        return self.services[route.service or ""]


def _path(environ: Mapping) -> str:
    """The path as the client sent it, if the server has it: ``PATH_INFO`` has lost ``%2F``."""
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if not raw:
        raw = quote(environ.get("PATH_INFO", "").encode("latin1"))
    elif not raw.startswith("/"):
        raw = urlsplit(raw).path
    return normalise(raw.partition("?")[0])


def name_request(environ: dict) -> None:
    """Give the request an id, unless it has one that is safe to log."""
    if not SAFE_ID.fullmatch(environ.get("HTTP_X_REQUEST_ID", "")):
        environ["HTTP_X_REQUEST_ID"] = uuid4().hex


def problem(environ: Mapping, status: HTTPStatus, detail: str) -> Response:
    """A problem document, as the services write them."""
    document = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status,
        "detail": detail,
        "requestId": environ["HTTP_X_REQUEST_ID"],
    }
    return Response(orjson.dumps(document), status, mimetype="application/problem+json")
