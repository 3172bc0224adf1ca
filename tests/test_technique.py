"""The how-to of a new technique, performed as it stands: in a copy of the tree."""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
import yaml

from shared import keys
from tests.processes import PATIENCE, end, free_port

pytestmark = pytest.mark.serial
ROOT = Path(__file__).parent.parent
GUIDE = ROOT / "docs/how-to/add-a-technique-service.md"
BLOCK = re.compile(r"^`([\w/.]+)`(?:, in `(\w+)`)?\n\n```\w+\n(.*?)^```$", re.M | re.S)
COPIED = ["services", "shared", "gateway", "config", "demo", "tests", "setup.cfg"]
HEADS = {"services": "services:\n"}
TESTS = ["tests/xchem", "tests/shared/test_models.py", "tests/shared/test_read.py"]
TESTS += ["tests/shared/test_lists.py::test_a_list_costs_the_same_statements_whatever_its_length"]
TESTS += ["tests/shared/test_openapi.py", "tests/test_matrix.py", "tests/test_house.py"]
TESTS += ["tests/test_published.py", "tests/test_writes.py"]
TESTS += ["tests/test_filters.py", "tests/test_beside.py"]


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The tree with the new service in it, made by the how-to."""
    folder = tmp_path_factory.mktemp("tree")
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    text = GUIDE.read_text()
    shell = re.search(r"^```sh\n(.*?)^```$", text, re.M | re.S)[1]
    subprocess.run(["bash", "-e", "-c", shell], cwd=folder, check=True)
    for name, place, block in BLOCK.findall(text):
        path = folder / name
        if place:
            head, text = HEADS[place], path.read_text()
            assert text.count(head) == 1, place
            path.write_text(text.replace(head, head + block))
        else:
            assert not path.exists(), name
            path.write_text(block)
    return folder


@pytest.fixture
def environment(tree):
    """That of the tests, without the settings of this run of them."""
    settings = ("ISPYB_", "PYTEST_")
    ours = {name: value for name, value in os.environ.items() if not name.startswith(settings)}
    return {**ours, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}


def test_the_new_service_passes_all_tests_of_the_house(tree, environment):
    names = [*TESTS, "-k", "xchem or Ligand or ligands or models or list_costs or complete"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *names]
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) > 30


def test_the_new_code_is_in_the_style_of_the_house(tree):
    made = [*tree.glob("services/xchem/**/*.py"), *tree.glob("tests/xchem/*.py")]
    black = [sys.executable, "-m", "black", "--quiet", "--check", "-l", "99", *made]
    flake8 = [sys.executable, "-m", "flake8", "--max-line-length", "99", *made]
    assert [subprocess.run(command).returncode for command in (black, flake8)] == [0, 0]


def test_the_new_service_starts_alone(tree, environment):
    keys.new(tree / ".run/keys")
    port = free_port()
    command = [sys.executable, "-c", "from services.cli import main; main()", "serve"]
    command += ["--site", "config/demo.yml", "--service", "xchem", "--port", str(port)]
    server = subprocess.Popen(command, cwd=tree, env=environment, stdout=subprocess.DEVNULL)
    try:
        assert health(port) == {"service": "xchem", "status": "ok"}
    finally:
        end(server)


def health(port):
    """What the service says of itself, as soon as it does."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return requests.get(f"http://127.0.0.1:{port}/health", timeout=5).json()
        except (requests.ConnectionError, requests.Timeout):
            assert time.monotonic() < deadline
            time.sleep(0.2)


def test_the_gateway_routes_the_new_service(tree, environment):
    command = [sys.executable, "-c", "from services.cli import main; main()", "gateway", "render"]
    command += ["--site", "config/demo.yml"]
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    kong = yaml.safe_load(done.stdout)
    (service,) = [found for found in kong["services"] if found["name"] == "xchem"]
    assert any("/ispyb/api/v1/xchem" in path for r in service["routes"] for path in r["paths"])
