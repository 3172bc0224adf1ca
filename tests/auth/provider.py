"""A realm of Keycloak for the tests: its discovery, its keys, and tokens for passwords."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

CLIENT, SECRET = "mxcube", "hush"
BELOW = "/protocol/openid-connect"


@cache
def key(name: str) -> rsa.RSAPrivateKey:
    """One of several keys, which are made once, since that takes its time."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Realm:
    """The realm ``mx``; tests may change what it publishes, and what it answers to passwords."""

    def __init__(self, url: str):
        self.url, self.issuer = url, f"{url}/realms/mx"
        self.key = key("one")
        self.published = {"one": self.key}
        self.passwords = {"mkova": "mkova-word"}
        self.logins = {"mkova@example.org": "mkova"}
        self.pages: dict[str, tuple[int, bytes]] = {}  # answered as they are, by path
        self.asked: list[str] = []
        self.forms: list[dict[str, str]] = []

    def claims(self, **changes) -> dict:
        """The claims of an access token of Keycloak for mkova; None removes a claim.

        The numbers of ``exp`` and ``nbf`` are seconds from now.
        """
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": "account",
            "azp": CLIENT,
            "typ": "Bearer",
            "exp": 60,
            "iat": now,
            "preferred_username": "mkova",
            "given_name": "Mia",
            "family_name": "Kova",
            **changes,
        }
        for name in ("exp", "nbf"):
            if isinstance(claims.get(name), int):
                claims[name] += now
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, *, key=None, algorithm="RS256", kid="one", **changes) -> str:
        """A token with ``changes``, signed as usual or by something else."""
        key = self.key if key is None else key
        headers = {"kid": kid} if kid else {}
        return jwt.encode(self.claims(**changes), key, algorithm, headers)

    def get(self, path: str) -> tuple[int, bytes]:
        """The discovery, and the public keys."""
        self.asked.append(path)
        if path in self.pages:
            return self.pages[path]
        if path == "/realms/mx/.well-known/openid-configuration":
            below = f"{self.issuer}{BELOW}"
            document = {"jwks_uri": f"{below}/certs", "token_endpoint": f"{below}/token"}
            return 200, json.dumps({"issuer": self.issuer, **document}).encode()
        if path == f"/realms/mx{BELOW}/certs":
            keys = [
                RSAAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": kid, "use": "sig"}
                for kid, key in self.published.items()
            ]
            return 200, json.dumps({"keys": keys}).encode()
        return 404, b"{}"

    def post(self, path: str, form: dict[str, str]) -> tuple[int, bytes]:
        """A token for a password, with the errors that Keycloak has."""
        self.asked.append(path)
        self.forms.append(form)
        if path in self.pages:
            return self.pages[path]
        if (form["client_id"], form.get("client_secret")) != (CLIENT, SECRET):
            return 401, b'{"error": "unauthorized_client"}'
        login = self.logins.get(form["username"], form["username"])
        if form["grant_type"] != "password" or self.passwords.get(login) != form["password"]:
            return 401, b'{"error": "invalid_grant", "error_description": "Invalid user"}'
        token = self.token(preferred_username=login)
        return 200, json.dumps({"access_token": token, "token_type": "Bearer"}).encode()


@contextmanager
def running() -> Iterator[Realm]:
    """A realm on a free port of the loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self._answer(*realm.get(self.path))

        def do_POST(self):
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(text).items()}
            self._answer(*realm.post(self.path, form))

        def _answer(self, status, body):
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    realm = Realm(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield realm
    finally:
        server.shutdown()
        server.server_close()
