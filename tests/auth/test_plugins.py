"""Plugins: how they are loaded, and the dummy."""

import base64
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from gateway import app as gateway
from services.auth import app as auth
from services.auth.plugins import load
from services.auth.plugins.base import Account, Authentication
from shared.config import ConfigError
from shared.models import Person
from shared.settings import Plugins, Section, Text

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "write-an-auth-plugin.md"


class Anybody(Authentication):
    """Lets everybody in."""

    class Config(Section):
        greeting = Text("To be polite.")
        door = Text("Which one.", load_default="front")

    def authenticate_by_login(self, login, password):
        return Account(login)


class Nobody(Authentication):
    """Overrides nothing."""


HERE = __name__
DUMMY = "services.auth.plugins.dummy"


def site(*blocks, mode="demo"):
    """A site with plugins ``(name, module, class, config)``."""
    return {
        "site": {"mode": mode},
        "AUTH": [
            {
                name: {
                    "ENABLED": True,
                    "AUTH_MODULE": module,
                    "AUTH_CLASS": class_name,
                    "CONFIG": config,
                }
            }
            for name, module, class_name, config in blocks
        ],
    }


def faults(*blocks, **kwargs):
    with pytest.raises(ConfigError) as caught:
        load(site(*blocks, **kwargs))
    return caught.value.faults


def test_several_plugins_are_loaded_with_their_settings():
    users = {"users": [{"login": "a", "password": "b"}]}
    plugins = load(
        site(("one", HERE, "Anybody", {}), ("two", DUMMY, "DummyAuthentication", users))
    )
    assert [*plugins] == ["one", "two"]
    assert plugins["one"].config == {"door": "front"}
    assert plugins["one"].login_methods() == ("password",) and plugins["two"].login_methods() == (
        "password",
        "token",
    )
    assert plugins["two"].authenticate_by_login("a", "b") == Account("a", familyName="a")


def test_a_plugin_that_is_switched_off_is_not_even_imported():
    settings = site(("one", "nowhere.at.all", "X", {}))
    settings["AUTH"][0]["one"]["ENABLED"] = False
    assert load(settings) == {}


@pytest.mark.parametrize(
    "module, name, fault",
    [
        ("nowhere.at.all", "X", "AUTH_MODULE: nowhere.at.all cannot be imported"),
        (HERE, "Missing", f"AUTH_CLASS: {HERE} has no Missing"),
        (HERE, "site", "AUTH_CLASS: site is no subclass of Authentication"),
        (HERE, "Account", "AUTH_CLASS: Account is no subclass of Authentication"),
        (HERE, "Nobody", "AUTH_CLASS: Nobody overrides neither authenticate_by_login"),
        (HERE, "Authentication", "AUTH_CLASS: Authentication overrides neither"),
    ],
)
def test_a_plugin_that_cannot_be_loaded(module, name, fault):
    [message] = faults(("mine", module, name, {}))
    assert message.startswith(f"AUTH.0.mine.{fault}")


def test_all_mistakes_of_all_plugins_are_listed():
    users = [{"login": "a"}, {"login": "b", "password": "x"}, {"pasword": "x", "token": 5}]
    messages = faults(
        ("one", HERE, "Anybody", {"greting": "hi", "door": 5}),
        ("two", DUMMY, "DummyAuthentication", {"users": users}),
        ("three", "nowhere", "X", {}),
    )
    assert "AUTH.0.one.CONFIG.door: must be text" in messages
    assert "AUTH.0.one.CONFIG.greting: unknown key, did you mean greeting?" in messages
    assert "AUTH.1.two.CONFIG.users.0: needs a password or a token" in messages
    assert "AUTH.1.two.CONFIG.users.2.login: is missing" in messages
    assert "AUTH.1.two.CONFIG.users.2.token: must be text" in messages
    assert any(fault.startswith("AUTH.2.three.AUTH_MODULE") for fault in messages)


@pytest.mark.parametrize("create_app", [auth.create_app, gateway.create_app])
def test_the_site_file_is_named(site, tmp_path, create_app):
    path = tmp_path / "site.yml"
    plugin = {"AUTH_MODULE": "nowhere.at.all", "AUTH_CLASS": "X"}
    path.write_text(yaml.safe_dump({**site, "AUTH": [{"mine": plugin}]}))
    with pytest.raises(ConfigError, match=f"^mistake in {path}: AUTH.0.mine.AUTH_MODULE: "):
        create_app(str(path))


def test_two_users_with_one_login_or_one_token():
    users = [{"login": "a", "token": "x"}, {"login": "a", "token": "y"}]
    [message] = faults(("two", DUMMY, "DummyAuthentication", {"users": users}))
    assert message == "AUTH.0.two.CONFIG.users.1.login: stands twice"
    users = [{"login": "a", "token": "x"}, {"login": "b", "token": "x"}]
    [message] = faults(("two", DUMMY, "DummyAuthentication", {"users": users}))
    assert message == "AUTH.0.two.CONFIG.users.1.token: stands twice"


def test_the_dummy_refuses_production_by_whatever_path_it_comes():
    block = ("x", "services.auth.plugins", "dummy.DummyAuthentication", {})
    assert faults(block, mode="production")
    [message] = faults(("x", DUMMY, "DummyAuthentication", {"users": []}), mode="production")
    assert message == "AUTH.0.x.AUTH_CLASS: is for site.mode demo only"


def test_a_dummy_user_without_password_has_none():
    plugins = load(
        site(("x", DUMMY, "DummyAuthentication", {"users": [{"login": "a", "token": "t"}]}))
    )
    for password in ("", "None", "t"):
        assert plugins["x"].authenticate_by_login("a", password) is None
        assert plugins["x"].authenticate_by_login("b", password) is None
    assert plugins["x"].authenticate_by_token("") is None
    assert plugins["x"].authenticate_by_token("t").login == "a"


def test_a_dummy_user_has_permissions_beyond_the_database(another):
    users = [{"login": "root", "password": "x", "permissions": ["all_proposals"], "name": "Ada"}]
    block = {"AUTH_MODULE": DUMMY, "AUTH_CLASS": "DummyAuthentication", "CONFIG": {"users": users}}
    client = another(AUTH=[{"dummy": block}]).test_client()
    body = {"plugin": "dummy", "login": "root", "password": "x"}
    first = client.post("/ispyb/api/v1/auth/login", json=body).json
    assert first["permissions"] == ["all_proposals"]
    body = {"refreshToken": first["refreshToken"]}
    again = client.post("/ispyb/api/v1/auth/refresh", json=body).json
    assert again["permissions"] == ["all_proposals"]


def test_a_broken_plugin_stops_the_service_at_its_start(another):
    block = {"AUTH_MODULE": "nowhere", "AUTH_CLASS": "X"}
    with pytest.raises(ConfigError, match="AUTH.0.mine.AUTH_MODULE"):
        another(AUTH=[{"mine": block}])


# ------------------------------------------------------------- the example of the how-to page


@pytest.fixture
def user_office():
    """The URL of a user office with one account."""
    header = "Basic " + base64.b64encode(b"alice:s3cret:\xc3\xb6").decode()

    class Office(BaseHTTPRequestHandler):
        def do_GET(self):
            good = self.headers.get("Authorization") == header
            status = 500 if self.path != "/whoami" else 200 if good else 401
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b'{"account": "alice"}' if status == 200 else b"")

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Office)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/whoami"
    server.shutdown()
    server.server_close()


def test_the_example_of_the_page_works_as_written(
    another, add, user_office, tmp_path, monkeypatch
):
    blocks = dict(re.findall(r"```(python|yaml)\n(.*?)```", PAGE.read_text(), re.DOTALL))
    (tmp_path / "user_office.py").write_text(blocks["python"])
    monkeypatch.syspath_prepend(tmp_path)
    written = yaml.safe_load(blocks["yaml"])["AUTH"]
    config = written[0]["user_office"]["CONFIG"]
    assert [*load({"site": {"mode": "production"}, "AUTH": Plugins().deserialize(written)})] == [
        "user_office"
    ]

    def login(url, password="s3cret:ö", **changes):
        config["URL"] = url
        client = another(AUTH=written).test_client()
        body = {"plugin": "user_office", "login": "alice", "password": password, **changes}
        return client.post("/ispyb/api/v1/auth/login", json=body)

    assert login(user_office).status_code == 401  # the database does not know her yet
    add(Person(personId=7, login="alice"))
    answer = login(user_office)
    assert (answer.status_code, answer.json["personId"]) == (201, 7)
    assert login(user_office, password="guess").status_code == 401
    assert login(user_office, password=None, token="x").status_code == 422
    for url in (f"{user_office}/else", "http://127.0.0.1:9/whoami"):
        answer = login(url)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    config.clear()
    with pytest.raises(ConfigError) as caught:
        load({"site": {"mode": "production"}, "AUTH": Plugins().deserialize(written)})
    [message] = caught.value.faults
    assert message in PAGE.read_text()
