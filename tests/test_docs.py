"""The documents: what they show was run, and what they link to is there."""

import ast
import importlib
import json
import os
import pkgutil
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

from services.core import dialects, models, routes
from services.ssx import dialects as ssx_dialects
from shared.db import Base
from tests.operations import published
from tests.processes import PATIENCE, end, free_port
from tests.test_house import SUBJECTS

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
TUTORIAL = ROOT / "docs/tutorial/first-day.md"
CLIENT = ROOT / "docs/how-to/write-a-client.md"
ADDRESS = "http://127.0.0.1:8000"  # where `make run` serves
BY_HAND = {"make run", "make test"}  # blocks that only stand for what the tests do otherwise
MAP = ROOT / "docs/architecture.md"
PLACE = re.compile(
    r"`((?:shared|services|gateway|demo|tests|bench|config)/[\w/.-]*)(?:: ([\w.]+))?`"
)
MADE = re.compile(r"^`([\w/.]+)`(?:, in `\w+`)?$", re.MULTILINE)  # files that a how-to makes
SUBJECT = re.compile(r"^### (\w+)\n(.*?)(?=^##)", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"^`([\w.]+)`\n\n```(?:python|json|csv)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
LEFT_TO_A_SITE = {"config/site.yml"}
END = "end of the block"  # what no answer holds


def relative(path):
    return str(path.relative_to(ROOT))


def anchors(text):
    """What a code host makes of the headings of a document."""
    plain = (re.sub(r"[^\w\- ]", "", found.lower()) for found in HEADING.findall(text))
    return {name.replace(" ", "-") for name in plain}


@pytest.mark.parametrize("path", DOCUMENTS, ids=relative)
def test_links_lead_somewhere(path):
    for link in LINK.findall(re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)):
        if "://" in link or link.startswith("mailto:"):
            continue
        name, _, anchor = unquote(link).partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        if anchor:
            assert anchor in anchors(target.read_text()), link


def test_every_document_is_in_the_index():
    index = ROOT / "docs/README.md"
    linked = {(index.parent / unquote(link)).resolve() for link in LINK.findall(index.read_text())}
    assert set(ROOT.glob("docs/**/*.md")) - linked == {index}


# ------------------------------------------------------------------ files, and the map of them


def defined(path):
    """The names of the functions, classes and methods in a file: ``list_``, ``Rows.list_``."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
            if isinstance(node, ast.ClassDef):
                yield from (f"{node.name}.{getattr(part, 'name', '')}" for part in node.body)


@pytest.mark.parametrize(
    "path", [each for each in DOCUMENTS if each.name != "CHANGELOG.md"], ids=relative
)
def test_files_and_functions_that_are_named_exist(path):
    text = path.read_text()
    made = {str(folder) for name in MADE.findall(text) for folder in (name, *Path(name).parents)}
    for name, function in PLACE.findall(text):
        if name.rstrip("/") not in made | LEFT_TO_A_SITE:
            assert (ROOT / name).exists(), name
            assert not function or function in defined(ROOT / name), f"{name}: {function}"


def namespaces(package):
    """``(module, namespace)`` of each file below a package of routes."""
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(found.name)
        yield from (
            (module.__name__, value)
            for name, value in vars(module).items()
            if name == "ns" or name.endswith("_ns")
        )


def test_the_map_has_each_table(built):
    built("core")
    text = MAP.read_text()
    tables = {each.local_table.name for each in Base.registry.mappers}
    assert not {name for name in tables if f"`{name}`" not in text}
    assert {
        each.__tablename__ for each in vars(models).values() if hasattr(each, "__tablename__")
    } <= tables


def test_the_map_has_each_file_of_routes_in_its_subject():
    subjects = dict(SUBJECT.findall(MAP.read_text()))
    for name, ns in namespaces(routes):
        *_, subject, file = name.split(".")
        urls = [url for each in ns.resources for url in each[1]]
        text = subjects[subject]
        assert f"| `{file}` |" in text, name
        paths = [f"{ns.path.rstrip('/')}{re.sub(r'<[^>]*>', '{id}', url)}" for url in urls]
        assert any(f"`{path}`" in text for path in (ns.path, *paths, *of_files(paths))), name


def test_the_map_has_each_module_in_its_subject():
    subjects = dict(SUBJECT.findall(MAP.read_text()))
    for path in ROOT.glob("services/core/modules/*/[a-z]*.py"):
        text, last = subjects[path.parent.name], path.stem.rpartition("_")[2]
        names = (f"`{path.stem}`", f"/{path.stem}.py`", f"`…_{last}`")
        assert any(name in text for name in names), path


def of_files(paths):
    """Paths of files, as the map writes them: with the name of the second parameter."""
    return [re.sub(r"{id}$", "{number}", path) for path in paths]


def test_the_map_has_each_namespace_of_a_dialect():
    text = MAP.read_text()
    for name, ns in (*namespaces(dialects), *namespaces(ssx_dialects)):
        client = name.split(".")[3]
        line = next(part for part in text.splitlines() if f"dialects/{client}/` |" in part)
        assert f"`{ns.path}`" in line, name


def test_the_map_has_the_order_of_the_subjects():
    assert " → ".join(SUBJECTS) in MAP.read_text()
    assert not {subject for subject in SUBJECTS if f"### {subject}" not in MAP.read_text()} - {
        "shipping"
    }


# ------------------------------------------------------------------ what is shown was run


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The address of `make run`, in a folder of its own."""
    port, program = free_port(), Path(sys.executable).with_name("ispyb-services")
    folder = tmp_path_factory.mktemp("demo") / "config"
    folder.mkdir()
    site = shutil.copy(ROOT / "config/demo.yml", folder)
    subprocess.run([program, "demo", "--site", site], check=True, capture_output=True)
    server = subprocess.Popen(
        [program, "serve", "--site", site, "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert any("Ctrl-C" in line for line in server.stdout)
        yield f"http://127.0.0.1:{port}"
    finally:
        end(server, signal.SIGINT)


def run(blocks, address, folder):
    """Run ``blocks`` in one shell, in ``folder``, and return the output of each."""
    script = "".join(f"{block}\necho; echo '{END}'\n" for block in blocks)
    done = subprocess.run(
        ["bash", "-u"],
        cwd=folder,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        input=script.replace(ADDRESS, address),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split(END)[:-1]


def told(text):
    """The parts of a shown answer between the dots, without blanks."""
    return ["".join(part.split()) for part in text.split("...")]


@pytest.mark.serial
@pytest.mark.parametrize(
    "path, first, last",
    [
        (ROOT / "README.md", "## A first session", "## Architecture"),
        (TUTORIAL, "# ", None),
        (CLIENT, "# ", None),
        (ROOT / "docs/how-to/prepare-a-shipment.md", "# ", None),
        (ROOT / "docs/how-to/track-dewars.md", "# ", None),
        (ROOT / "docs/how-to/store-an-ssx-experiment.md", "# ", None),
    ],
    ids=["README", "tutorial", "client", "shipment", "dewars", "serial"],
)
def test_what_is_shown_was_run(demo, tmp_path, path, first, last):
    text = path.read_text()
    text = text[text.index(first) : text.index(last) if last else None]
    for file, block in FILE.findall(text):
        (tmp_path / file).write_text(block)
    commands, expected = [], {}
    for kind, block in BLOCK.findall(FILE.sub("", text)):
        if kind == "sh" and block.strip() not in BY_HAND:
            commands.append(block)
        elif kind == "python":
            commands.append(f"python - <<'PYTHON'\n{block}PYTHON\n")
        elif kind in ("json", "text"):
            expected[len(commands) - 1] = block
    assert len(expected) >= 3
    answers = run(commands, demo, tmp_path)
    for number, shown in expected.items():
        answer, place = "".join(answers[number].split()), 0
        for part in told(shown):
            place = answer.find(part, place)
            assert place >= 0, f"{part}\nis not in\n{answers[number]}"
            place += len(part)


# ------------------------------------------------------------------ errors


def test_every_problem_is_explained(built):
    text = (ROOT / "docs/reference/errors.md").read_text()
    explained = set(re.findall(r"^\| (\d{3}) \w", text, re.MULTILINE))
    documented = {
        code
        for operation in published(built).values()
        for code in operation["responses"]
        if code >= "400"
    }
    assert documented == explained


def test_the_problem_that_is_shown_has_all_members(built):
    text = (ROOT / "docs/reference/errors.md").read_text()
    shown = json.loads(BLOCK.search(text)[2])
    for operation in published(built).values():
        content = operation["responses"].get("422", {}).get("content", {})
        for answer in content.values():
            assert answer["schema"]["properties"].keys() == shown.keys()
