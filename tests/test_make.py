"""``make run``, as a newcomer types it; the environment of the tests stands for a new one."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.processes import end, free_port

pytestmark = pytest.mark.serial
ROOT = Path(__file__).parent.parent
ENVIRONMENT = {  # not that of the make which may run the tests
    name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))
}
MADE = ["-o", f"{sys.prefix}/.demo", f"VENV={sys.prefix}"]


@pytest.fixture
def tree(tmp_path):
    """What the Makefile needs of a fresh clone."""
    for name in ("Makefile", "setup.cfg", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "config", tmp_path / "config")
    return tmp_path


def make(tree, *arguments):
    return subprocess.run(
        ["make", *arguments], cwd=tree, env=ENVIRONMENT, capture_output=True, text=True
    )


def start(tree, port):
    """Type `make run`, wait for the end of the welcome; return the process and what it told."""
    process = subprocess.Popen(
        ["make", "run", f"PORT={port}", *MADE],
        cwd=tree,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
    )
    told = ""
    for line in process.stdout:
        told += line
        if "Ctrl-C ends everything" in line:
            break
    return process, told


def interrupt(process):
    """Ctrl-C reaches all processes of the terminal; none may stay."""
    end(process, signal.SIGINT)
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_one_command_serves_the_demo_and_ctrl_c_ends_it(tree):
    port = free_port()
    root = f"http://127.0.0.1:{port}"
    process, told = start(tree, port)
    try:
        assert f"is open at {root}\n" in told
        login, password = re.search(r"^    (alice) +(\S+)", told, re.MULTILINE).groups()
        assert told.count("\ncurl ") + told.count("\nTOKEN=") == 3
        body = {"plugin": "dummy", "login": login, "password": password}
        answer = requests.post(f"{root}/ispyb/api/v1/auth/login", json=body, timeout=10)
        bearer = {"Authorization": f"Bearer {answer.json()['token']}"}
        found = requests.get(f"{root}/ispyb/api/v1/proposals", headers=bearer, timeout=10).json()
        assert found["total"] > 0

        for path in (tree / ".run", *(tree / ".run").glob("*.db"), tree / ".run" / "keys"):
            assert path.stat().st_mode & 0o077 == 0, path
        busy = make(tree, "run", f"PORT={port}", *MADE)
        assert f"port {port} of 127.0.0.1 is in use" in busy.stderr
        assert "Traceback" not in busy.stderr
    finally:
        interrupt(process)

    database = (tree / ".run" / "ispyb.db").stat().st_mtime_ns
    process, told = start(tree, port)
    interrupt(process)
    assert "Installing" not in told and "is open at" in told
    assert (tree / ".run" / "ispyb.db").stat().st_mtime_ns == database  # it was there


def test_a_broken_site_file_is_told_without_a_trace(tree):
    (tree / "mine.yml").write_text("site: {name: X}\nservces: {core: {}}\n")
    done = make(tree, "run", "SITE=mine.yml", "-o", f"{sys.prefix}/.site", *MADE)
    assert done.returncode == 2
    assert "servces: unknown key, did you mean services?" in done.stderr
    assert "database.uri: is missing" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tree / ".run").exists()


def test_a_python_that_is_not_there_is_one_sentence(tree):
    done = make(tree, "run", "PYTHON=/nowhere/python")
    assert done.returncode == 2
    assert done.stderr.startswith("Python 3.11 or newer with its venv module is needed")
    assert not (tree / ".venv").exists()


def test_help_lists_the_commands(tree):
    told = make(tree).stdout
    for command in ("run", "check", "test", "house", "bench", "clean"):
        assert f"\n{command}\t" in f"\n{told}"
