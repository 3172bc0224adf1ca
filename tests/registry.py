"""The routes and rows of all services, merged from tests/<service>/matrix.py and world.py.

A service whose matrix grows makes it a package, tests/<service>/matrix/, with a file per subject.
A test file may have the routes and rows of its resource, too, if it has ``ROUTES``.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from tests.conftest import ROOT, SERVICES
from tests.matrix import Route


def modules(name: str) -> list[ModuleType]:
    """``tests.<service>.<name>`` of each service, the files in it, and the test files."""
    folders = [f"tests.{service}" for service in SERVICES if find_spec(f"tests.{service}")]
    paths = [f"{folder}.{name}" for folder in folders if find_spec(f"{folder}.{name}")]
    packages = [module for path in paths for module in _with_files(importlib.import_module(path))]
    return packages + [importlib.import_module(path) for path in _test_files()]


@cache
def _test_files() -> list[str]:
    """The test files with routes of their own, as they are imported."""
    return [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for service in SERVICES
        for path in sorted(ROOT.glob(f"tests/{service}/**/test_*.py"))
        if "\nROUTES = " in path.read_text()
    ]


def _with_files(module: ModuleType) -> Iterator[ModuleType]:
    yield module
    for file in pkgutil.iter_modules(getattr(module, "__path__", ()), f"{module.__name__}."):
        yield importlib.import_module(file.name)


def routes() -> dict[str, Route]:
    """The routes of all services by name."""
    merged: dict[str, Route] = {}
    for module in modules("matrix"):
        for route in getattr(module, "ROUTES", ()):
            assert route.name not in merged, f"{module.__name__}: {route.name} is there twice"
            merged[route.name] = route
    return merged


def sets(module: str, name: str) -> set:
    """The union of the sets ``name`` of all services."""
    return set().union(*(getattr(each, name, ()) for each in modules(module)))


def dicts(module: str, name: str) -> dict[str, Any]:
    """The dicts ``name`` of all services, merged; no two say different things of one key."""
    merged: dict[str, Any] = {}
    for each in modules(module):
        for key, value in getattr(each, name, {}).items():
            assert merged.setdefault(key, value) == value, f"{each.__name__}: {key} is elsewhere"
    return merged


ROUTES = routes()
