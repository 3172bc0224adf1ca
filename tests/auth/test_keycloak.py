"""Signing in by Keycloak: with its token, as MXCuBE does, and with login and password."""

import pytest

from services.auth.plugins.base import Account
from services.auth.plugins.keycloak import KeycloakAuthentication
from shared.config import ConfigError
from shared.errors import Unavailable
from shared.models import Person
from tests.auth import provider
from tests.auth.conftest import ROOT

PRODUCTION = {"name": "Test Light Source", "mode": "production"}
TOKENS = f"/realms/mx{provider.BELOW}/token"


@pytest.fixture
def realm():
    with provider.running() as realm_:
        yield realm_


def settings(url, **changes):
    config = {
        "KEYCLOAK_SERVER_URL": f"{url}/",
        "KEYCLOAK_REALM_NAME": "mx",
        "KEYCLOAK_CLIENT_ID": provider.CLIENT,
        "KEYCLOAK_CLIENT_SECRET_KEY": provider.SECRET,
        **changes,
    }
    return {name: value for name, value in config.items() if value is not None}


def plugin(url, **changes):
    return KeycloakAuthentication(KeycloakAuthentication.Config().load(settings(url, **changes)))


@pytest.fixture
def site_of(another):
    """``site_of(url)`` is an auth service in production, of a site with this Keycloak."""

    def make(url, **changes):
        block = {
            "AUTH_MODULE": "services.auth.plugins.keycloak",
            "AUTH_CLASS": "KeycloakAuthentication",
            "CONFIG": settings(url, **changes),
        }
        return another(site=PRODUCTION, AUTH=[{"keycloak": block}])

    return make


def login(app, path=f"{ROOT}/auth/login", **body):
    return app.test_client().post(path, json={"plugin": "keycloak", **body})


# -------------------------------------------------------------------------- login and password


def test_a_password_is_traded_for_a_token(realm):
    keycloak = plugin(realm.url)
    assert keycloak.authenticate_by_login("mkova", "mkova-word") == Account("mkova", "Mia", "Kova")
    assert realm.forms == [
        {
            "grant_type": "password",
            "scope": "openid",
            "client_id": provider.CLIENT,
            "client_secret": provider.SECRET,
            "username": "mkova",
            "password": "mkova-word",
        }
    ]
    by_mail = keycloak.authenticate_by_login("mkova@example.org", "mkova-word")
    assert by_mail.login == "mkova"


def test_tokens_and_accounts_that_are_refused(realm):
    keycloak = plugin(realm.url)
    for name, password in [
        ("mkova", "guess"),
        ("nobody", "mkova-word"),
        ("mkova", "mkova-word&username=admin"),
        ("*", "mkova-word"),
    ]:
        assert keycloak.authenticate_by_login(name, password) is None
    assert len(realm.forms) == 4
    for name, password in (("mkova", ""), ("", "mkova-word")):
        assert keycloak.authenticate_by_login(name, password) is None
    assert len(realm.forms) == 4


def test_a_public_client_sends_no_secret(realm):
    realm.pages[TOKENS] = (200, b'{"access_token": "%s"}' % realm.token().encode())
    keycloak = plugin(realm.url, KEYCLOAK_CLIENT_SECRET_KEY=None)
    assert keycloak.authenticate_by_login("mkova", "mkova-word").login == "mkova"
    assert "client_secret" not in realm.forms[0]


def test_the_token_for_a_password_is_checked_too(realm):
    for changes in ({"azp": "other"}, {"exp": -3600}, {"iss": "https://else.example"}):
        token = realm.token(**changes).encode()
        realm.pages[TOKENS] = (200, b'{"access_token": "%s"}' % token)
        assert plugin(realm.url).authenticate_by_login("mkova", "mkova-word") is None


@pytest.mark.parametrize(
    "answer",
    [
        (503, b""),
        (500, b'{"error": "unknown_error"}'),
        (400, b'{"error": "unauthorized_client"}'),
        (200, b"[]"),
        (200, b"5"),
        (302, b"{}"),
    ],
)
def test_a_keycloak_that_gives_no_token_to_anybody(realm, answer, logged):
    realm.pages[TOKENS] = answer
    with pytest.raises(Unavailable, match="does not answer"):
        plugin(realm.url).authenticate_by_login("mkova", "mkova-word")
    assert "openid: " in logged.text and "mkova-word" not in logged.text


def test_a_wrong_secret_of_the_client_is_not_the_fault_of_a_person(realm, logged):
    with pytest.raises(Unavailable):
        keycloak = plugin(realm.url, KEYCLOAK_CLIENT_SECRET_KEY="guess-of-the-site")
        keycloak.authenticate_by_login("mkova", "mkova-word")
    assert "401, unauthorized_client" in logged.text
    assert "guess-of-the-site" not in logged.text and "mkova-word" not in logged.text


# ------------------------------------------------------------------------------ in the service


def test_the_service_in_production(realm, site_of, add, logged):
    app, token = site_of(realm.url), realm.token()
    assert login(app, token=token).status_code == 401  # the database does not know her
    add(Person(personId=7, login="mkova"))
    for body in (
        {"token": token},
        {"token": token, "login": "mkova"},
        {"token": token, "login": "MKova"},
        {"login": "mkova", "password": "mkova-word"},
    ):
        answer = login(app, **body)
        assert (answer.status_code, answer.json["login"]) == (201, "mkova"), body
    answer = login(app, "/ispyb/mxcube/auth/login", login="mkova", token=token)
    assert (answer.status_code, answer.json["personId"]) == (201, 7)
    wrong = login(app, login="mkova", password="mkova-guess")
    assert wrong.status_code == 401
    texts = logged.text + wrong.text + str([vars(record) for record in logged.records])
    for secret in (token, "mkova-word", "mkova-guess", provider.SECRET):
        assert secret not in texts


@pytest.mark.parametrize("path", [f"{ROOT}/auth/login", "/ispyb/mxcube/auth/login"])
def test_a_token_is_good_for_its_own_login_only(realm, site_of, add, failures, path):
    app = site_of(realm.url)
    add(Person(personId=7, login="mkova"), Person(personId=8, login="boss"))
    for name in ("boss", "mkov", "mkova "):
        assert login(app, path, login=name, token=realm.token()).status_code == 401
    assert failures(address="127.0.0.1") == 3
    assert login(app, path, login="mkova", token=realm.token()).status_code == 201


def test_bad_tokens_are_failed_logins(realm, site_of, add):
    app = site_of(realm.url)
    add(Person(personId=7, login="mkova"))
    for changes in (
        {"exp": -3600},
        {"azp": "other"},
        {"iss": "https://else.example"},
        {"algorithm": "none", "key": ""},
        {"algorithm": "HS256", "key": "x" * 64},
    ):
        assert login(app, login="mkova", token=realm.token(**changes)).status_code == 401
    assert login(app, login="mkova", token=realm.token()).status_code == 429


def test_a_keycloak_that_is_away_is_no_failed_login(realm, site_of, add, failures):
    app = site_of("http://127.0.0.1:9")
    add(Person(personId=7, login="mkova"))
    for body in ({"token": realm.token()}, {"login": "mkova", "password": "x"}):
        for _ in range(6):
            answer = login(app, **body)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
            assert answer.mimetype == "application/problem+json"
    assert failures(address="127.0.0.1") == failures("mkova") == 0


# ----------------------------------------------------------------------------------- settings


def test_login_pages_are_told_no_secret(site_of):
    [settings] = (
        site_of("https://sso.example.org").test_client().get(f"{ROOT}/auth/config").json["plugins"]
    )
    assert settings == {
        "name": "keycloak",
        "takes": ["password", "token"],
        "config": {
            "KEYCLOAK_SERVER_URL": "https://sso.example.org/",
            "KEYCLOAK_REALM_NAME": "mx",
            "KEYCLOAK_CLIENT_ID": provider.CLIENT,
        },
    }


def test_mistakes_in_the_settings_are_listed(site_of):
    missing = {"KEYCLOAK_REALM_NAME": None, "KEYCLOAK_CLIENT_ID": None}
    with pytest.raises(ConfigError) as caught:
        site_of("sso", **missing, KEYCLOAK_REALM="mx")
    assert caught.value.faults == [
        "AUTH.0.keycloak.CONFIG.KEYCLOAK_SERVER_URL: is not a URL",
        "AUTH.0.keycloak.CONFIG.KEYCLOAK_REALM_NAME: is missing",
        "AUTH.0.keycloak.CONFIG.KEYCLOAK_CLIENT_ID: is missing",
        "AUTH.0.keycloak.CONFIG.KEYCLOAK_REALM: unknown key, did you mean KEYCLOAK_REALM_NAME?",
    ]
