"""The OpenAPI specifications of the services: what the gateway knows of them, and their union."""

from collections.abc import Iterator, Mapping
from typing import Any

from flask import Flask

from shared.config import API_ROOT

VERBS = ("get", "head", "post", "put", "patch", "delete", "options", "trace")
LINK = "onetime"  # the security scheme of one-time links: the token stands in the query


def prefix(name: str) -> str:
    """Where the service ``name`` keeps its documentation and its health."""
    return API_ROOT if name == "core" else f"{API_ROOT}/{name}"


def collect(apps: Mapping[str, Flask]) -> dict[str, dict]:
    """Ask each service for its specification."""
    return {
        name: app.test_client().get(f"{prefix(name)}/openapi.json").get_json()
        for name, app in apps.items()
    }


def paths(spec: Mapping) -> dict[str, dict]:
    """The path items of ``spec`` by their whole path, from the root of the server."""
    return {
        (item.get("servers") or spec.get("servers") or [{"url": ""}])[0]["url"].rstrip("/")
        + path: {key: value for key, value in item.items() if key != "servers"}
        for path, item in spec["paths"].items()
    }


def operations(spec: Mapping) -> Iterator[tuple[str, str, dict]]:
    """Method, whole path and description of every operation."""
    for path, item in paths(spec).items():
        for verb in VERBS:
            if verb in item:
                yield verb.upper(), path, item[verb]


def is_open(spec: Mapping, operation: Mapping) -> bool:
    """Whether a request without Authorization header may succeed."""
    security = operation.get("security", spec.get("security"))
    return not security or any(not needed or LINK in needed for needed in security)


def merge(title: str, specs: Mapping[str, Mapping]) -> dict:
    """Return one specification of all services.

    A component or operation that two services name alike but define differently is called
    ``<service>.<name>`` in the second.
    """
    merged: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": title, "version": ""},
        "servers": [{"url": "/"}],
        "tags": [],
        "paths": {},
        "components": {},
    }
    seen: set[str] = set()
    for name, spec in specs.items():
        components = spec.get("components", {})
        new = {
            reference: f"{reference.rpartition('/')[0]}/{name}.{reference.rpartition('/')[2]}"
            for reference in _clashes(components, merged["components"])
        }
        for section, definitions in _refer(components, new).items():
            known = merged["components"].setdefault(section, {})
            for key, definition in definitions.items():
                known[new.get(f"#/components/{section}/{key}", key).rpartition("/")[2]] = (
                    definition
                )
        for path, item in _refer(paths(spec), new).items():
            for operation in (item[verb] for verb in VERBS if verb in item):
                if operation.get("operationId") in seen:
                    operation["operationId"] = f"{name}.{operation['operationId']}"
                seen.add(operation.get("operationId"))
            merged["paths"].setdefault(path, {}).update(item)
        tags = {tag["name"] for tag in merged["tags"]}
        merged["tags"] += [tag for tag in spec.get("tags", []) if tag["name"] not in tags]
        merged["info"]["version"] = spec["info"]["version"]
    return merged


def _clashes(mine: Mapping[str, dict], theirs: Mapping[str, dict]) -> set[str]:
    """References to components of ``mine`` that mean something else in ``theirs``."""
    both = {
        f"#/components/{section}/{key}": (definition, theirs[section][key])
        for section, definitions in mine.items()
        for key, definition in definitions.items()
        if key in theirs.get(section, {})
    }
    clashes = {reference for reference, (one, other) in both.items() if one != other}
    while more := {ref for ref in both.keys() - clashes if _references(both[ref][0]) & clashes}:
        clashes |= more
    return clashes


def _references(node: Any) -> set[str]:
    if isinstance(node, Mapping):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*map(_references, node.values()))
    return set().union(*map(_references, node)) if isinstance(node, list) else set()


def _refer(node: Any, new: Mapping[str, str]) -> Any:
    """A copy of ``node`` whose references follow the names in ``new``."""
    if isinstance(node, Mapping):
        return {
            key: (
                new.get(value, value)
                if key == "$ref" and isinstance(value, str)
                else _refer(value, new)
            )
            for key, value in node.items()
        }
    return [_refer(value, new) for value in node] if isinstance(node, list) else node
