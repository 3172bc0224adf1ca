"""Signing in by a directory: a real one, which the tests start, and what stands in its place."""

import socket
import sys
import threading
import time
from pathlib import Path

import pytest

from services.auth.plugins import ldap, load
from services.auth.plugins.base import Account
from services.auth.plugins.ldap import LdapAuthentication
from shared import config, keys
from shared.config import ConfigError
from shared.errors import Unavailable
from shared.models import Person
from tests.auth import slapd
from tests.auth.conftest import ROOT

PRODUCTION = {"name": "Test Light Source", "mode": "production"}
ODD = 'o,r+ti=z"#<>;\\*()'


def person(login, entry=None):
    """Somebody in LDIF; ``entry`` is the escaped login, where it needs that."""
    return (
        f"dn: uid={entry or login},{slapd.PEOPLE}\nobjectClass: inetOrgPerson\n"
        f"uid: {login}\ncn: {login}\nsn: Somebody\nuserPassword: {login}-word"
    )


def group(name, attribute, member, above=slapd.GROUPS):
    kind = {"memberUid": "posixGroup\ngidNumber: 5", "member": "groupOfNames"}.get(
        attribute, "groupOfUniqueNames"
    )
    return f"dn: cn={name},{above}\nobjectClass: {kind}\ncn: {name}\n{attribute}: {member}"


ALICE = f"uid=alice,{slapd.PEOPLE}"
ENTRIES = [
    person("alice"),
    person("bob"),
    person(ODD, 'o\\,r\\+ti\\=z\\"\\#\\<\\>\\;\\5c*()'),
    f"dn: uid=nokey,{slapd.PEOPLE}\nobjectClass: account\nuid: nokey",
    f"dn: uid=outside,{slapd.BASE}\nobjectClass: account\nobjectClass: simpleSecurityObject\n"
    "uid: outside\nuserPassword: outside-word",
    group("mx-staff", "memberUid", "alice"),
    group("em-staff", "member", ALICE),
    group("ssx-staff", "uniqueMember", ALICE),
    group("office", "memberUid", "bob"),
    group("hidden", "memberUid", "alice", f"ou=closed,{slapd.GROUPS}"),
]


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    # it takes a bind without password, as many do, and calls that a success
    with slapd.running(
        tmp_path_factory.mktemp("slapd"), *ENTRIES, options="allow bind_anon_dn"
    ) as directory:
        yield directory


def plugin(uri, **settings):
    config = {"LDAP_URI": uri, "LDAP_BASE_INTERNAL": slapd.PEOPLE, **settings}
    return LdapAuthentication(LdapAuthentication.Config().load(config))


@pytest.fixture
def accounts(directory):
    """The plugin of a site that has the usual settings."""
    return plugin(directory.encrypted, LDAP_CA=directory.certificate)


# --------------------------------------------------------------------------- login and password


@pytest.mark.parametrize("login", ["alice", "bob", ODD, "ALICE"])
def test_the_right_password(accounts, login):
    word = "alice-word" if login == "ALICE" else f"{login}-word"
    assert accounts.authenticate_by_login(login, word) == Account(login)


@pytest.mark.parametrize(
    "login, password",
    [
        ("alice", "bob-word"),
        ("alice", "alice-word "),
        ("alice", "alice-wörd"),
        ("alice", "alice-word\x00"),
        ("alice", "\x00"),
        ("alice", "\xad"),  # which the rules for text in passwords turn into nothing
        ("nobody", "nobody-word"),
        ("nokey", "nokey-word"),
        ("outside", "outside-word"),
        ("", "x"),
        ("x" * 45, "x"),
    ],
)
def test_accounts_that_are_refused(accounts, login, password):
    assert accounts.authenticate_by_login(login, password) is None


@pytest.mark.parametrize("login", ["alice", "nobody", "", "*", "alice,ou=people"])
def test_an_empty_password_is_refused_though_the_directory_takes_it(directory, accounts, login):
    import ldap3

    server = ldap3.Server(directory.plain)
    with ldap3.Connection(server, "", "", authentication=ldap3.ANONYMOUS) as connection:
        assert connection.bound
    assert accounts.authenticate_by_login(login, "") is None


@pytest.mark.parametrize(
    "login",
    [
        "*",
        "al*",
        "alice)(uid=*",
        ")(uid=*",
        "*)(|(uid=*",
        f"alice,{slapd.PEOPLE}",
        "alice+cn=alice",
        "alice,",
        "alice\\",
        "\\61lice",
        "\\",
        "#616c696365",
        '"alice"',
        "alice;",
        "alice\x00",
        "alice\n",
    ],
)
def test_ldap_syntax_in_a_login_is_refused(accounts, login):
    assert accounts.authenticate_by_login(login, "alice-word") is None
    assert accounts.authenticate_by_login(login, "") is None


def test_a_login_cannot_lead_out_of_the_base(directory):
    config = {"LDAP_CA": directory.certificate, "LDAP_BASE_INTERNAL": slapd.BASE}
    accounts = plugin(directory.encrypted, **config)
    assert accounts.authenticate_by_login("outside", "outside-word") == Account("outside")
    for login in ("alice,ou=people", "alice,ou=people,"):
        assert accounts.authenticate_by_login(login, "alice-word") is None


@pytest.mark.parametrize("login", [" alice", "alice ", "al\xadice", "\xaalice", "ａlice"])
def test_a_login_has_one_spelling_that_failures_are_counted_by(accounts, login):
    assert accounts.authenticate_by_login(login, "alice-word") is None


# -------------------------------------------------------------------------------- encryption


def test_every_way_to_connect(directory):
    connections = [
        (directory.encrypted, {"LDAP_CA": directory.certificate}),
        (directory.plain, {"LDAP_CA": directory.certificate}),
        (directory.plain, {"LDAP_START_TLS": False}),
    ]
    for uri, settings in connections:
        accounts = plugin(uri, **settings)
        assert accounts.authenticate_by_login("alice", "alice-word") == Account("alice")
        assert accounts.authenticate_by_login("alice", "guess") is None


def test_the_password_goes_to_nobody_who_is_not_trusted(directory, logged):
    other = directory.encrypted.replace("localhost", "127.0.0.1")  # its certificate has no such
    for uri, settings in [
        (directory.encrypted, {}),
        (directory.plain, {}),
        (other, {"LDAP_CA": directory.certificate}),
    ]:
        with pytest.raises(Unavailable):
            plugin(uri, **settings).authenticate_by_login("alice", "alice-word")
    assert "certificate" in logged.text and "alice-word" not in logged.text


def test_without_start_tls_no_password_leaves(tmp_path):
    """A directory that cannot encrypt is not asked, unless the site says so."""
    with slapd.running(tmp_path, options="security tls=128") as directory:
        with pytest.raises(Unavailable):  # it wants what the site has switched off
            plugin(directory.plain, LDAP_START_TLS=False).authenticate_by_login("alice", "x")
    heard, port = _listener(b"0\x0c\x02\x01\x01\x78\x07\x0a\x01\x02\x04\x00\x04\x00")
    with pytest.raises(Unavailable):
        plugin(f"ldap://127.0.0.1:{port}").authenticate_by_login("alice", "alice-word")
    assert heard and b"alice" not in b"".join(heard)


# -------------------------------------------------------------------------------- it is away


def _listener(reply=None):
    """Listen on a port: what it hears, and the port; without ``reply`` it stays silent."""
    server, heard, kept = socket.create_server(("127.0.0.1", 0)), [], []

    def serve():
        while True:
            client, _ = server.accept()
            kept.append(client)  # and so stays open
            if reply is not None:
                heard.append(client.recv(4096))
                client.sendall(reply)
                client.close()

    threading.Thread(target=serve, daemon=True).start()
    return heard, server.getsockname()[1]


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
@pytest.mark.parametrize("start_tls", [True, False])
def test_a_directory_that_is_away(scheme, start_tls, monkeypatch, logged):
    monkeypatch.setattr(ldap, "TIMEOUT", 1)
    silent, rude = _listener()[1], _listener(b"")[1]
    for host in (f"127.0.0.1:{silent}", f"127.0.0.1:{rude}", "127.0.0.1:9", "nowhere.invalid"):
        accounts, started = (
            plugin(f"{scheme}://{host}", LDAP_START_TLS=start_tls),
            time.monotonic(),
        )
        with pytest.raises(Unavailable) as caught:
            accounts.authenticate_by_login("alice", "alice-word")
        assert str(caught.value) == "the directory of accounts does not answer"
        assert time.monotonic() - started < 30  # it gives up, also on a busy machine
    assert "alice-word" not in logged.text


# ------------------------------------------------------------------------------------- groups


def test_groups_of_every_kind_give_permissions(directory):
    groups = {
        "MX-staff": ["mx_admin", "mx_write"],
        "em-staff": ["em_admin"],
        "ssx-staff": ["ssx_admin"],
        "office": ["all_proposals"],
        "hidden": ["uportal_sync"],
        "none": ["manage_perms"],
    }
    settings = {
        "LDAP_CA": directory.certificate,
        "LDAP_BASE_GROUPS": slapd.GROUPS,
        "LDAP_GROUPS": groups,
    }
    accounts = plugin(directory.encrypted, **settings)
    alice = {"mx_admin", "mx_write", "em_admin", "ssx_admin"}
    assert accounts.permissions("alice") == alice
    assert accounts.permissions("bob") == {"all_proposals"}
    for login in ("nobody", "*", "alice)(cn=*", "alice ", "bob)(memberUid=alice", ODD):
        assert not accounts.permissions(login)
    reader = {"LDAP_BIND_DN": slapd.READER, "LDAP_BIND_PASSWORD": "reader-word"}
    accounts = plugin(directory.encrypted, **settings, **reader)
    assert accounts.permissions("alice") == alice | {"uportal_sync"}


def test_groups_that_cannot_be_read_are_not_taken_for_none(directory, logged):
    settings = {"LDAP_CA": directory.certificate, "LDAP_GROUPS": {"mx-staff": ["mx_admin"]}}
    reader = {"LDAP_BIND_DN": slapd.READER, "LDAP_BIND_PASSWORD": "reader-guess"}
    for more in (
        {"LDAP_BASE_GROUPS": f"ou=nowhere,{slapd.BASE}"},
        {"LDAP_BASE_GROUPS": f"ou=closed,{slapd.GROUPS}"},
        {"LDAP_BASE_GROUPS": slapd.GROUPS, **reader},
    ):
        with pytest.raises(Unavailable):
            plugin(directory.encrypted, **settings, **more).permissions("alice")
    assert "noSuchObject" in logged.text and "reader-guess" not in logged.text


def test_without_groups_the_directory_is_not_asked_for_them():
    assert plugin("ldap://127.0.0.1:9").permissions("alice") == ()


# ------------------------------------------------------------------------------ in the service


def block(directory, **settings):
    config = {
        "LDAP_URI": directory.encrypted,
        "LDAP_BASE_INTERNAL": slapd.PEOPLE,
        "LDAP_BASE_GROUPS": slapd.GROUPS,
        "LDAP_CA": directory.certificate,
        **settings,
    }
    module = "services.auth.plugins.ldap"
    return {"ldap": {"AUTH_MODULE": module, "AUTH_CLASS": "LdapAuthentication", "CONFIG": config}}


def login(app, name, password):
    body = {"plugin": "ldap", "login": name, "password": password}
    return app.test_client().post(f"{ROOT}/auth/login", json=body)


def test_the_service_in_production(another, directory, add, logged, rows):
    settings = {"LDAP_GROUPS": {"mx-staff": ["mx_admin"]}}
    app = another(site=PRODUCTION, AUTH=[block(directory, **settings)])
    assert login(app, "alice", "alice-word").status_code == 401  # the database does not know her
    add(Person(personId=7, login="alice"), Person(personId=8, login="bob"))
    answer = login(app, "alice", "alice-word")
    assert (answer.status_code, answer.json["personId"]) == (201, 7)
    assert answer.json["permissions"] == ["mx_admin"]
    body = {"refreshToken": answer.json["refreshToken"]}
    again = app.test_client().post(f"{ROOT}/auth/refresh", json=body)
    assert again.json["permissions"] == ["mx_admin"]
    assert login(app, "bob", "bob-word").json["permissions"] == []
    for name, password, status in [
        ("alice", "alice-guess", 401),
        ("*", "alice-word", 401),
        ("bob)(uid=*", "bob-word", 401),
        ("bob", "", 422),
        ("bob", None, 422),
    ]:
        assert login(app, name, password).status_code == status
    offered = app.test_client().get(f"{ROOT}/auth/config").json["plugins"]
    assert offered == [{"name": "ldap", "takes": ["password"], "config": {}}]
    assert not [word for word in ("alice-word", "alice-guess") if word in logged.text]


def test_a_directory_that_is_away_is_no_failed_login(another, directory, add):
    app = another(site=PRODUCTION, AUTH=[block(directory, LDAP_URI="ldap://127.0.0.1:9")])
    add(Person(personId=7, login="alice"))
    for _ in range(8):
        answer = login(app, "alice", "alice-word")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
        assert answer.mimetype == "application/problem+json"


# ----------------------------------------------------------------------------------- settings


def test_the_plugins_of_the_example_load_in_production(tmp_path, monkeypatch):
    text = (Path(__file__).parents[2] / "config" / "site.example.yml").read_text()
    (tmp_path / "site.yml").write_text(text.replace("ENABLED: false", "ENABLED: true"))
    keys.new(tmp_path / "keys")
    for name in ("ISPYB_DATABASE_PASSWORD", "KEYCLOAK_CLIENT_SECRET_KEY"):
        monkeypatch.setenv(name, "from the environment")
    plugins = load(config.load(tmp_path / "site.yml", "auth"))
    assert [*plugins] == ["keycloak", "ldap"]
    assert plugins["keycloak"].config["KEYCLOAK_CLIENT_SECRET_KEY"] == "from the environment"
    assert plugins["keycloak"].issuer == "https://sso.example.org/realms/example"
    assert plugins["ldap"].config["LDAP_START_TLS"] is True


def faults(**settings):
    module = {"AUTH_MODULE": "services.auth.plugins.ldap", "AUTH_CLASS": "LdapAuthentication"}
    plugins = {"ldap": {"ENABLED": True, **module, "CONFIG": settings}}
    with pytest.raises(ConfigError) as caught:
        load({"site": {"mode": "production"}, "AUTH": [plugins]})
    return caught.value.faults


def test_mistakes_in_the_settings_are_listed():
    messages = faults(LDAP_URL="ldap://x", LDAP_CA="x", LDAP_GROUPS={"a": ["x" * 16]})
    assert messages == [
        "AUTH.0.ldap.CONFIG.LDAP_URI: is missing",
        "AUTH.0.ldap.CONFIG.LDAP_CA: holds no certificate in PEM format",
        "AUTH.0.ldap.CONFIG.LDAP_BASE_INTERNAL: is missing",
        "AUTH.0.ldap.CONFIG.LDAP_GROUPS.a.value.0: must have 1 to 15 characters",
        "AUTH.0.ldap.CONFIG.LDAP_URL: unknown key, did you mean LDAP_URI?",
    ]


@pytest.mark.parametrize(
    "uri", ["ldap.example.org", "http://x", "ldap://", "ldap://x:y", "ldap://a@x", "ldap://x/dc=x"]
)
def test_an_address_of_no_directory(uri):
    [message] = faults(LDAP_URI=uri, LDAP_BASE_INTERNAL=slapd.PEOPLE)
    assert message.startswith("AUTH.0.ldap.CONFIG.LDAP_URI: must be ldaps://host")


@pytest.mark.parametrize(
    "settings, needed",
    [
        ({"LDAP_GROUPS": {"a": ["b"]}}, "LDAP_BASE_GROUPS: is needed for LDAP_GROUPS"),
        ({"LDAP_BIND_DN": "cn=x"}, "LDAP_BIND_PASSWORD: is needed for LDAP_BIND_DN"),
        ({"LDAP_BIND_PASSWORD": "x"}, "LDAP_BIND_DN: is needed for LDAP_BIND_PASSWORD"),
    ],
)
def test_settings_that_need_each_other(settings, needed):
    messages = faults(LDAP_URI="ldap://x", LDAP_BASE_INTERNAL=slapd.PEOPLE, **settings)
    assert messages == [f"AUTH.0.ldap.CONFIG.{needed}"]


def test_a_site_that_did_not_install_what_ldap_needs(monkeypatch):
    monkeypatch.setitem(sys.modules, "ldap3", None)
    [message] = faults(LDAP_URI="ldap://x", LDAP_BASE_INTERNAL=slapd.PEOPLE)
    assert message == "AUTH.0.ldap.CONFIG: needs the package ldap3: pip install '.[ldap]'"
