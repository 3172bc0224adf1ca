"""Tokens of OpenID Connect providers: of a real one, and with all that can be wrong."""

import base64
import hashlib
import hmac
import json
from urllib.parse import parse_qs, urlsplit

import oidc_provider_mock
import pytest
import requests
from cryptography.hazmat.primitives import serialization

from services.auth.plugins import openid
from services.auth.plugins.base import Account
from services.auth.plugins.openid import OpenIdAuthentication
from shared.errors import Unavailable
from shared.models import Person
from tests.auth import provider
from tests.auth.conftest import ROOT

CALLBACK = "http://127.0.0.1/callback"


# ---------------------------------------------------------------------------- a real provider


def test_somebody_signs_in_with_the_token_of_a_real_provider(another, add):
    alice = oidc_provider_mock.User(sub="1", claims={"preferred_username": "alice"})
    with oidc_provider_mock.run_server_in_thread(user_claims=[alice]) as server:
        issuer = f"http://localhost:{server.server_port}"
        form = {
            "client_id": "ispyb",
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": "openid profile",
            "nonce": "n",
        }
        page = requests.post(
            f"{issuer}/oauth2/authorize",
            params=form,
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

STRANGER = provider.key("of a stranger")


@pytest.fixture
def realm():
    with provider.running() as realm_:
        yield realm_


def plugin(issuer, **settings):
    config = {"ISSUER": issuer, "CLIENT_ID": provider.CLIENT, **settings}
    return OpenIdAuthentication(OpenIdAuthentication.Config().load(config))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"aud": ["account", "mxcube"], "azp": "web"},
        {"aud": "mxcube", "azp": None},
        {"typ": "ID"},
        {"exp": -2},
        {"kid": None},
    ],
    ids=str,
)
def test_good_tokens(realm, changes):
    openid = plugin(realm.issuer)
    assert openid.authenticate_by_token(realm.token(**changes)) == Account("mkova", "Mia", "Kova")


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://elsewhere.example/realms/mx"},
        {"iss": "other"},
        {"iss": None},
        {"azp": "other"},
        {"azp": None, "aud": None},
        {"azp": None, "aud": "mxcube2"},
        {"azp": None, "aud": {"mxcube": 1}},
        {"azp": ["mxcube"]},
        {"exp": -60},
        {"exp": None},
        {"exp": "never"},
        {"nbf": 600},
        {"typ": "Refresh"},
        {"preferred_username": None},
        {"preferred_username": ""},
        {"preferred_username": 5},
        {"kid": "two"},
        {"algorithm": "HS256", "key": "x" * 64},
        {"algorithm": "none", "key": ""},
        {"algorithm": "PS256"},
        {"key": STRANGER},
        {"key": STRANGER, "kid": None},
        {"key": STRANGER, "kid": "two"},
    ],
    ids=lambda value: str(value)[:50],
)
def test_tokens_that_are_refused(realm, changes):
    assert plugin(realm.issuer).authenticate_by_token(realm.token(**changes)) is None


def encoded(part):
    return base64.urlsafe_b64encode(part).rstrip(b"=")


@pytest.mark.parametrize("algorithm", ["HS256", "HS512"])
@pytest.mark.parametrize("kind", ["PKCS1", "SubjectPublicKeyInfo"])
def test_the_public_key_is_no_password(realm, algorithm, kind):
    public = realm.key.public_key().public_bytes(
        serialization.Encoding.PEM, getattr(serialization.PublicFormat, kind)
    )
    header = json.dumps({"alg": algorithm, "kid": "one", "typ": "JWT"}).encode()
    signed = encoded(header) + b"." + encoded(json.dumps(realm.claims()).encode())
    digest = hashlib.sha256 if algorithm == "HS256" else hashlib.sha512
    forged = signed + b"." + encoded(hmac.digest(public, signed, digest))
    assert plugin(realm.issuer).authenticate_by_token(forged.decode()) is None


def test_a_token_that_was_altered(realm):
    header, claims, signature = realm.token().split(".")
    other = encoded(json.dumps(realm.claims(preferred_username="admin")).encode()).decode()
    for forged in (f"{header}.{other}.{signature}", f"{header}.{claims}.", f"{header}.{claims}"):
        assert plugin(realm.issuer).authenticate_by_token(forged) is None


def test_a_token_of_another_realm_of_the_same_server(realm):
    other = f"{realm.url}/realms/other"
    token = realm.token(iss=other, key=STRANGER, kid="other")
    assert plugin(realm.issuer).authenticate_by_token(token) is None


def test_malformed_tokens_cost_no_request_to_the_provider():
    openid, deep = plugin("http://127.0.0.1:9"), encoded(b"[" * 9000).decode()
    for text in ("x", "a.b.c", "é", "eyJhbGciOiJub25lIn0.e30.", f"{deep}.e30.x"):
        assert openid.authenticate_by_token(text) is None


def test_the_login_may_be_another_claim(realm):
    openid = plugin(realm.issuer, LOGIN_CLAIM="uid")
    assert openid.authenticate_by_token(realm.token()) is None
    assert openid.authenticate_by_token(realm.token(uid="mia")).login == "mia"


def test_the_provider_is_asked_once_until_its_keys_change(realm, monkeypatch):
    openid = plugin(realm.issuer)
    for _ in range(3):
        assert openid.authenticate_by_token(realm.token())
        assert not openid.authenticate_by_token(realm.token(kid="made-up"))
    assert len(realm.asked) == 2
    realm.published = {"two": STRANGER}
    token = realm.token(key=STRANGER, kid="two")
    assert openid.authenticate_by_token(token) is None  # it was asked just now
    monkeypatch.setattr(openid._keys, "cooldown_duration", 0)
    assert openid.authenticate_by_token(token).login == "mkova"
    assert openid.authenticate_by_token(realm.token()) is None
    monkeypatch.setitem(realm.pages, f"/realms/mx{provider.BELOW}/certs", (502, b"away"))
    with pytest.raises(Unavailable):
        openid.authenticate_by_token(realm.token(kid="three"))
    assert openid.authenticate_by_token(token).login == "mkova"  # by the keys that are known


@pytest.mark.parametrize(
    "path, answer",
    [
        ("/.well-known/openid-configuration", (503, b"")),
        ("/.well-known/openid-configuration", (200, b"<html>")),
        ("/.well-known/openid-configuration", (200, b"[]")),
        ("/.well-known/openid-configuration", (200, b'{"issuer": "https://other"}')),
        (f"{provider.BELOW}/certs", (503, b"")),
        (f"{provider.BELOW}/certs", (200, b"<html>")),
        (f"{provider.BELOW}/certs", (200, b"[]")),
        (f"{provider.BELOW}/certs", (200, b'{"keys": []}')),
    ],
)
def test_a_provider_that_cannot_be_believed_refuses_nobody(realm, path, answer, logged):
    openid, token = plugin(realm.issuer), realm.token()
    realm.pages["/realms/mx" + path] = answer
    with pytest.raises(Unavailable, match="does not answer"):
        openid.authenticate_by_token(token)
    assert "openid: " in logged.text and token not in logged.text
    realm.pages.clear()
    assert openid.authenticate_by_token(token).login == "mkova"


def test_a_provider_that_is_away(monkeypatch, realm):
    monkeypatch.setattr(openid, "TIMEOUT", 0.2)
    for issuer in ("http://127.0.0.1:9", "https://nowhere.invalid", f"{realm.url}/realms/gone"):
        with pytest.raises(Unavailable, match="does not answer"):
            plugin(issuer).authenticate_by_token(realm.token())


@pytest.mark.parametrize("name", ["jwks_uri", "token_endpoint"])
def test_an_encrypted_provider_has_no_plain_addresses(name):
    document = {"issuer": "https://sso.example.org", "jwks_uri": "https://sso.example.org/certs"}
    openid = plugin(document["issuer"])
    assert openid._checked(document) == document
    with pytest.raises(ValueError, match="without encryption"):
        openid._checked({**document, name: "http://sso.example.org/x"})


def test_login_pages_are_told_where_to_get_a_token():
    settings = {"issuer": "https://a.example", "clientId": "mxcube"}
    assert plugin("https://a.example/").public() == settings
