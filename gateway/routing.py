"""The routing of Kong, for the check and for the embedded gateway.

The rules are those of its default router (``traditional_compatible``), for the fields that our
file uses: paths and methods.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

FIELDS = {"paths", "methods", "hosts", "headers", "snis", "sources", "destinations"}
UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")


class Route(NamedTuple):
    """One path of one route of the file; of those that match, the highest rank wins."""

    name: str
    service: str | None
    methods: frozenset[str]
    pattern: re.Pattern
    rank: tuple[int, bool, int, int]
    plugins: Mapping[str, dict]

    def matches(self, method: str, path: str) -> bool:
        """Whether a request for the normalised ``path`` can take this route."""
        return (not self.methods or method in self.methods) and bool(self.pattern.match(path))


class Router:
    """The routes of a declarative file."""

    def __init__(self, kong: Mapping):
        """``kong`` is the content of the file; routes are sorted by rank, the highest first."""
        self.routes = sorted(_routes(kong), key=lambda route: route.rank, reverse=True)

    def match(self, method: str, path: str) -> Route | None:
        """The route of a request for the normalised ``path``."""
        return next((route for route in self.routes if route.matches(method, path)), None)

    def rivals(self, method: str, path: str) -> set[str]:
        """The names of the matching routes of the highest rank: of two, Kong takes either."""
        routes = [route for route in self.routes if route.matches(method, path)]
        return {route.name for route in routes if route.rank == routes[0].rank}


def normalise(path: str) -> str:
    """Return the path as Kong compares and forwards it: ``//``, ``/../`` and ``%2e`` resolved.

    Other escapes stay: ``..%2f`` is one odd segment, not a step up.
    """
    path = ESCAPE.sub(_unescape, path)
    segments: list[str] = []
    *folders, last = path.split("/")
    for segment in folders:
        if segment == "..":
            segments[-1:] = []
        elif segment not in ("", "."):
            segments.append(segment)
    if last == "..":
        segments[-1:] = []
    return "/".join(["", *segments, "" if last in ("", ".", "..") else last])


def _unescape(escape: re.Match) -> str:
    character = chr(int(escape[1], 16))
    return character if UNRESERVED.match(character) else escape[0].upper()


def _routes(kong: Mapping) -> Iterator[Route]:
    for service in kong.get("services") or []:
        for route in service.get("routes") or []:
            yield from _paths(route, service["name"])
    for route in kong.get("routes") or []:
        yield from _paths(route, None)


def _paths(route: Mapping, service: str | None) -> Iterator[Route]:
    plugins = {plugin["name"]: plugin.get("config") or {} for plugin in route.get("plugins") or []}
    fields = len(FIELDS & route.keys())
    for path in route.get("paths") or ["/"]:
        regex = path.startswith("~")
        yield Route(
            route["name"],
            service,
            frozenset(route.get("methods") or ()),
            re.compile(path[1:] if regex else re.escape(path)),
            (fields, regex, route.get("regex_priority", 0), 0 if regex else len(path)),
            plugins,
        )
