"""OpenAPI 3.1 from the Swagger 2.0 of RESTX: the same operations, with nullability."""

from collections.abc import Iterable
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from shared.api import CONSUMES, PRODUCES, Namespace
from shared.schemas import definition_name, null_as_stored

VERBS = {"get", "post", "put", "patch", "delete"}
PARAMETER = {"name", "in", "required", "description"}
SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "onetime": {"type": "apiKey", "in": "query", "name": "onetime"},
}


def document(swagger: dict, namespaces: Iterable[Namespace], title: str, version: str) -> dict:
    """The Swagger document of an API of ``namespaces`` as OpenAPI 3.1, with full paths."""
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "tags": swagger.get("tags", []),
        "paths": {
            swagger["basePath"].rstrip("/") + path: _item(item)
            for path, item in swagger["paths"].items()
        },
        "components": {"schemas": _schemas(namespaces), "securitySchemes": SECURITY},
    }


def _schemas(namespaces: Iterable[Namespace]) -> dict:
    plugin = MarshmallowPlugin(schema_name_resolver=definition_name)
    spec = APISpec("", "", "3.1.0", plugins=[plugin])
    converter: Any = plugin.converter
    converter.add_attribute_function(null_as_stored)
    for namespace in namespaces:
        for schema in namespace.documented:
            converter.resolve_nested_schema(schema)
    return spec.to_dict().get("components", {}).get("schemas", {})


def _item(item: dict) -> dict:
    shared = [_parameter(p) for p in item.get("parameters", [])]
    operations = {verb: _operation(operation) for verb, operation in item.items() if verb in VERBS}
    return {"parameters": shared, **operations} if shared else operations


def _operation(swagger: dict) -> dict:
    copied = {
        k: swagger[k] for k in ("operationId", "summary", "description", "tags") if k in swagger
    }
    operation = {**copied, "security": swagger.get("security", [])}
    parameters = swagger.get("parameters", [])
    if others := [_parameter(p) for p in parameters if p["in"] != "body"]:
        operation["parameters"] = others
    for body in (p for p in parameters if p["in"] == "body"):
        content = {"application/json": {"schema": _refer(body["schema"])}}
        for kind in swagger.get(CONSUMES, ())[1:]:
            content[kind] = {"schema": {"type": "string"}}
        operation["requestBody"] = {"required": True, "content": content}
    kinds = swagger.get("produces", ["application/json"])
    operation["responses"] = {
        code: _response(code, answer, kinds) for code, answer in swagger["responses"].items()
    }
    if PRODUCES in swagger:
        content = operation["responses"]["200"]["content"]
        content[swagger[PRODUCES]] = {"schema": {"type": "string", "format": "binary"}}
    return operation


def _parameter(swagger: dict) -> dict:
    parameter = {key: value for key, value in swagger.items() if key in PARAMETER}
    schema = {key: value for key, value in swagger.items() if key not in PARAMETER}
    schema.pop("collectionFormat", None)
    schema.pop("x-nullable", None)
    if schema.get("type") == "array":
        parameter |= {"style": "form", "explode": False}
    return {**parameter, "schema": _refer(schema)}


def _response(code: str, swagger: dict, kinds: list[str]) -> dict:
    answer = {"description": swagger["description"]}
    if "schema" in swagger:
        kinds = kinds if code < "400" else ["application/problem+json"]
        answer["content"] = {kind: {"schema": _refer(swagger["schema"])} for kind in kinds}
    return answer


def _refer(schema):
    """``schema`` with references to ``#/components/schemas``."""
    if isinstance(schema, dict):
        return {
            key: (
                value.replace("#/definitions/", "#/components/schemas/")
                if key == "$ref"
                else _refer(value)
            )
            for key, value in schema.items()
        }
    return [_refer(one) for one in schema] if isinstance(schema, list) else schema
