"""The headers that keep a browser from what a page or an answer is not meant to do."""

import re

import pytest
import requests

from tests.conftest import SERVICES

ROOT = "/ispyb/api/v1"
POLICY = (
    "default-src 'none'; connect-src 'self'; font-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "script-src 'nonce-{0}'; style-src 'nonce-{0}'"
)


@pytest.mark.parametrize("service", SERVICES)
def test_the_swagger_ui_runs_its_own_scripts_only(built, service):
    path = f"{ROOT}/docs" if service == "core" else f"{ROOT}/{service}/docs"
    client = built(service).test_client()
    first, second = client.get(path), client.get(path)
    (nonce,) = {*re.findall(r'<(?:script|style|link) nonce="([\w-]+)"', first.text)}
    assert not re.findall(r"<(?:script|style|link)(?! nonce=)", first.text)
    assert first.headers["Content-Security-Policy"] == POLICY.format(nonce)
    assert first.headers["Referrer-Policy"] == "no-referrer"
    assert first.headers["Cache-Control"] == "no-store"
    assert nonce not in second.text


@pytest.mark.parametrize(
    "path", ["/health", f"{ROOT}/health", f"{ROOT}/docs", f"{ROOT}/proposals"]
)
def test_no_browser_guesses_a_type(app, path):
    assert app.test_client().get(path).headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", f"{ROOT}/auth/swagger.json", "/absent", "/a%00b"])
def test_no_browser_guesses_a_type_of_the_gateway(server, path):
    assert requests.get(server + path).headers["X-Content-Type-Options"] == "nosniff"
