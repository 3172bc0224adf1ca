"""The headers that keep a browser from what a page or an answer is not meant to do."""

import re
from hashlib import sha256
from pathlib import Path

import pytest
import requests

from shared.pages import FILES
from tests.conftest import SERVICES
from tests.conftest import ROOT as SOURCES

ROOT = "/ispyb/api/v1"
STATIC = Path(SOURCES, "shared/static")
POLICY = (
    "default-src 'none'; connect-src 'self'; font-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "script-src 'self'; style-src 'self'"
)


@pytest.mark.parametrize("service", SERVICES)
def test_the_documentation_loads_files_of_the_service_only(built, service):
    client = built(service).test_client()
    page = client.get(f"{ROOT}/{service}/docs")
    assert page.headers["Content-Security-Policy"] == POLICY
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert not re.search(r"<style|style=|<script(?! defer src=)|\son\w+=", page.text)
    files = re.findall(rf'(?:src|href)="({FILES}[^"]+)"', page.text)
    assert len(files) == 4
    for file in files:
        assert client.get(file).status_code == 200, file


@pytest.mark.parametrize("service", SERVICES)
def test_short_paths_lead_to_the_documentation(built, service):
    client, base = built(service).test_client(), f"{ROOT}/{service}"
    for path in (f"{base}", f"{base}/"):
        assert client.get(path).location == f"{base}/docs"
    first = f"{ROOT}/docs" if service == "core" else f"{base}/docs"
    assert client.get("/docs").location == first
    assert client.get(first).status_code == 200


def test_the_files_of_swagger_ui_are_as_their_makers_published_them():
    sums = re.findall(
        r"\| `([\w.-]+)` \| `([0-9a-f]{64})` \|", STATIC.joinpath("README.md").read_text()
    )
    assert len(sums) == 4
    for name, digest in sums:
        assert sha256(STATIC.joinpath(name).read_bytes()).hexdigest() == digest, name
    ours = {"README.md", "docs.css", "docs.js"}
    assert {path.name for path in STATIC.iterdir()} == ours | {name for name, _ in sums}


@pytest.mark.parametrize(
    "path", ["/health", f"{ROOT}/health", f"{ROOT}/docs", f"{ROOT}/proposals"]
)
def test_no_browser_guesses_a_type(app, path):
    assert app.test_client().get(path).headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", f"{ROOT}/auth/swagger.json", "/absent", "/a%00b"])
def test_no_browser_guesses_a_type_of_the_gateway(server, path):
    assert requests.get(server + path).headers["X-Content-Type-Options"] == "nosniff"
