"""Tokens: those of programs, and those that are no good."""

import base64
import json
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import select, update

from services.auth.modules import tokens
from shared import identity
from shared import keys as keyring
from shared.db import transaction_scope
from shared.errors import BadInput
from shared.models import Permission, Person
from shared.service_tables import IdempotencyKey, RevokedToken, ServiceToken
from tests.auth.conftest import ROOT

TOKENS, CURRENT = f"{ROOT}/auth/tokens", f"{ROOT}/user/current"
ZOCALO = {"name": "zocalo", "permissions": ["processing_write"]}


@pytest.fixture
def manager(as_):
    return as_("ada", 1, "manage_tokens")


# ------------------------------------------------------------------------ tokens of programs


def test_a_token_is_issued_and_works(manager, bearer, rows):
    sent = {**ZOCALO, "permissions": ["mx_write", "mx_admin"], "beamlines": ["i04"], "days": 30}
    answer = manager.post(TOKENS, json=sent)
    assert answer.status_code == 201
    token, row = answer.json["token"], answer.json["ServiceToken"]
    assert row["permissions"] == ["mx_admin", "mx_write"] and row["beamlines"] == ["i04"]
    assert (row["name"], row["issuedBy"], row["revoked"]) == ("zocalo", "ada", None)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 30 * 86_400
    assert claims["service"] is True and claims["personId"] is None
    me = bearer(token).get(CURRENT).json
    assert (me["login"], me["beamLines"]) == ("zocalo", ["i04"])
    assert me["permissions"] == ["mx_admin", "mx_write"]
    assert token not in rows(ServiceToken)


def test_tokens_are_listed_without_themselves(manager):
    made = [manager.post(TOKENS, json={**ZOCALO, "name": name}).json for name in ("a", "b", "c")]
    page = manager.get(f"{TOKENS}?limit=2").json
    assert (page["total"], [row["name"] for row in page["results"]]) == (3, ["c", "b"])
    assert "token" not in page["results"][0] and "tokenId" not in page["results"][0]
    assert page["results"][0]["permissions"] == ["processing_write"]
    assert [r["name"] for r in manager.get(f"{TOKENS}?name=a").json["results"]] == ["a"]
    key = made[1]["ServiceToken"]["serviceTokenId"]
    assert manager.get(f"{TOKENS}/{key}").json == made[1]["ServiceToken"]
    assert manager.get(f"{TOKENS}?permissions=x").status_code == 422


def test_a_token_that_is_revoked_is_refused_and_stays_in_the_list(manager, bearer):
    made = manager.post(TOKENS, json=ZOCALO).json
    url = f"{TOKENS}/{made['ServiceToken']['serviceTokenId']}"
    assert bearer(made["token"]).get(CURRENT).status_code == 200
    answer = manager.delete(url)
    assert answer.status_code == 200 and answer.json["revoked"]
    assert bearer(made["token"]).get(CURRENT).status_code == 401
    assert manager.delete(url).status_code == 409
    assert manager.delete(f"{TOKENS}/99").status_code == 404
    assert manager.get(url).json["revoked"]


def test_a_revoked_token_is_refused_when_old_revocations_are_deleted(
    manager, bearer, sign_in, engine
):
    """A revocation lasts as long as the token, though each login deletes those that are over."""
    made = manager.post(TOKENS, json=ZOCALO).json
    assert manager.delete(f"{TOKENS}/{made['ServiceToken']['serviceTokenId']}").status_code == 200
    with engine.begin() as connection:  # two days go by
        end = connection.scalar(select(RevokedToken.expires))
        past = update(RevokedToken.__table__).values(expires=end - timedelta(days=2))
        connection.execute(past)
    assert sign_in("alice").status_code == 201
    assert bearer(made["token"]).get(CURRENT).status_code == 401


def test_a_program_that_signs_out_is_refused_for_good(manager, bearer, engine):
    """Its token outlives those of people by far: the revocation must, too."""
    made = manager.post(TOKENS, json=ZOCALO).json
    program, url = bearer(made["token"]), f"{TOKENS}/{made['ServiceToken']['serviceTokenId']}"
    assert program.post(f"{ROOT}/auth/logout").json == {"login": "zocalo"}
    assert program.get(CURRENT).status_code == 401
    assert manager.get(url).json["revoked"]
    with engine.connect() as connection:
        until = connection.scalar(select(RevokedToken.expires))
    assert until.isoformat() > made["ServiceToken"]["expires"]


@pytest.mark.parametrize(
    "sent, named",
    [
        ({"name": None}, "name"),
        ({"name": "x" * 46}, "name"),
        ({"name": "\nroot"}, "name"),
        ({"permissions": []}, "permissions"),
        ({"permissions": ["mx_wriet"]}, "permissions"),
        ({"permissions": ["manage_tokens"]}, "permissions"),
        ({"permissions": ["uportal_sync"], "beamlines": ["i04"]}, "permissions"),
        ({"permissions": "mx_write"}, "permissions"),
        ({"beamlines": ["i99"]}, "beamlines"),
        ({"beamlines": []}, "beamlines"),
        ({"days": 0}, "days"),
        ({"days": 366}, "days"),
        ({"days": "soon"}, "days"),
        ({"expires": "2099-01-01T00:00:00"}, "expires"),
        ({"tokenId": "x"}, "tokenId"),
    ],
    ids=str,
)
def test_a_token_that_is_not_issued(manager, count, sent, named):
    answer = manager.post(TOKENS, json={**ZOCALO, **sent})
    assert (answer.status_code, [*answer.json["errors"]]) == (422, [named])
    assert count(ServiceToken) == 0


def test_a_permission_of_the_database_or_of_a_beamline_group_is_known(manager, add):
    sent = {**ZOCALO, "permissions": ["xrf_write", "em_admin"]}
    assert manager.post(TOKENS, json=sent).status_code == 422
    add(Permission(type="xrf_write"))
    assert manager.post(TOKENS, json=sent).status_code == 201


def test_only_a_manager_handles_tokens(as_):
    other = as_("alice", 2, "manage_groups", "manage_perms", "all_proposals")
    assert other.get(TOKENS).status_code == 403
    assert other.post(TOKENS, json=ZOCALO).status_code == 403
    assert other.delete(f"{TOKENS}/1").status_code == 403


def test_a_token_is_not_kept_for_replay(manager, rows, count):
    key = {"Idempotency-Key": "k1"}
    token = manager.post(TOKENS, json=ZOCALO, headers=key).json["token"]
    assert manager.post(TOKENS, json=ZOCALO, headers=key).status_code == 409
    assert count(ServiceToken) == 1
    assert token not in rows(IdempotencyKey)


def test_functions_that_the_command_line_calls(app, bearer, engine):
    with app.app_context(), transaction_scope():
        token = tokens.issue("hyperion", ("mx_write",), None, None, "root")
        with pytest.raises(BadInput, match="unknown permission mx_wriet, did you mean mx_write"):
            tokens.issue("hyperion", ("mx_wriet",), None, 5, "root")
        [row] = tokens.issued()
    assert (row["name"], row["issuedBy"], row["beamlines"]) == ("hyperion", "root", None)
    with engine.connect() as connection:
        kept = connection.execute(select(ServiceToken.issued, ServiceToken.expires)).one()
    assert (kept.expires - kept.issued).days == 365
    assert bearer(token).get(CURRENT).status_code == 200
    with app.app_context(), transaction_scope():
        tokens.revoke(row["serviceTokenId"])
    assert bearer(token).get(CURRENT).status_code == 401


# ------------------------------------------------------------------- tokens that are no good


def part(data):
    return base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")


def test_a_good_token(bearer, token):
    assert bearer(token("alice", 1)).get(CURRENT).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 1_600_000_000},
        {"exp": None},
        {"aud": "other"},
        {"iss": "https://elsewhere.example"},
        {"iat": 2**40},
        {"jti": 5},
        {"sub": 5},
        {"kid": "unknown"},
        {"kid": "../../etc/passwd"},
    ],
    ids=str,
)
def test_a_token_that_says_something_wrong(bearer, token, claims):
    answer = bearer(token("alice", 1, **claims)).get(CURRENT)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_forged_tokens(bearer, token, keys):
    good = token("alice", 1)
    head, body, signature = good.split(".")
    claims = jwt.decode(good, options={"verify_signature": False})
    kid, _ = keyring.signing_key(keys)
    public = keyring.public_keys(keys)[kid]
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    more = part({**claims, "permissions": ["all_proposals"]})
    forged = [
        f"{head}.{more}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{part({'alg': 'none', 'kid': kid})}.{more}.",
        f"{part({'alg': 'HS256', 'kid': kid})}.{more}.{signature}",
        jwt.encode(claims, stranger, "RS256", {"kid": kid}),
        jwt.encode(claims, stranger, "PS256", {"kid": kid}),
        jwt.encode(claims, stranger, "RS256", {"kid": kid, "jwk": {"kty": "RSA"}}),
        jwt.api_jws.PyJWS().encode(b"[]", stranger, "RS256", {"kid": kid}),
        "",
        "x",
        public.splitlines()[1],
    ]
    for one in forged:
        answer = bearer(one).get(CURRENT)
        assert (answer.status_code, answer.mimetype) == (401, "application/problem+json"), one


def test_a_token_in_the_query_or_by_another_scheme_is_none(app, token):
    client, good = app.test_client(), token("alice", 1)
    assert client.get(f"{CURRENT}?token={good}").status_code == 401
    for header in (good, f"Basic {good}", f"Token {good}"):
        assert client.get(CURRENT, headers={"Authorization": header}).status_code == 401


def test_keys_are_rotated_without_a_restart(another, tmp_path, add, monkeypatch, site):
    monkeypatch.setattr(identity, "REREAD_SECONDS", 0)
    add(Person(personId=1, login="alice"))
    keyring.new(tmp_path)
    client = another(tokens={**site["tokens"], "keys": str(tmp_path)}).test_client()
    body = {"plugin": "dummy", "login": "alice", "password": "alice-word"}

    def sign_in():
        token = client.post(f"{ROOT}/auth/login", json=body).json["token"]
        return token, jwt.get_unverified_header(token)["kid"]

    def status(token):
        headers = {"Authorization": f"Bearer {token}"}
        return client.get(CURRENT, headers=headers).status_code

    old, first = sign_in()
    assert status(old) == 200
    keyring.new(tmp_path)
    assert sign_in()[1] == first  # a new key is published first, and signs later
    keyring.rotate(tmp_path)
    new, second = sign_in()
    assert first != second and status(new) == status(old) == 200
    published = client.get(f"{ROOT}/auth/jwks").json["keys"]
    assert {key["kid"] for key in published} == {first, second}
