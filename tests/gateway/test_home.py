"""The page at / says what runs here; a stranger can copy its calls and they work."""

import os
import subprocess
from html.parser import HTMLParser

import pytest
import requests

from gateway import home
from shared import config

ROOT = "/ispyb/api/v1"


class Page(HTMLParser):
    """The text and the links of a page."""

    def __init__(self, text):
        super().__init__()
        self.links, self.health, self.calls, self.cells, self.loads = [], [], [], [], []
        self.inside = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.inside = tag
        if tag == "a":
            self.links.append(attributes["href"])
        if "data-health" in attributes:
            self.health.append(attributes["data-health"])
        self.loads += [value for name, value in attrs if name in ("src", "srcset", "action")]
        if tag == "link":
            self.loads.append(attributes["href"])

    def handle_data(self, data):
        if self.inside == "code" and data.strip():
            self.calls.append(data)
        if self.inside in ("td", "code") and data.strip():
            self.cells.append(data.strip())


def page(site, specs):
    return Page(home.page(site, specs)().get_data(as_text=True))


def test_it_shows_every_service_with_its_health_and_documents(loaded, specs):
    answer = page(loaded, specs)
    assert answer.health == [
        f"{ROOT}/auth/health",
        f"{ROOT}/health",
        f"{ROOT}/em/health",
        f"{ROOT}/ssx/health",
    ]
    for prefix in (ROOT, *(f"{ROOT}/{name}" for name in specs)):
        for document in ("docs", "openapi.json"):
            assert f"{prefix}/{document}" in answer.links
    for prefix in (f"{ROOT}/auth", ROOT, f"{ROOT}/em", f"{ROOT}/ssx"):
        assert f"{prefix}/swagger.json" in answer.links
    assert "/ispyb/mxcube/docs" in answer.links


def test_a_service_names_what_it_speaks_of_and_not_all_of_much(loaded, specs):
    text = home.page(loaded, specs)().get_data(as_text=True)
    assert "<p>em atlases</p>" in text
    core = text.split("<p>proposals, sessions")[1].split("</p>")[0]
    assert ", lab contacts," in core and "_" not in core
    tags = [tag["name"] for tag in specs["core"][ROOT]["tags"]]
    assert core.endswith(f" and {len(set(tags) - {'default', 'health'}) - home.SUBJECTS} more")


def test_it_needs_nothing_from_elsewhere_and_runs_no_script_but_its_own(loaded, specs):
    answer = home.page(loaded, specs)
    first, second = answer(), answer()
    html = Page(first.get_data(as_text=True))
    assert all(each.startswith("data:") for each in html.loads)
    assert all(each.startswith("/ispyb/") for each in html.links)
    policy = first.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    nonce = policy.split("script-src 'nonce-")[1].split("'")[0]
    assert f'<script nonce="{nonce}">' in first.get_data(as_text=True)
    assert policy != second.headers["Content-Security-Policy"]


def test_names_of_a_site_are_text(loaded, specs):
    site = {**loaded, "site": {"name": "<script>alert(1)</script>", "mode": "demo"}}
    text = home.page(site, specs)().get_data(as_text=True)
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_a_demo_lists_its_users(loaded, specs):
    users = [
        {"login": "dora", "password": "dora-word", "name": "Dora"},
        {"login": "emil", "password": "emil-word", "givenName": "Emil", "familyName": "Ek"},
        {"login": "finn", "password": "finn-word"},
        {"login": "robot", "token": "robot-token"},
    ]
    block = {**loaded["AUTH"][0]["dummy"], "CONFIG": {"users": users}}
    site = {**loaded, "AUTH": [{"demo-users": block}]}
    assert home.users(site) == [
        {"plugin": "demo-users", "login": "dora", "password": "dora-word", "name": "Dora"},
        {"plugin": "demo-users", "login": "emil", "password": "emil-word", "name": "Ek"},
        {"plugin": "demo-users", "login": "finn", "password": "finn-word", "name": "finn"},
    ]
    answer = page(site, specs)
    assert {"dora", "dora-word", "Dora", "Ek", "finn", "demo-users"} <= set(answer.cells)
    assert "robot" not in " ".join(answer.cells)


def test_production_lists_nobody(loaded, specs):
    site = {**loaded, "site": {**loaded["site"], "mode": "production"}}
    assert home.users(site) == []
    text = home.page(site, specs)().get_data(as_text=True)
    assert "alice" not in text.lower()
    assert "Demo users" not in text
    assert '"login": "LOGIN", "password": "PASSWORD"' in home.calls(site)[0]["command"]


def test_a_service_that_is_off_is_not_shown(without, specs):
    site = without("ssx")
    some = {name: mounts for name, mounts in specs.items() if name in config.enabled(site)}
    assert "ssx" not in home.page(site, some)().get_data(as_text=True)


@pytest.mark.parametrize(
    ("off", "titles"),
    [
        ("ssx", ["Sign in, keep the token", "My proposals", "The latest events"]),
        ("core", ["Sign in, keep the token", "The signed-in user"]),
        ("auth", []),
    ],
)
def test_the_calls_are_of_services_that_are_there(without, off, titles):
    assert [call["title"] for call in home.calls(without(off))] == titles


def test_the_calls_work_as_they_are_copied(server, loaded, specs):
    text = requests.get(server, timeout=5).text
    copied = [call for call in Page(text).calls if "curl" in call]
    script = "\n".join(copied).replace(home.origin(loaded), server)
    assert len(copied) == 3
    env = {"PATH": os.environ["PATH"]}
    done = subprocess.run(["sh", "-ec", script], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('"total":0,"results":[]') == 2, done.stdout


@pytest.mark.parametrize(("host", "url"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")])
def test_the_address_is_one_that_curl_takes(host, url):
    assert home.origin({"gateway": {"host": host, "port": 8001}}) == f"http://{url}:8001"
