"""Tokens of OpenID Connect providers: of a real one, and with all that can be wrong."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import jwt
import oidc_provider_mock
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from services.auth.plugins.base import Account
from services.auth.plugins.keycloak import KeycloakAuthentication
from services.auth.plugins.openid import OpenIdAuthentication
from shared.config import ConfigError
from shared.errors import Unavailable
from shared.models import Person
from tests.auth.conftest import ROOT

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

CALLBACK = "http://127.0.0.1/callback"


# ---------------------------------------------------------------------------- a real provider


def test_somebody_signs_in_with_the_token_of_a_real_provider(another, add):
    alice = oidc_provider_mock.User(sub="1", claims={"preferred_username": "alice"})
    with oidc_provider_mock.run_server_in_thread(user_claims=[alice]) as server:
        issuer = f"http://localhost:{server.server_port}"
        asked = {
            "client_id": "ispyb",
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": "openid profile",
            "nonce": "n",
        }
        page = requests.post(
            f"{issuer}/oauth2/authorize",
            params=asked,
            data={"sub": "1"},
            allow_redirects=False,
        )
        code = parse_qs(urlsplit(page.headers["Location"]).query)["code"][0]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        granted = requests.post(f"{issuer}/oauth2/token", data=form, auth=("ispyb", "secret"))
        token = granted.json()["id_token"]

        def login(client):
            block = {
                "AUTH_MODULE": "services.auth.plugins.openid",
                "AUTH_CLASS": "OpenIdAuthentication",
                "CONFIG": {"ISSUER": issuer, "CLIENT_ID": client},
            }
            app = another(AUTH=[{"sso": block}], site={"name": "X", "mode": "production"})
            body = {"plugin": "sso", "token": token}
            return app.test_client().post(f"{ROOT}/auth/login", json=body)

        assert login("ispyb").status_code == 401  # not yet in the database
        add(Person(personId=7, login="alice"))
        answer = login("ispyb")
        assert (answer.status_code, answer.json["personId"]) == (201, 7)
        assert login("other").status_code == 401


# ------------------------------------------------------------------------- what can be wrong


@pytest.fixture(scope="module")
def keycloak():
    """The URL of a server that publishes the realm ``mx`` as Keycloak does, and its key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    jwk = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": "one", "use": "sig"}

    class Realm(BaseHTTPRequestHandler):
        def do_GET(self):
            base = f"http://127.0.0.1:{self.server.server_port}/realms/mx"
            pages = {
                "/realms/mx/.well-known/openid-configuration": {
                    "issuer": base,
                    "jwks_uri": f"{base}/protocol/openid-connect/certs",
                },
                "/realms/mx/protocol/openid-connect/certs": {"keys": [jwk]},
                "/realms/odd/.well-known/openid-configuration": {
                    "issuer": base,
                    "jwks_uri": f"{base}/protocol/openid-connect/certs",
                },
            }
            self.send_response(200 if self.path in pages else 404)
            self.end_headers()
            self.wfile.write(json.dumps(pages.get(self.path, {})).encode())

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Realm)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", key
    server.shutdown()
    server.server_close()


def plugin(url, realm="mx"):
    settings = {
        "KEYCLOAK_SERVER_URL": f"{url}/",
        "KEYCLOAK_REALM_NAME": realm,
        "KEYCLOAK_CLIENT_ID": "mxcube",
        "KEYCLOAK_CLIENT_SECRET_KEY": "hush",
    }
    return KeycloakAuthentication(KeycloakAuthentication.Config().load(settings))


@pytest.fixture
def ask(keycloak):
    """``ask(aud=...)`` is the answer to a token of Keycloak with other claims."""
    url, key = keycloak
    found = plugin(url)

    def answer(*, signed_by=None, algorithm="RS256", kid="one", seconds=60, **changes):
        claims = {
            "iss": f"{url}/realms/mx",
            "aud": "account",
            "azp": "mxcube",
            "typ": "Bearer",
            "exp": int(time.time()) + seconds,
            "iat": int(time.time()),
            "preferred_username": "mkova",
            "given_name": "Mia",
            "family_name": "Kova",
        }
        claims = {
            name: value for name, value in {**claims, **changes}.items() if value is not None
        }
        token = jwt.encode(
            claims, key if signed_by is None else signed_by, algorithm, {"kid": kid}
        )
        return found.authenticate_by_token(token)

    return answer


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"aud": ["account", "mxcube"], "azp": "web"},
        {"aud": "mxcube", "azp": None},
        {"typ": "ID"},
        {"seconds": -2},
    ],
    ids=str,
)
def test_good_tokens(ask, claims):
    assert ask(**claims) == Account("mkova", "Mia", "Kova")


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://elsewhere.example/realms/mx"},
        {"iss": None},
        {"azp": "other"},
        {"azp": None, "aud": None},
        {"seconds": -60},
        {"exp": None},
        {"nbf": int(time.time()) + 600},
        {"typ": "Refresh"},
        {"preferred_username": None},
        {"preferred_username": 5},
        {"kid": "two"},
        {"algorithm": "HS256", "signed_by": "x" * 64},
        {"algorithm": "none", "signed_by": ""},
        {"signed_by": rsa.generate_private_key(public_exponent=65537, key_size=2048)},
    ],
    ids=lambda value: str(value)[:50],
)
def test_tokens_that_are_refused(ask, claims):
    assert ask(**claims) is None


def test_what_is_no_token(keycloak):
    for text in ("x", "a.b.c", "é", "eyJhbGciOiJSUzI1NiJ9.e30."):
        assert plugin(keycloak[0]).authenticate_by_token(text) is None


def test_a_provider_that_is_away_or_another_one_is_said_to_be_so(keycloak):
    url, key = keycloak
    token = jwt.encode({}, key, "RS256", {"kid": "one"})
    for found in (plugin("http://127.0.0.1:9"), plugin(url, "gone")):
        with pytest.raises(Unavailable, match="does not answer"):
            found.authenticate_by_token(token)
    with pytest.raises(Unavailable, match="another one"):
        plugin(url, "odd").authenticate_by_token(token)


def test_login_pages_are_told_no_secret():
    assert plugin("https://sso.example.org").public() == {
        "KEYCLOAK_SERVER_URL": "https://sso.example.org/",
        "KEYCLOAK_REALM_NAME": "mx",
        "KEYCLOAK_CLIENT_ID": "mxcube",
    }
    config = OpenIdAuthentication.Config().load({"ISSUER": "https://a.example/", "CLIENT_ID": "b"})
    assert OpenIdAuthentication(config).public() == {
        "issuer": "https://a.example",
        "clientId": "b",
    }


def test_settings_that_are_missing_are_listed(another):
    block = {
        "AUTH_MODULE": "services.auth.plugins.keycloak",
        "AUTH_CLASS": "KeycloakAuthentication",
        "CONFIG": {"KEYCLOAK_SERVER_URL": "sso", "KEYCLOAK_REALM": "mx"},
    }
    with pytest.raises(ConfigError) as caught:
        another(AUTH=[{"keycloak": block}])
    assert caught.value.faults == [
        "AUTH.0.keycloak.CONFIG.KEYCLOAK_SERVER_URL: is not a URL",
        "AUTH.0.keycloak.CONFIG.KEYCLOAK_REALM_NAME: is missing",
        "AUTH.0.keycloak.CONFIG.KEYCLOAK_CLIENT_ID: is missing",
        "AUTH.0.keycloak.CONFIG.KEYCLOAK_REALM: unknown key, did you mean KEYCLOAK_REALM_NAME?",
    ]
