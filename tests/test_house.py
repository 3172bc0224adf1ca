"""The laws of the house, so that nobody has to remember them."""

import ast
import configparser
import importlib
import keyword
import re
import subprocess
import sys
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import demo
import gateway
import services
import shared
from shared.db import Base, OwnBase

ROOT = Path(__file__).parent.parent
GLOSSARY = ROOT / "docs/reference/glossary.md"
PACKAGES = ["shared", "services", "gateway", "demo"]
ABOVE = {"services/cli.py", "services/cli_notices.py", "services/cli_options.py"}
LEVELS = {"models": 0, "schemas": 1, "modules": 2, "routes": 3, "dialects": 3}
SUBJECTS = [
    *("people", "samples", "shipping", "beamline", "acquisition", "processing", "zocalo"),
    "overview",
]  # each imports only those before it
LONGEST = 500
FILES = sorted(path for package in PACKAGES for path in ROOT.glob(f"{package}/**/*.py"))
HOUSE = [path for path in FILES if str(path.relative_to(ROOT)) not in ABOVE]
NAMED = [path for path in FILES if path.relative_to(ROOT).parts[0] != "demo"]
LIBRARY = [path for path in FILES if path.relative_to(ROOT).parts[0] in ("shared", "services")]
PYTHON = sorted([*FILES, *ROOT.glob("tests/**/*.py"), *ROOT.glob("bench/**/*.py")])
NOT_USED = re.compile(r"^\| `([\w.]+)` \| (name|word|file|member) \| ", re.MULTILINE)
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
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


@cache
def parsed(path):
    return ast.parse(path.read_text())


def imports(path):
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports say the whole path"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def subject(parts):
    """The place of a file's subject among all, if it has one."""
    return SUBJECTS.index(parts[3]) if len(parts) > 3 and parts[3] in SUBJECTS else None


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


def broken_by(parts, target):
    """The laws that the import of ``target`` by the file at ``parts`` breaks."""
    laws = {
        "the command line is above all": ".".join(target).startswith("services.cli"),
        "shared is below all": parts[0] == "shared" and target[0] in PACKAGES[1:],
    }
    if parts[0] == "services":
        http = target[0] in ("flask", "flask_restx", "werkzeug") or target[:2] == ["shared", "api"]
        laws["services know nothing above them"] = target[0] in ("gateway", "demo")
        laws["they know no HTTP"] = bool(http and {"models", "schemas", "modules"} & {parts[2]})
    if parts[0] == target[0] == "services":
        room, other = parts[2], target[2] if len(target) > 2 else ""
        laws["a service never imports another"] = target[1] != parts[1]
        laws["the app imports, and is not imported"] = other == "app"
        laws["layers import downwards"] = LEVELS.get(other, 0) > LEVELS.get(room, 9)
        laws["nothing native imports a dialect"] = other == "dialects" and room not in (
            "dialects",
            "app",
        )
        mine, theirs = subject(parts), subject(target)
        if mine is not None and theirs is not None:
            laws["subjects import in their order"] = theirs > mine
    return [law for law, broken in laws.items() if broken]


def test_imports_point_one_way():
    assert not [
        f"{relative(path)}: {name}: {law}"
        for path in HOUSE
        for name in imports(path)
        for law in broken_by(path.relative_to(ROOT).with_suffix("").parts, name.split("."))
    ]


def test_one_name_runs_through_all_layers():
    for path in ROOT.glob("services/*/routes/**/[a-z]*.py"):
        _, service, _, *below = path.relative_to(ROOT).parts
        for room in ("schemas", "modules"):
            assert Path(ROOT, "services", service, room, *below).exists(), f"{path}: {room}"
        *folders, name = below
        assert Path(ROOT, "tests", service, *folders, f"test_{name}").exists(), path


@pytest.mark.parametrize("path", sorted(ROOT.glob("services/*/app.py")), ids=relative)
def test_a_service_has_the_same_rooms_as_the_others(path):
    for room in ("models", "schemas", "modules", "routes"):
        assert (path.parent / room / "__init__.py").exists(), room


def too_long(path):
    lines = len(path.read_text().splitlines())
    if lines > LONGEST:
        yield f"{lines} lines, more than {LONGEST}"


def left_for_later(path):
    if path != Path(__file__):
        yield from (match[0] for match in UNFINISHED.finditer(path.read_text()))


def printed(path):
    """A service has a log; the command line speaks through click."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Name) and node.id == "print":
            yield f"line {node.lineno}: print"


def kept_incomplete(path):
    """See shared/statements.py: threads would break such a statement at its first use."""
    tree = parsed(path)
    inside = {
        node
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.Lambda)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "aliased":
            if node not in inside:
                yield f"line {node.lineno}: use make_alias"
        if isinstance(node, ast.FunctionDef) and node.returns is not None:
            caches = {ast.unparse(each).split("(")[0] for each in node.decorator_list}
            statement = re.search(r"Select|ColumnElement", ast.unparse(node.returns))
            if statement and caches & {"cache", "lru_cache"}:
                yield f"line {node.lineno}: use cache_statements"


def unexplained(path):
    tree = parsed(path)
    if tree.body and not ast.get_docstring(tree):
        yield "the file itself"
    public = []
    for node in tree.body:
        if getattr(node, "name", "_")[0] != "_":
            resource = "Resource" in [
                getattr(base, "id", "") for base in getattr(node, "bases", [])
            ]
            public += node.body if resource else [node]  # its verbs are explained, not the path
    for node in public:
        constant = isinstance(node, ast.ClassDef) and isinstance(node.body[0], ast.Assign)
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not constant:
            if not ast.get_docstring(node):
                yield f"line {node.lineno}: {node.name}"


@cache
def not_used():
    """The words of the glossary's list that is not used, by what they may not be."""
    words = {kind: set() for kind in ("name", "word", "file", "member")}
    for word, kind in NOT_USED.findall(GLOSSARY.read_text()):
        words[kind].add(word)
    assert all(words.values())
    return words


def names(tree):
    """``(line, name)`` of all that a file defines; of a member of a class with its class."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr
        if isinstance(node, ast.ClassDef):
            for part in node.body:
                member = getattr(part, "name", getattr(getattr(part, "target", None), "id", ""))
                yield part.lineno, f"{node.name}.{member}"


def badly_named(path):
    """Names that the glossary, docs/reference/glossary.md, lists as not used."""
    words = not_used()
    whole = words["name"] | words["word"] | words["member"]
    if path.stem in words["file"] and not {"models", "dialects"} & {*path.parts}:
        yield "the file itself"
    for line, name in names(parsed(path)):
        plain_name = name if "." in name else name.strip("_")
        parts = {part.lower() for part in WORD.findall(plain_name)}
        if plain_name in whole or ("." not in name and parts & words["word"]):
            yield f"line {line}: {name}"


@pytest.mark.parametrize(
    ("faults", "paths"),
    [
        (too_long, PYTHON),
        (left_for_later, PYTHON),
        (printed, LIBRARY),
        (kept_incomplete, LIBRARY),
        (unexplained, FILES),
        (badly_named, NAMED),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_no_file_is(faults, paths):
    assert not [f"{relative(path)}: {fault}" for path in paths for fault in faults(path)]


def test_no_attribute_of_a_model_is_a_python_keyword():
    for path in ROOT.glob("services/*/models/__init__.py"):
        importlib.import_module(module(path))
    mappers = [mapper for base in (Base, OwnBase) for mapper in base.registry.mappers]
    assert len(mappers) > 50
    assert not [
        f"{mapper.class_.__name__}.{name}"
        for mapper in mappers
        for name in mapper.attrs.keys()
        if keyword.iskeyword(name)
    ]


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
