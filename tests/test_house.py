"""The laws of the house, so that nobody has to remember them."""

import ast
import configparser
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import demo
import gateway
import services
import shared

ROOT = Path(__file__).parent.parent
PACKAGES = ["shared", "services", "gateway", "demo"]
ABOVE = {"services/cli.py"}  # the command line stands above all services
LEVELS = {"models": 0, "schemas": 1, "modules": 2, "routes": 3, "dialects": 3}
LONGEST = 500
FILES = sorted(path for package in PACKAGES for path in ROOT.glob(f"{package}/**/*.py"))
HOUSE = [path for path in FILES if str(path.relative_to(ROOT)) not in ABOVE]
LIBRARY = [path for path in FILES if path.relative_to(ROOT).parts[0] in ("shared", "services")]
PYTHON = sorted([*FILES, *ROOT.glob("tests/**/*.py"), *ROOT.glob("bench/**/*.py")])
UNFINISHED = re.compile(
    r"\b(TODO|FIXME|XXX|HACK)\b|mark\.(skip|skipif|xfail)|pytest\.(skip|xfail)"
)
WATCH = """
import sys
sys.dont_write_bytecode = True
seen = []
EVENTS = {"socket.connect", "sqlite3.connect", "subprocess.Popen", "os.mkdir"}
sys.addaudithook(lambda event, arguments: seen.append(event) if event in EVENTS else None)
import importlib
for name in sys.argv[1:]:
    importlib.import_module(name)
assert not seen, seen
"""


def relative(path):
    return str(path.relative_to(ROOT))


def module(path):
    """The name that imports ``path``."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports say the whole path"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def dependencies():
    """The requirements of setup.cfg: of the program, and of each extra."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    groups = {"": config["options"]["install_requires"], **config["options.extras_require"]}
    return {name: text.split() for name, text in groups.items()}


def plain(distribution):
    """The name of a distribution, of which pip allows several spellings."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=]", distribution)[0]).lower()


def test_we_import_our_own_packages():
    for package in (demo, gateway, services, shared):
        assert Path(package.__file__).is_relative_to(ROOT)
    assert "Private :: Do Not Upload" in (ROOT / "setup.cfg").read_text()


def test_nothing_happens_at_import():
    names = [module(path) for path in FILES if "migrations" not in path.parts]
    command = [sys.executable, "-W", "error", "-c", WATCH, *names]
    done = subprocess.run(command, cwd=ROOT, env={}, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("path", HOUSE, ids=relative)
def test_imports_point_one_way(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    for name in imports(path):
        target = name.split(".")
        assert target[:2] != ["services", "cli"], "the command line is above all"
        if parts[0] == "shared":
            assert target[0] not in ("services", "gateway", "demo"), "shared is below all"
        elif parts[0] == "services":
            assert target[0] not in ("gateway", "demo"), "services know nothing above them"
        if parts[0] == target[0] == "services":
            assert target[1] == parts[1], "a service never imports another"
            assert target[2:3] != ["app"], "the app imports, and is not imported"
            if len(parts) > 2 and parts[2] in LEVELS and target[2] in LEVELS:
                assert LEVELS[target[2]] <= LEVELS[parts[2]], name
                assert "dialects" not in (target[2],) or parts[2] == "dialects", name
        if parts[0] == "services" and {"models", "schemas", "modules"} & set(parts):
            assert target[0] not in ("flask", "flask_restx", "werkzeug"), "they know no HTTP"
            assert target[:2] != ["shared", "api"], "they know no HTTP"


@pytest.mark.parametrize("path", sorted(ROOT.glob("services/*/routes/[a-z]*.py")), ids=relative)
def test_one_name_runs_through_all_layers(path):
    for layer in ("schemas", "modules"):
        assert (path.parent.parent / layer / path.name).exists(), layer
    assert (ROOT / "tests" / path.parts[-3] / f"test_{path.name}").exists()


@pytest.mark.parametrize("path", sorted(ROOT.glob("services/*/app.py")), ids=relative)
def test_a_service_has_the_same_rooms_as_the_others(path):
    for room in ("models", "schemas", "modules", "routes"):
        assert (path.parent / room / "__init__.py").exists(), room


@pytest.mark.parametrize("path", PYTHON, ids=relative)
def test_no_file_is_too_long(path):
    assert len(path.read_text().splitlines()) <= LONGEST


@pytest.mark.parametrize("path", PYTHON, ids=relative)
def test_nothing_is_left_for_later(path):
    if path != Path(__file__):
        assert not UNFINISHED.findall(path.read_text())


@pytest.mark.parametrize("path", LIBRARY, ids=relative)
def test_nothing_is_printed(path):
    """A service has a log; the command line speaks through click."""
    for node in ast.walk(ast.parse(path.read_text())):
        assert not (isinstance(node, ast.Name) and node.id == "print"), node.lineno


@pytest.mark.parametrize("path", LIBRARY, ids=relative)
def test_a_module_keeps_no_statement_that_was_not_compiled(path):
    """See shared/statements.py: threads would break it at its first use."""
    tree = ast.parse(path.read_text())
    inside = {
        node
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.Lambda)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "aliased":
            assert node in inside, f"line {node.lineno}: use make_alias"
        if isinstance(node, ast.FunctionDef) and node.returns is not None:
            caches = {ast.unparse(each).split("(")[0] for each in node.decorator_list}
            statement = re.search(r"Select|ColumnElement", ast.unparse(node.returns))
            assert not (
                statement and caches & {"cache", "lru_cache"}
            ), f"line {node.lineno}: use cache_statements"


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_what_others_use_is_explained(path):
    tree = ast.parse(path.read_text())
    if tree.body:
        assert ast.get_docstring(tree), "the file itself"
    public = [node for node in tree.body if getattr(node, "name", "_")[0] != "_"]
    if {"routes", "dialects"} & set(path.parts):  # there the verbs are explained, not the paths
        public = [method for node in public for method in getattr(node, "body", [])]
    for node in public:
        constant = isinstance(node, ast.ClassDef) and isinstance(node.body[0], ast.Assign)
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not constant:
            assert ast.get_docstring(node), f"{node.name} in line {node.lineno}"


@pytest.mark.parametrize("group", dependencies(), ids=lambda name: name or "program")
def test_dependencies_are_bounded(group):
    for requirement in dependencies()[group]:
        assert "==" in requirement or (">=" in requirement and ",<" in requirement), requirement


def test_what_is_imported_is_required_and_nothing_else():
    known = packages_distributions()
    required = {plain(each) for group in ("", "mysql", "ldap") for each in dependencies()[group]}
    used = set()
    for path in FILES:
        for name in {each.split(".")[0] for each in imports(path)}:
            if name not in sys.stdlib_module_names and name not in PACKAGES:
                needed = {plain(each) for each in known[name]}
                assert needed & required, f"{relative(path)} imports {name}"
                used |= needed
    assert {plain(each) for each in dependencies()[""]} <= used
