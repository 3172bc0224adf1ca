"""JSON Schemas of the bodies of clients; only values of JSON's own types are checked by them."""

from functools import cache
from typing import Any

import orjson
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from services.core.schemas.overview.json_schemas import WRITTEN
from shared.errors import NotFound
from shared.schemas import AS_WRITTEN, definition_name

PLURALS = {"y": "ies", "um": "a"}  # of nouns that end so; others get an s
DRAFT = "https://json-schema.org/draft/2020-12/schema"


def list_names() -> dict:
    """The names of all definitions."""
    return {"names": sorted(WRITTEN)}


def get(name: str) -> dict:
    """The JSON Schema of the body that creates a ``name``, in any case, singular or plural."""
    if (definition := _list_spellings().get(_simplify(name))) is None:
        raise NotFound("definition not found")
    return _build(definition)


@cache
def _list_spellings() -> dict[str, str]:
    """The names of all definitions, by their spellings."""
    plurals = {_simplify(_make_plural(name)): name for name in WRITTEN}
    return plurals | {_simplify(name): name for name in WRITTEN}


def _simplify(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


def _make_plural(name: str) -> str:
    for end, plural in PLURALS.items():
        if name.endswith(end):
            return name.removesuffix(end) + plural
    return f"{name}s"


@cache
def _build(name: str) -> dict:
    """The JSON Schema of the definition of that name."""
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
