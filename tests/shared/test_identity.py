"""Tokens: good keys, one issuer, one audience, in time; what is remembered still expires."""

import json
import time
from base64 import urlsafe_b64encode
from contextlib import suppress
from multiprocessing import get_context

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from sqlalchemy import event
from sqlalchemy.engine import Engine

from shared import keys as keyring
from shared import revocations
from shared.db import db, transaction_scope
from shared.models import Person
from shared.revocations import MOST, SECONDS
from shared.service_tables import RevokedToken, utc_now
from tests.conftest import ISSUER

URL = "/ispyb/api/v1/proposals"
CLAIMS = {"sub": "alice", "iss": ISSUER, "aud": "ispyb", "jti": "1", "exp": 2**32, "iat": 1}


@pytest.fixture
def refused(app):
    """``refused(token)`` is why a token was not taken."""

    def ask(token, scheme="Bearer"):
        answer = app.test_client().get(URL, headers={"Authorization": f"{scheme} {token}"})
        assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        return answer.json["detail"]

    return ask


@pytest.mark.parametrize(
    "claims, why",
    [
        ({"kid": "k2"}, "unknown key"),
        ({"iss": "https://elsewhere.example"}, "of another issuer"),
        ({"aud": "another"}, "for another audience"),
        ({"aud": None}, "lacks the claim aud"),
        ({"exp": 1}, "expired"),
        ({"exp": None}, "lacks the claim exp"),
        ({"exp": "soon"}, "malformed"),
        ({"exp": "4294967296"}, "malformed"),
        ({"iat": 2**40}, "not yet valid"),
        ({"nbf": 2**40}, "not yet valid"),
        ({"sub": None}, "lacks the claim sub"),
        ({"jti": None}, "lacks the claim jti"),
    ],
)
def test_a_wrong_token_is_refused(refused, token, claims, why):
    assert why in refused(token("alice", 1, **claims))


@pytest.mark.parametrize(
    "claim, seconds, why",
    [("iat", 60, "not yet valid"), ("nbf", 60, "not yet valid"), ("exp", -2, "has expired")],
)
def test_a_token_out_of_its_time_is_refused(refused, token, claim, seconds, why):
    assert why in refused(token("alice", 1, **{claim: int(time.time()) + seconds}))


@pytest.mark.parametrize("claim", ["iat", "nbf"])
def test_a_token_of_a_clock_that_is_some_seconds_ahead_is_taken(as_, claim):
    assert as_("alice", 1, **{claim: int(time.time()) + 5}).get(URL).status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer x", "Basic YTpi", "a.b.c"])
def test_no_token_is_refused(app, header):
    assert app.test_client().get(URL, headers={"Authorization": header}).status_code == 401


@pytest.mark.parametrize("text", ["a.b.c", "..", "e30.e30.e30", "é.é.é", "x" * 20_000])
def test_noise_is_refused(refused, text):
    refused(text.encode("utf-8").decode("latin1"))


@pytest.mark.parametrize("algorithm, secret", [("none", None), ("HS256", "x" * 32)])
def test_no_other_algorithm_is_taken(refused, keys, algorithm, secret):
    kid = keyring.signing_key(keys)[0]
    refused(jwt.encode(CLAIMS, secret, algorithm, headers={"kid": kid}))


def test_the_public_key_is_no_secret_to_sign_with(refused, keys):
    """The old trick: HMAC, keyed with what everybody may know."""
    import hashlib
    import hmac

    kid = keyring.signing_key(keys)[0]
    head = {"alg": "HS256", "typ": "JWT", "kid": kid}
    encoded = [
        urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (head, CLAIMS)
    ]
    message = b".".join(encoded)
    pem = keyring.public_keys(keys)[kid].encode()
    signature = urlsafe_b64encode(hmac.new(pem, message, hashlib.sha256).digest()).rstrip(b"=")
    refused((message + b"." + signature).decode())


def test_a_forged_token_is_refused(refused, token, keys):
    kid = keyring.signing_key(keys)[0]
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert "ignature" in refused(jwt.encode(CLAIMS, other, "RS256", headers={"kid": kid}))
    head, claims, signature = token("alice", 1).split(".")
    more = jwt.decode(f"{head}.{claims}.{signature}", options={"verify_signature": False})
    more["permissions"] = ["all_proposals"]
    claims = urlsafe_b64encode(json.dumps(more).encode()).decode().rstrip("=")
    assert "ignature" in refused(f"{head}.{claims}.{signature}")


@pytest.mark.parametrize("kid", ["../private/key", "", "a" * 5000, None, 5])
def test_an_odd_kid_is_refused(refused, token, kid):
    try:
        odd = token("alice", 1, kid=kid)
    except jwt.InvalidTokenError:
        head = urlsafe_b64encode(json.dumps({"alg": "RS256", "kid": kid}).encode()).decode()
        odd = ".".join([head.rstrip("="), *token("alice", 1).split(".")[1:]])
    refused(odd)


def test_a_remembered_token_is_not_checked_twice_but_expires(app, as_, monkeypatch):
    alice = as_("alice", 1)
    assert alice.get(URL).status_code == 200
    monkeypatch.setattr(app.extensions["verifier"], "_verify", None)
    assert alice.get(URL).status_code == 200
    later = time.time() + 301
    monkeypatch.setattr(time, "time", lambda: later)
    assert alice.get(URL).status_code == 401


@pytest.mark.parametrize("most", [0, MOST], ids=["too many to remember", "remembered"])
def test_a_token_that_another_server_revokes_is_refused_after_a_second(
    app, add, token, refused, monkeypatch, most
):
    monkeypatch.setattr(revocations, "MOST", most)
    own_token = token("alice", 1, jti="my-token")
    client = app.test_client()
    headers = {"Authorization": f"Bearer {own_token}"}
    assert client.get(URL, headers=headers).status_code == 200
    add(RevokedToken(tokenId="my-token", expires=utc_now()))
    answer = client.delete(f"{URL}/1", headers=headers)
    assert answer.json["detail"] == "the token was revoked"  # a write asks in its transaction
    time.sleep(SECONDS)
    assert "revoked" in refused(own_token)
    assert client.get(URL, headers={"Authorization": f"Bearer {token('alice', 1)}"}).json


def test_a_token_that_this_server_revokes_is_refused_at_once(app, token, refused):
    own_token = token("alice", 1, jti="own-token")
    client = app.test_client()
    headers = {"Authorization": f"Bearer {own_token}"}
    for rolled_back in (True, False):
        assert client.get(URL, headers=headers).status_code == 200
        with app.app_context(), suppress(ZeroDivisionError), transaction_scope():
            db.session.add(RevokedToken(tokenId="own-token", expires=utc_now()))
            revocations.announce()
            assert not rolled_back or 1 / 0
    assert "revoked" in refused(own_token)


def test_all_processes_of_a_server_learn_of_a_revocation_at_once(app, add, token, refused):
    own_token = token("alice", 1, jti="other-token")
    headers = {"Authorization": f"Bearer {own_token}"}
    assert app.test_client().get(URL, headers=headers).status_code == 200
    add(RevokedToken(tokenId="other-token", expires=utc_now()))
    other = get_context("fork").Process(target=revocations.note_change)
    other.start()
    other.join()
    assert "revoked" in refused(own_token)


def test_a_read_asks_for_revoked_tokens_once_a_second(app, as_, engine):
    client, seen = as_("alice", 1), []

    def note(connection, cursor, statement, *_):
        if "RevokedToken" in statement:
            seen.append(time.monotonic())

    event.listen(Engine, "before_cursor_execute", note)
    try:
        begin = time.monotonic()
        for _ in range(10):
            assert client.get(URL).status_code == 200
        end = time.monotonic()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert len(seen) <= 1 + (end - begin) / SECONDS


@pytest.fixture
def folder(tmp_path):
    """Keys that come and go."""
    keyring.new(tmp_path / "keys")
    return tmp_path / "keys"


def signed(folder):
    """A token of the key that signs now."""
    kid, private = keyring.signing_key(folder)
    return jwt.encode({**CLAIMS, "personId": 1}, private, "RS256", headers={"kid": kid})


@pytest.fixture
def ask(site, clean, folder):
    """``ask(token)`` is the status of a request with it."""
    from services.core.app import create_app

    app = create_app({**site, "tokens": {**site["tokens"], "keys": str(folder)}})

    def send(bearer):
        headers = {"Authorization": f"Bearer {bearer}"}
        return app.test_client().get(URL, headers=headers).status_code

    yield send
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def wait(monkeypatch):
    """``wait(6)`` lets the clock that ages the keys go on."""
    passed, now = [], time.monotonic

    def go(seconds):
        passed.append(seconds)
        monkeypatch.setattr(time, "monotonic", lambda: now() + sum(passed))

    return go


def test_a_key_that_came_later_is_found(ask, folder, wait):
    """Rotation needs no restart: an unknown kid lets the keys be read again, but not always."""
    assert ask(signed(folder)) == 200
    keyring.new(folder)
    keyring.rotate(folder)
    newer = signed(folder)
    assert ask(newer) == 401
    wait(6)
    assert ask(newer) == 200


def test_a_key_that_is_removed_is_soon_good_no_more(ask, folder, wait):
    """Not for tokens that were found good with it, either; those of another key stay."""
    older, kid = signed(folder), keyring.signing_key(folder)[0]
    keyring.new(folder)
    keyring.rotate(folder)
    newer = signed(folder)
    wait(6)
    assert (ask(older), ask(newer)) == (200, 200)
    (folder / "public" / f"{kid}.pem").unlink()
    assert ask(older) == 200
    wait(61)
    assert (ask(older), ask(newer)) == (401, 200)


def test_a_folder_out_of_order_changes_nothing(ask, folder, wait):
    good = signed(folder)
    (folder / "public" / "odd.pem").write_text("no key")
    wait(61)
    assert ask(good) == 200
    keyring.new(folder)
    keyring.rotate(folder)
    assert ask(signed(folder)) == 401


def test_identities_do_not_leak_between_requests(app, as_, add):
    add(Person(personId=1, login="alice"))
    with app.app_context():
        assert as_("office", None, "uportal_sync").post(URL, json={}).status_code == 422
        assert as_("alice", 1).post(URL, json={}).status_code == 403


def test_consumer_headers_of_a_gateway_prove_nothing(app):
    headers = {"X-Consumer-Username": "alice", "X-Credential-Identifier": "k1"}
    assert app.test_client().get(URL, headers=headers).status_code == 401
