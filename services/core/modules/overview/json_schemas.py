"""JSON Schema of what clients write: what it accepts in JSON's own types, the API accepts."""

from functools import cache
from typing import Any

import orjson
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from services.core.schemas.overview.json_schemas import WRITTEN
from services.core.schemas.processing.programs import AS_WRITTEN
from shared.errors import NotFound
from shared.schemas import definition_name

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def names() -> dict:
    """The names of all definitions."""
    return {"names": sorted(WRITTEN)}


@cache
def get(name: str) -> dict:
    """The JSON Schema of the body that creates a ``name``."""
    if name not in WRITTEN:
        raise NotFound("definition not found")
    plugin = MarshmallowPlugin(schema_name_resolver=definition_name)
    spec = APISpec("", "", "3.1.0", plugins=[plugin])  # 3.1 speaks the JSON Schema of 2020-12
    converter: Any = plugin.converter
    converter.add_attribute_function(_as_written)
    found = converter.fields2jsonschema(WRITTEN[name]().load_fields)
    found |= {"$schema": DRAFT, "title": name, "additionalProperties": False}
    if nested := spec.components.schemas:
        found["$defs"] = {each: _written(shape) for each, shape in nested.items()}
    return orjson.loads(orjson.dumps(found).replace(b"#/components/schemas/", b"#/$defs/"))


def _as_written(self, field, **_) -> dict:
    """For apispec: what only a body must have, as old rows in answers may have more."""
    return field.metadata.get(AS_WRITTEN, {})


def _written(shape: dict) -> dict:
    """``shape`` without what only answers have."""
    found = {n: f for n, f in shape["properties"].items() if not f.get("readOnly")}
    needed = [name for name in shape.get("required", ()) if name in found]
    return {**shape, "properties": found, "required": needed}
