"""JSON Schemas of the bodies of clients; only values of JSON's own types are checked by them."""

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


def list_names() -> dict:
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
    converter.add_attribute_function(_get_written_keywords)
    definition = converter.fields2jsonschema(WRITTEN[name]().load_fields)
    definition |= {"$schema": DRAFT, "title": name, "additionalProperties": False}
    if nested := spec.components.schemas:
        definition["$defs"] = {each: _without_answers(shape) for each, shape in nested.items()}
    return orjson.loads(orjson.dumps(definition).replace(b"#/components/schemas/", b"#/$defs/"))


def _get_written_keywords(self, field, **_) -> dict:
    """For apispec: the keywords of bodies only, as old rows in answers may have other values."""
    return field.metadata.get(AS_WRITTEN, {})


def _without_answers(shape: dict) -> dict:
    """The definition ``shape`` without the fields of answers."""
    fields = {n: f for n, f in shape["properties"].items() if not f.get("readOnly")}
    required = [name for name in shape.get("required", ()) if name in fields]
    return {**shape, "properties": fields, "required": required}
