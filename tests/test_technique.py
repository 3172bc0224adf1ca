"""The how-tos of a new technique and of a new resource, performed as they stand: in a copy."""

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

from gateway.check import SafeLoader
from shared import keys
from tests.processes import PATIENCE, end, free_port

pytestmark = pytest.mark.serial
ROOT = Path(__file__).parent.parent
TECHNIQUE = ROOT / "docs/how-to/add-a-technique-service.md"
RESOURCE = ROOT / "docs/how-to/add-a-resource.md"
BLOCK = re.compile(r"^`([\w/.]+)`(?:, in `(\w+)`)?\n\n```\w+\n(.*?)^```$", re.M | re.S)
SHELL = re.compile(r"^```sh\n(.*?)^```$", re.M | re.S)
COPIED = [
    *("services", "shared", "gateway", "config", "demo", "bench", "tests", "docs"),
    *("setup.cfg", "README.md", "CHANGELOG.md", "CONTRIBUTING.md"),
]
LINES = {  # by the name of a place in a file: how the line before it begins
    "services": "services:",
    "imports": "    diffraction_plans,",
    "namespaces": "            proteins.ns,",
    "samples": "| `proteins` |",
}
MOST_LINES = 80  # of the four files of a resource
TESTS = ["tests/shared/test_models.py", "tests/shared/test_read.py"]
UNCOPIED = shutil.ignore_patterns("node_modules")
TESTS += ["tests/shared/test_lists.py::test_a_list_costs_the_same_statements_whatever_its_length"]
TESTS += ["tests/shared/test_openapi.py", "tests/test_matrix.py", "tests/test_house.py"]
TESTS += ["tests/test_published.py", "tests/test_writes.py"]
TESTS += ["tests/test_filters.py", "tests/test_beside.py"]
LAWS = "models or list_costs or complete or imports_point or one_name or same_rooms or the_map"


def perform(guide, folder):
    """Make a copy of the tree in ``folder``, and all that ``guide`` makes; return its files."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=UNCOPIED)
        else:
            shutil.copy(ROOT / name, folder / name)
    text, created = guide.read_text(), []
    for shell in SHELL.findall(text):
        subprocess.run(["bash", "-e", "-c", shell], cwd=folder, check=True)
    for name, place, block in BLOCK.findall(text):
        path = folder / name
        if place:
            lines = path.read_text().splitlines(keepends=True)
            (at,) = [at for at, line in enumerate(lines) if line.startswith(LINES[place])]
            path.write_text("".join([*lines[: at + 1], block, *lines[at + 1 :]]))
        else:
            assert not path.exists(), name
            path.write_text(block)
            created.append(path)
    return created


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The tree with the new service in it."""
    folder = tmp_path_factory.mktemp("tree")
    perform(TECHNIQUE, folder)
    return folder


def environment(tree):
    """That of the tests, without the settings of this run of them."""
    settings = ("ISPYB_", "PYTEST_")
    ours = {name: value for name, value in os.environ.items() if not name.startswith(settings)}
    return {**ours, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}


def check(tree, tests, words):
    """Run what the tests of the house say of ``words``, and the style checks."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS, *tests]
    command += ["-k", f"{words} or {LAWS}"]
    done = subprocess.run(command, cwd=tree, env=environment(tree), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    return int(re.search(r"(\d+) passed", done.stdout)[1])


def check_style(files):
    """Run black and flake8 on ``files``."""
    black = [sys.executable, "-m", "black", "--quiet", "--check", "-l", "99", *files]
    flake8 = [sys.executable, "-m", "flake8", "--max-line-length", "99", *files]
    assert [subprocess.run(command).returncode for command in (black, flake8)] == [0, 0]


def test_a_new_resource_takes_five_files_and_passes_all_tests(tmp_path):
    created = perform(RESOURCE, tmp_path)
    *code, tests = created
    names = [path.relative_to(tmp_path).parts[2] for path in code]
    assert names == ["models", "schemas", "modules", "routes"]
    assert sum(len(path.read_text().splitlines()) for path in code) < MOST_LINES
    check_style(created)
    words = "lattices or Lattice"
    files = [str(tests.relative_to(tmp_path)), "tests/test_docs.py"]
    assert check(tmp_path, files, words) > 30


def test_the_new_service_passes_all_tests_of_the_house(tree):
    assert check(tree, ["tests/xchem"], "xchem or Screen or screens") > 30


def test_the_new_code_is_in_the_style_of_the_house(tree):
    check_style([*tree.glob("services/xchem/**/*.py"), *tree.glob("tests/xchem/*.py")])


def test_the_new_service_starts_alone(tree):
    keys.new(tree / ".run/keys")
    port = free_port()
    command = [sys.executable, "-c", "from services.cli import main; main()", "serve"]
    command += ["--site", "config/demo.yml", "--service", "xchem", "--port", str(port)]
    server = subprocess.Popen(command, cwd=tree, env=environment(tree), stdout=subprocess.DEVNULL)
    try:
        assert health(port) == {"service": "xchem", "status": "ok"}
    finally:
        end(server)


def health(port):
    """The answer of /health, as soon as there is one."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return requests.get(f"http://127.0.0.1:{port}/health", timeout=5).json()
        except (requests.ConnectionError, requests.Timeout):
            assert time.monotonic() < deadline
            time.sleep(0.2)


def test_the_gateway_routes_the_new_service(tree):
    command = [sys.executable, "-c", "from services.cli import main; main()", "gateway", "render"]
    command += ["--site", "config/demo.yml"]
    done = subprocess.run(command, cwd=tree, env=environment(tree), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    kong = yaml.load(done.stdout, Loader=SafeLoader)
    (service,) = [each for each in kong["services"] if each["name"] == "xchem"]
    assert any("/ispyb/api/v1/xchem" in path for r in service["routes"] for path in r["paths"])
