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

    The names of its parts do not depend on the services that are enabled: each has that of its
    service or dialect first, see ``shared.schemas.definition_name``. Raises ValueError if two
    services define a part of the same name differently.
    """
    merged: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {},
        "servers": [{"url": "/"}],
        "tags": [],
        "paths": {},
        "components": {},
    }
    names: set[str] = set()
    for spec in (spec for mounts in specs.values() for spec in mounts.values()):
        for section, definitions in spec["components"].items():
            merged_section = merged["components"].setdefault(section, {})
            for name, definition in definitions.items():
                if merged_section.setdefault(name, definition) != definition:
                    raise ValueError(f"two services define {name} of {section} differently")
        for path, item in spec["paths"].items():
            for operation in (item[verb] for verb in VERBS if verb in item):
                if operation["operationId"] in names:
                    raise ValueError(f"two operations are called {operation['operationId']}")
                names.add(operation["operationId"])
            merged["paths"].setdefault(path, {}).update(item)
        tags = {tag["name"] for tag in merged["tags"]}
        merged["tags"] += [tag for tag in spec["tags"] if tag["name"] not in tags]
        merged["info"] = {**spec["info"], "title": title}
    return merged
