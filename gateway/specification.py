"""The OpenAPI specifications of the services, and their union."""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.config import API_ROOT

Mounts = Mapping[str, Mapping]
"""The specifications of one service, by the path below which it documents them."""
Specs = Mapping[str, Mounts]
"""The specifications of all services, by name."""

VERBS = ("get", "head", "post", "put", "patch", "delete", "options", "trace")
LINK = "onetime"  # the security scheme of one-time links: the token stands in the query


def prefix(name: str) -> str:
    """The path below which the service ``name`` has its documentation and health."""
    return API_ROOT if name == "core" else f"{API_ROOT}/{name}"


def operations(mounts: Mounts) -> Iterator[tuple[str, str, dict]]:
    """Method, whole path and description of every operation of a service."""
    for spec in mounts.values():
        for path, item in spec["paths"].items():
            for verb in VERBS:
                if verb in item:
                    yield verb.upper(), path, item[verb]


def is_open(operation: Mapping) -> bool:
    """Whether a request without Authorization header may succeed."""
    security = operation.get("security")
    return not security or any(not needed or LINK in needed for needed in security)


def merge(title: str, specs: Specs) -> dict:
    """Return one specification of all services.

    If two services define a component or operation of the same name differently, it is called
    ``<service>.<name>`` in the second one, or ``<service>.<dialect>.<name>``.
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
    for label, spec in _labelled(specs):
        new = {
            reference: f"{reference.rpartition('/')[0]}/{label}.{reference.rpartition('/')[2]}"
            for reference in _clashes(spec["components"], merged["components"])
        }
        for section, definitions in _refer(spec["components"], new).items():
            merged_section = merged["components"].setdefault(section, {})
            for key, definition in definitions.items():
                merged_section[
                    new.get(f"#/components/{section}/{key}", key).rpartition("/")[2]
                ] = definition
        for path, item in _refer(spec["paths"], new).items():
            for operation in (item[verb] for verb in VERBS if verb in item):
                if operation.get("operationId") in seen:
                    operation["operationId"] = f"{label}.{operation['operationId']}"
                seen.add(operation.get("operationId"))
            merged["paths"].setdefault(path, {}).update(item)
        tags = {tag["name"] for tag in merged["tags"]}
        merged["tags"] += [tag for tag in spec["tags"] if tag["name"] not in tags]
        merged["info"]["version"] = spec["info"]["version"]
    return merged


def _labelled(specs: Specs) -> Iterator[tuple[str, Mapping]]:
    for name, mounts in specs.items():
        for base, spec in mounts.items():
            yield (name if base == prefix(name) else f"{name}.{base.split('/')[2]}"), spec


def _clashes(new: Mapping[str, dict], merged: Mapping[str, dict]) -> set[str]:
    """References to components of ``new`` that are defined differently in ``merged``."""
    both = {
        f"#/components/{section}/{key}": (definition, merged[section][key])
        for section, definitions in new.items()
        for key, definition in definitions.items()
        if key in merged.get(section, {})
    }
    clashes = {reference for reference, (one, other) in both.items() if one != other}
    while more := {ref for ref in both.keys() - clashes if _references(both[ref][0]) & clashes}:
        clashes |= more
    return clashes


def _references(node: Any) -> set[str]:
    if isinstance(node, Mapping):
        reference = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return reference.union(*map(_references, node.values()))
    return set().union(*map(_references, node)) if isinstance(node, list) else set()


def _refer(node: Any, new: Mapping[str, str]) -> Any:
    """A copy of ``node`` with references to the names in ``new``."""
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
