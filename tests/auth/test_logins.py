"""Signing in, staying in, and out."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from sqlalchemy import select, update

from shared import keys
from shared.models import (
    Permission,
    Person,
    UserGroup,
    UserGroupHasPermission,
    UserGroupHasPerson,
)
from shared.service_tables import (
    Activity,
    IdempotencyKey,
    LoginAttempt,
    RefreshToken,
    RevokedToken,
)
from tests.auth.conftest import ROOT
from tests.conftest import ISSUER

CURRENT = f"{ROOT}/user/current"


@pytest.fixture
def refresh(app):
    def call(token, path=f"{ROOT}/auth/refresh", headers=None):
        return app.test_client().post(path, json={"refreshToken": token}, headers=headers)

    return call


# ------------------------------------------------------------------------------------ login


def test_login_with_a_password(sign_in, app, add, bearer):
    add(Person(personId=7, login="alice", givenName="Alice", familyName="Moreau"))
    answer = sign_in("alice")
    assert answer.status_code == 201
    assert answer.json.keys() == {
        "login", "personId", "token", "refreshToken", "expiresIn", "permissions",
    }  # fmt: skip
    values = (answer.json["login"], answer.json["personId"], answer.json["expiresIn"])
    assert values == ("alice", 7, 1800)
    assert bearer(answer.json["token"]).get(CURRENT).json["familyName"] == "Moreau"


def test_tokens_can_be_checked_with_the_published_keys(sign_in, app, add):
    add(Person(personId=7, login="alice"))
    token = sign_in("alice").json["token"]
    published = app.test_client().get(f"{ROOT}/auth/jwks").json
    header = jwt.get_unverified_header(token)
    [key] = [key for key in jwt.PyJWKSet.from_dict(published).keys if key.key_id == header["kid"]]
    claims = jwt.decode(token, key, algorithms=["RS256"], audience="ispyb", issuer=ISSUER)
    assert claims["sub"] == "alice" and claims["personId"] == 7 and claims["permissions"] == []
    assert claims["exp"] - claims["iat"] == 1800 and len(claims["jti"]) == 32
    assert all(key.keys() == {"kty", "use", "alg", "kid", "n", "e"} for key in published["keys"])


def test_login_with_a_token_is_who_the_token_says(sign_in):
    answer = sign_in("", password=None, token="bob-token")
    assert (answer.status_code, answer.json["login"]) == (201, "bob")


def test_a_demo_user_whom_the_database_does_not_know_is_added_once(sign_in, count):
    first, second = sign_in("carol"), sign_in("carol")
    assert first.json["personId"] == second.json["personId"]
    assert count(Person, Person.login == "carol") == 1


def test_a_demo_user_who_signs_in_twice_at_once_is_added_once(sign_in, count):
    with ThreadPoolExecutor(3) as pool:
        answers = [*pool.map(sign_in, ["erin"] * 3)]
    assert [answer.status_code for answer in answers] == [201] * 3
    assert count(Person, Person.login == "erin") == 1


def test_permissions_come_from_the_groups_of_the_person(sign_in, add, bearer):
    add(
        Person(personId=7, login="alice"),
        Permission(permissionId=1, type="mx_admin"),
        Permission(permissionId=2, type="em_admin"),
        UserGroup(userGroupId=1, name="mx"),
        UserGroup(userGroupId=2, name="em"),
        UserGroupHasPermission(userGroupId=1, permissionId=1),
        UserGroupHasPermission(userGroupId=2, permissionId=2),
        UserGroupHasPerson(userGroupId=1, personId=7),
    )
    answer = sign_in("alice").json
    assert answer["permissions"] == ["mx_admin"]
    assert bearer(answer["token"]).get(CURRENT).json["beamLines"] == ["i03"]


def test_a_login_with_an_accent_is_another_login(another, add):
    """MariaDB finds alice when it is asked for alicé."""
    add(Person(personId=7, login="alice"))
    module = {"AUTH_MODULE": "tests.auth.test_plugins", "AUTH_CLASS": "Anybody"}
    app = another(AUTH=[{"any": {"ENABLED": True, **module, "CONFIG": {}}}])
    for login, status in (("alice", 201), ("alicé", 401)):
        body = {"plugin": "any", "login": login, "password": "x"}
        assert app.test_client().post(f"{ROOT}/auth/login", json=body).status_code == status


@pytest.mark.parametrize(
    "changes",
    [
        {"password": "bob-word"},
        {"password": "alice-word "},
        {"login": "nobody"},
        {"login": "ALICE"},
        {"token": "no-token"},
        {"password": None, "token": "alice-toke"},
        {"password": "wörd"},
    ],
    ids=str,
)
def test_logins_that_are_refused(app, count, failures, changes):
    body = {"plugin": "dummy", "login": "alice", "password": "alice-word", **changes}
    answer = app.test_client().post(f"{ROOT}/auth/login", json=body)
    assert answer.status_code == 401
    assert answer.json["detail"] == "the login, the password or the token is not right"
    assert "token" not in answer.json
    assert count(Activity, Activity.action == "refused") == 1
    name = body["login"].lower()
    counted = [failures(name, "127.0.0.1"), failures(name), failures(address="127.0.0.1")]
    assert counted == [1, 1, 1] and count(LoginAttempt) == 3
    assert count(RefreshToken) == 0


@pytest.mark.parametrize(
    "changes, named",
    [
        ({"plugin": "ldap"}, "plugin"),
        ({"plugin": None}, "plugin"),
        ({"password": None}, "password"),
        ({"password": 5}, "password"),
        ({"login": ""}, "login"),
        ({"login": "x" * 46}, "login"),
        ({"login": "Łukasz"}, "login"),
        ({"login": "a\x00b"}, "login"),
        ({"token": ["x"]}, "token"),
        ({"pasword": "x"}, "pasword"),
    ],
    ids=str,
)
def test_malformed_credentials_are_refused(app, count, changes, named):
    body = {"plugin": "dummy", "login": "alice", "password": "alice-word", **changes}
    answer = app.test_client().post(f"{ROOT}/auth/login", json=body)
    assert answer.status_code == 422
    assert [*answer.json["errors"]] == [named]
    assert count(LoginAttempt) == 0


def test_somebody_who_is_not_in_the_database_is_refused_by_other_plugins(another, count):
    block = {
        "ENABLED": True,
        "AUTH_MODULE": "tests.auth.test_plugins",
        "AUTH_CLASS": "Anybody",
        "CONFIG": {},
    }
    client = another(AUTH=[{"any": block}]).test_client()
    body = {"plugin": "any", "login": "zoe", "password": "x"}
    assert client.post(f"{ROOT}/auth/login", json=body).status_code == 401
    assert count(Person) == 0


@pytest.fixture
def keys_of(another, tmp_path):
    """An auth service with keys of its own, and their folder."""
    keys.new(tmp_path / "keys")
    tokens = {"issuer": ISSUER, "audience": "ispyb", "keys": str(tmp_path / "keys")}
    return another(tokens=tokens), tmp_path / "keys"


def test_while_the_keys_are_gone_nobody_signs_in_and_all_else_goes_on(keys_of, logged, failures):
    app, folder = keys_of
    client = app.test_client()
    body = {"plugin": "dummy", "login": "alice", "password": "alice-word"}
    first = client.post(f"{ROOT}/auth/login", json=body).json
    folder.rename(folder.with_name("gone"))
    refresh = {"refreshToken": first["refreshToken"]}
    for path, sent in (("login", body), ("refresh", refresh), ("jwks", None)):
        url = f"{ROOT}/auth/{path}"
        answer = client.post(url, json=sent) if sent else client.get(url)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
        assert answer.mimetype == "application/problem+json"
        kind = "public keys" if path == "jwks" else "signing key"
        assert answer.json["detail"].startswith(f"the {kind} cannot be read")
        assert str(folder) not in answer.text
    errors = [record for record in logged.records if record.levelname == "ERROR"]
    assert len(errors) == 3 and all(str(folder) in record.getMessage() for record in errors)
    wrong = client.post(f"{ROOT}/auth/login", json={**body, "password": "guess"})
    assert (wrong.status_code, failures("alice")) == (401, 1)
    headers = {"Authorization": f"Bearer {first['token']}"}
    assert client.get(CURRENT, headers=headers).status_code == 200
    folder.with_name("gone").rename(folder)
    assert client.post(f"{ROOT}/auth/refresh", json=refresh).status_code == 200


# ---------------------------------------------------------------------------------- refresh


def test_refresh_answers_200_and_a_new_pair(sign_in, refresh, bearer):
    first = sign_in("alice").json
    answer = refresh(first["refreshToken"], headers={"Authorization": "Bearer stale"})
    assert answer.status_code == 200
    assert answer.json.keys() == first.keys()
    assert answer.json["refreshToken"] != first["refreshToken"]
    for token in (first["token"], answer.json["token"]):
        assert bearer(token).get(CURRENT).status_code == 200
    assert refresh(answer.json["refreshToken"]).status_code == 200


def test_a_login_ends_when_it_was_to_end_however_often_it_is_refreshed(sign_in, refresh, engine):
    token = sign_in("bob").json["refreshToken"]
    soon = datetime.now(UTC).replace(tzinfo=None, microsecond=0) + timedelta(minutes=5)
    with engine.begin() as connection:
        connection.execute(update(RefreshToken).values(expires=soon))
    refresh(refresh(token).json["refreshToken"])
    with engine.connect() as connection:
        assert connection.scalars(select(RefreshToken.expires)).all() == [soon] * 3


def test_a_refresh_that_is_repeated_soon_gets_another_pair(sign_in, refresh, bearer):
    """As that of a client whose answer was lost, or of two of its threads at once."""
    first = sign_in("alice").json
    pairs = [refresh(first["refreshToken"]).json for _ in range(3)]
    assert bearer(pairs[0]["token"]).get(CURRENT).status_code == 200
    pairs.append(refresh(first["refreshToken"]).json)
    for pair in (first, *pairs):
        assert bearer(pair["token"]).get(CURRENT).status_code == 200
    for pair in (pairs[1], pairs[3]):  # two threads that each go on with their own
        again = refresh(pair["refreshToken"])
        assert bearer(again.json["token"]).get(CURRENT).status_code == 200


MINUTE = -61 / 3600  # hours


@pytest.mark.parametrize("soon", [True, False], ids=["soon", "after a minute"])
def test_a_refresh_token_used_twice_ends_the_whole_login(
    sign_in, refresh, bearer, count, later, soon
):
    """Soon too, if what it was traded for is used already: then no answer was lost."""
    stolen, other = sign_in("alice").json, sign_in("alice").json
    newer = refresh(stolen["refreshToken"]).json
    if soon:
        newer = refresh(newer["refreshToken"]).json
    else:
        later(RefreshToken, used=MINUTE)
    assert refresh(stolen["refreshToken"]).status_code == 401
    assert refresh(newer["refreshToken"]).status_code == 401
    for token in (stolen["token"], newer["token"]):
        answer = bearer(token).get(CURRENT)
        assert (answer.status_code, answer.json["detail"]) == (401, "the token was revoked")
    assert bearer(other["token"]).get(CURRENT).status_code == 200
    assert refresh(other["refreshToken"]).status_code == 200
    assert count(Activity, Activity.action == "refused") == 1


def test_a_thief_who_repeats_a_refresh_ends_the_login_at_the_next_one(
    sign_in, refresh, bearer, later
):
    """Of two that were traded for the same one, the second that is used ends the login."""
    first = sign_in("alice").json
    own, stolen = (refresh(first["refreshToken"]).json for _ in range(2))
    newer = refresh(own["refreshToken"]).json
    later(RefreshToken, childUsed=MINUTE)
    assert refresh(stolen["refreshToken"]).status_code == 401
    for pair in (first, own, stolen, newer):
        assert bearer(pair["token"]).get(CURRENT).status_code == 401
        assert refresh(pair["refreshToken"]).status_code == 401


def test_several_who_refresh_at_once_all_go_on(sign_in, refresh, bearer, count):
    token = sign_in("alice").json["refreshToken"]
    for _ in range(3):
        with ThreadPoolExecutor(8) as pool:
            answers = [*pool.map(refresh, [token] * 8)]
        assert [answer.status_code for answer in answers] == [200] * 8
        for answer in answers:
            assert bearer(answer.json["token"]).get(CURRENT).status_code == 200
        token = answers[-1].json["refreshToken"]
    assert count(RefreshToken) == 1 + 3 * 8
    assert count(RefreshToken, RefreshToken.used.is_not(None)) == 3


def test_refresh_asks_again_what_the_person_may_do(sign_in, refresh, add):
    add(Person(personId=7, login="alice"))
    first = sign_in("alice").json
    add(
        Permission(permissionId=1, type="mx_admin"),
        UserGroup(userGroupId=1, name="mx"),
        UserGroupHasPermission(userGroupId=1, permissionId=1),
        UserGroupHasPerson(userGroupId=1, personId=7),
    )
    assert refresh(first["refreshToken"]).json["permissions"] == ["mx_admin"]


def test_refresh_of_somebody_who_left(sign_in, refresh, add, engine, bearer):
    add(Person(personId=7, login="alice"))
    first = sign_in("alice").json
    with engine.begin() as connection:
        connection.execute(update(Person).values(login=None))
    assert refresh(first["refreshToken"]).status_code == 401
    assert bearer(first["token"]).get(CURRENT).status_code == 401


def test_refresh_tokens_that_are_no_good(sign_in, refresh, later):
    token = sign_in("alice").json["refreshToken"]
    assert refresh("unknown").status_code == 401
    assert refresh("").status_code == refresh(None).status_code == 422
    later(RefreshToken, expires=-25)
    assert refresh(token).status_code == 401


def test_rows_whose_time_is_over_are_cleaned_up(sign_in, later, count):
    sign_in("alice")
    sign_in("bob", password="guess")
    later(RefreshToken, expires=-25)
    later(LoginAttempt, time=-1)
    sign_in("carol")
    assert count(RefreshToken) == 1
    assert count(LoginAttempt) == 0


# ----------------------------------------------------------------------------------- logout


def test_logout_ends_the_login_and_no_other(sign_in, refresh, bearer, count):
    first, other = sign_in("alice").json, sign_in("alice").json
    newer = refresh(first["refreshToken"]).json
    answer = bearer(newer["token"]).post(f"{ROOT}/auth/logout")
    assert (answer.status_code, answer.json) == (200, {"login": "alice"})
    for token in (first["token"], newer["token"]):
        assert bearer(token).get(CURRENT).status_code == 401
    assert bearer(newer["token"]).post(f"{ROOT}/auth/logout").status_code == 401
    assert refresh(newer["refreshToken"]).status_code == 401
    assert bearer(other["token"]).get(CURRENT).status_code == 200
    assert count(RevokedToken) == 2


# --------------------------------------------------------------------------- ways and secrets


def test_a_login_page_gets_the_plugins(app):
    answer = app.test_client().get(f"{ROOT}/auth/config")
    assert answer.json["site"] == "Test Light Source"
    (plugin,) = answer.json["plugins"]
    users = plugin.pop("config")["users"]
    assert plugin == {"name": "dummy", "takes": ["password", "token"]}
    assert users[0] == {"login": "alice", "password": "alice-word", "name": "alice"}


def test_no_cache_keeps_an_answer_with_a_secret(sign_in, refresh, bearer, as_):
    first = sign_in("alice")
    mxcube = sign_in("bob", "/ispyb/mxcube/auth/login")
    admin = as_("admin", 1, "manage_tokens")
    answers = [
        first,
        mxcube,
        refresh(first.json["refreshToken"]),
        refresh(mxcube.json["refreshToken"], "/ispyb/mxcube/auth/refresh"),
        bearer(first.json["token"]).post(f"{ROOT}/user/sign", json={"url": "/ispyb/x"}),
        admin.post(f"{ROOT}/auth/tokens", json={"name": "x", "permissions": ["mx_write"]}),
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 200, 200, 201, 201]
    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store"
        assert "ETag" not in answer.headers


def test_secrets_are_nowhere_but_in_the_answer(sign_in, refresh, bearer, logged, rows):
    key = {"Idempotency-Key": "made-up-by-the-client"}
    first = sign_in("alice", headers=key).json
    again = sign_in("alice", headers=key)
    assert again.status_code == 409 and "token" not in again.json
    wrong = sign_in("bob", password="bob-guess")
    second = refresh(first["refreshToken"], headers=key).json
    bearer(second["token"]).post(f"{ROOT}/auth/logout")
    refresh(first["refreshToken"])
    kept = "".join(map(rows, (IdempotencyKey, Activity, RefreshToken, LoginAttempt, RevokedToken)))
    texts = logged.text + str([vars(record) for record in logged.records])
    assert "made-up-by-the-client" not in kept and "/auth/login" in texts
    secrets = ["alice-word", "bob-guess", "bob-word"]
    secrets += [pair[name] for pair in (first, second) for name in ("token", "refreshToken")]
    for secret in secrets:
        assert secret not in kept + texts + wrong.text + again.text


# ---------------------------------------------------------------------------------- MXCuBE


def test_mxcube_signs_in_by_token_whatever_the_plugin_is_called(sign_in, bearer, refresh):
    stale = {"Authorization": "Bearer stale"}
    answer = sign_in(
        "bob",
        "/ispyb/mxcube/auth/login",
        stale,
        plugin="keycloak",
        password=None,
        token="bob-token",
        proposal="mx1",
    )
    assert answer.status_code == 201
    assert isinstance(answer.json["expiresIn"], int) and answer.json["expiresIn"] >= 300
    again = refresh(answer.json["refreshToken"], "/ispyb/mxcube/auth/refresh", stale)
    assert again.status_code == 200
    me = bearer(again.json["token"]).get("/ispyb/mxcube/user/current")
    assert (me.status_code, me.json["login"]) == (200, "bob")
    assert isinstance(me.json["givenName"], str) and isinstance(me.json["familyName"], str)


def test_mxcube_is_refused_as_others_are(sign_in):
    path = "/ispyb/mxcube/auth/login"
    assert sign_in("bob", path, plugin="keycloak", token="wrong").status_code == 401


def test_a_refused_login_leaves_its_key_free(app, sign_in, add):
    add(Person(personId=7, login="alice"))
    body = {"plugin": "dummy", "login": "alice", "password": "not hers"}
    key = {"Idempotency-Key": "first"}
    answers = [
        app.test_client().post(f"{ROOT}/auth/login", json=body, headers=key) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
