"""The operations of all services, as they publish them."""

import re

from shared.app import specifications
from tests.conftest import SERVICES

ROOT = "/ispyb/api/v1"
VERBS = ("get", "post", "put", "patch", "delete")
PERMISSIONS = [
    *("all_proposals", "all_sessions", "uportal_sync", "manage_groups", "manage_perms"),
    *("manage_tokens", "view_activity", "mx_write", "ssx_write", "em_write", "processing_write"),
    *("mx_admin", "em_admin", "industry_read", "ssx_sync"),
]


def published(built):
    """``{(service, verb, path): operation}``, each with the schemas it refers to in place."""
    found = {}
    for service in SERVICES:
        for spec in specifications(built(service)).values():
            for path, item in spec["paths"].items():
                for verb in VERBS:
                    if verb in item:
                        operation = {**item[verb]}
                        shared = item.get("parameters", [])
                        operation["parameters"] = [*shared, *item[verb].get("parameters", [])]
                        assert (service, verb, path) not in found, path
                        found[service, verb, path] = resolved(operation, spec)
    return found


def by_name(built):
    """What is published, by the names it has in the matrix: service, path and operation."""
    return {
        f"{verb} {path.removeprefix(ROOT)}": (service, path, operation)
        for (service, verb, path), operation in published(built).items()
    }


def resolved(node, spec, above=()):
    """``node`` without references; what refers to itself ends there."""
    if isinstance(node, dict):
        reference = node.get("$ref")
        if isinstance(reference, str):
            if reference in above:
                return {}
            section, name = reference.split("/")[-2:]
            target = spec["components"][section][name]
            beside = {key: value for key, value in node.items() if key != "$ref"}
            return {**resolved(target, spec, (*above, reference)), **beside}
        return {key: resolved(value, spec, above) for key, value in node.items()}
    return [resolved(one, spec, above) for one in node] if isinstance(node, list) else node


def answer(operation):
    """The schema of what ``operation`` answers when all is well."""
    done = [code for code in operation["responses"] if code < "300"]
    content = operation["responses"][min(done)].get("content", {})
    return next(iter(content.values()), {}).get("schema", {})


def names(operation, where):
    """The parameters of ``operation`` in ``path`` or ``query``."""
    return {found["name"] for found in operation["parameters"] if found["in"] == where}


def is_list(operation):
    """Whether it answers many rows of a table, in pages or all at once."""
    shape = answer(operation)
    return {"total", "results"} <= shape.get("properties", {}).keys() or "items" in shape


def filled(path, values):
    """``path`` with ``values`` for its parameters."""
    return re.sub(r"{(\w+)}", lambda match: str(values[match[1]]), path)
