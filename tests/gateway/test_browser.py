"""The page at / in a real browser: it asks each service whether it lives."""

import re
import shutil
import subprocess

import pytest

from tests.processes import PATIENCE

pytestmark = pytest.mark.serial


@pytest.fixture
def text(tmp_path):
    """``text(url)`` is what Chromium makes of a page, some seconds after it came.

    A page that reports an error, such as a script that its policy forbids, fails.
    """

    def load(url):
        browser = shutil.which("chromium") or shutil.which("chromium-browser")
        assert browser, "chromium is missing: install it"
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
        command += ["--enable-logging=stderr", "--log-level=0"]
        command += [f"--user-data-dir={tmp_path}", "--virtual-time-budget=8000", url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        assert not re.findall(r".*CONSOLE.*", done.stderr)
        return done.stdout

    return load


def test_the_page_says_that_every_service_is_up(server, text):
    marks = re.findall(r'<span class="health (\w+)" data-health="([^"]+)"', text(server + "/"))
    api = "/ispyb/api/v1"
    where = [f"{api}{part}/health" for part in ("/auth", "", "/em", "/ssx")]
    assert sorted(marks) == sorted(("up", path) for path in where)


def test_the_swagger_ui_shows_what_the_service_has(server, text):
    page = text(f"{server}/ispyb/api/v1/auth/docs")
    tags = re.findall(r'data-tag="(\w+)"', page)
    assert "ISPyB auth" in page and {"auth", "user", "tokens", "groups"} <= {*tags}
