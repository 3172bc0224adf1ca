"""The site of a facility, and its callers with their tokens."""

import time
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import uuid4

import jwt
from flask import Flask

from bench.facility.sizes import BEAMLINES, GROUPS, PERSON, SMALL_BEAMLINE
from services.core.app import create_app
from shared import keys

ISSUER = "https://ispyb.example.org"
ROOT = "/ispyb/api/v1"
HOURS = 24 * 3600  # for which a token is valid
PERMISSIONS = {
    "manager": "all_proposals",
    "big beamline": str(GROUPS[0]["permission"]),
    "small beamline": str(GROUPS[1]["permission"]),
    "pipeline": "processing_write all_sessions",
}
CALLERS = ("user", "big beamline", "small beamline", "manager")


class Answer(NamedTuple):
    status: int
    body: bytes


def build_site(uri: str, folder: str | Path, statement_seconds: int = 10) -> dict:
    """The settings of a site with core only; ``folder`` gets keys if it has none."""
    if not Path(folder, "current").exists():
        keys.new(folder)
    return {
        "site": {"name": "Bench", "mode": "demo"},
        "database": {"uri": uri, "pool_size": 4, "statement_seconds": statement_seconds},
        "tokens": {"issuer": ISSUER, "audience": "ispyb", "keys": str(folder)},
        "services": {"core": {"enabled": True, "url": "http://core:8000", "dialects": ["mxcube"]}},
        "beamlines": [*BEAMLINES, SMALL_BEAMLINE],
        "beamline_groups": GROUPS,
        "file_roots": ["/data"],
        "limits": {"requests_per_minute": 1_000_000},
    }


def build_app(site: dict) -> Flask:
    """Core in this process."""
    app = create_app(site)
    app.testing = True
    return app


def sign_token(folder: str | Path, caller: str) -> str:
    """The token of one of ``CALLERS``, of a person of ``PERSON``, or of a pipeline."""
    key_id, private = keys.signing_key(folder)
    permissions = PERMISSIONS.get(caller, "").split()
    now = int(time.time())
    claims = {"sub": caller, "personId": PERSON.get(caller), "permissions": permissions}
    claims |= {"iss": ISSUER, "aud": "ispyb", "iat": now, "exp": now + HOURS, "jti": uuid4().hex}
    if caller == "pipeline":
        claims["service"] = True
    return jwt.encode(claims, private, "RS256", headers={"kid": key_id})


class Client:
    """A caller that sends requests to the app in this process, by WSGI and without a server."""

    def __init__(self, app: Flask, token: str):
        self.app, self.token = app, token

    def get(self, path: str, query: dict | None = None) -> Answer:
        """The answer to a GET below the root of the API."""
        status: list[str] = []
        environ = {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": path if path.startswith("/ispyb/") else f"{ROOT}{path}",
            "QUERY_STRING": urlencode(query or {}),
            "SERVER_NAME": "bench",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_AUTHORIZATION": f"Bearer {self.token}",
            "wsgi.url_scheme": "http",
            "wsgi.input": _Empty(),
            "wsgi.errors": _Empty(),
        }

        def start(line: str, *_: Any) -> Any:
            status.append(line)

        parts = self.app.wsgi_app(environ, start)
        try:
            body = b"".join(parts)
        finally:
            parts.close()  # type: ignore[attr-defined]
        return Answer(int(status[-1][:3]), body)


class _Empty:
    """A body of no bytes, and a log that drops its lines."""

    def read(self, *_):
        return b""

    readline = read

    def write(self, _):
        pass
