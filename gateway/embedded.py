"""A gateway for one machine: all services in one process, behind the routes of Kong's file.

It routes as Kong does and removes what only Kong may say. It does not look at tokens: that
each service does for itself, behind Kong too. What watches over this machine may ask it for
``/ready`` and ``/metrics``, which Kong gives to nobody.
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
WATCHED = ("/metrics", "/ready")  # for programs of this machine that come through no proxy
LOOPBACK = ("127.0.0.1", "::1")
TAME = re.compile(r"[\w.-]{1,64}", re.ASCII)


class Gateway:
    """The WSGI application of the whole site."""

    def __init__(self, kong: Mapping, services: Mapping[str, Flask], home: Callable[[], Response]):
        """``kong`` is what the file says, ``services`` those it names; ``home`` answers at /."""
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
        answer = self._find(environ, path)
        if isinstance(answer, Response):
            answer.headers["X-Request-ID"] = environ["HTTP_X_REQUEST_ID"]
            answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer(environ, start_response)

    def _find(self, environ: dict, path: str) -> WSGI | Response:
        """What answers: a service, a document of the file, the page at /, or that nothing is."""
        if "%00" in path:
            return problem(environ, HTTPStatus.BAD_REQUEST, "the path holds a zero byte")
        if path == "/" and environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            return self._home()
        if path in WATCHED and environ["HTTP_X_FORWARDED_FOR"] in LOOPBACK:
            return next(iter(self.services.values()))  # of this process they all tell the same
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
    """The path as it was sent, where the server kept it: ``PATH_INFO`` has lost ``%2F``."""
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if not raw:
        raw = quote(environ.get("PATH_INFO", "").encode("latin1"))
    elif not raw.startswith("/"):
        raw = urlsplit(raw).path
    return normalise(raw.partition("?")[0])


def name_request(environ: dict) -> None:
    """Give the request a name, unless it has a tame one."""
    if not TAME.fullmatch(environ.get("HTTP_X_REQUEST_ID", "")):
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
