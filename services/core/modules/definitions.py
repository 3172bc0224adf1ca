"""JSON Schema of what clients write: what it accepts in JSON's own types, the API accepts."""

from functools import cache
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from services.core.schemas.definitions import WRITTEN
from shared.errors import NotFound

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def names() -> dict:
    """The names of all definitions."""
    return {"names": sorted(WRITTEN)}


@cache
def get(name: str) -> dict:
    """The JSON Schema of the body that creates a ``name``."""
    if name not in WRITTEN:
        raise NotFound("definition not found")
    plugin = MarshmallowPlugin()
    APISpec("", "", "3.1.0", plugins=[plugin])  # 3.1 speaks the JSON Schema of 2020-12
    converter: Any = plugin.converter
    found = converter.fields2jsonschema(WRITTEN[name]().load_fields)
    return {"$schema": DRAFT, "title": name, **found, "additionalProperties": False}
