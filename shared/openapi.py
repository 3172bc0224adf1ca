"""OpenAPI 3.1 from the Swagger 2.0 of RESTX: the same operations, null and examples."""

from collections.abc import Iterable

import orjson

from shared import examples, headers, openapi_converter
from shared.api import CONSUMES, Namespace

VERBS = {"get", "post", "put", "patch", "delete"}
PARAMETER = {"name", "in", "required", "description"}
FILE = {"type": "string", "format": "binary"}
SECURITY = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "the token from /auth/login",
    },
    "onetime": {
        "type": "apiKey",
        "in": "query",
        "name": "onetime",
        "description": "the token of a one-time link, from POST /user/sign",
    },
}
DESCRIPTION = """\
**Sign in.** `POST /ispyb/api/v1/auth/login` with a plugin of `GET /ispyb/api/v1/auth/config`. Send
the `token` of its answer with each request, as `Authorization: Bearer <token>`. It is good for
`expiresIn` seconds: `POST /ispyb/api/v1/auth/refresh` with the `refreshToken` answers a new pair.

**Pages.** A list answers `total`, `results`, `skip`, `limit`, and `next` unless the page is the
last one: send it as `after`, with the same filters and the same `sort`. With `format` it answers
all pages as one table.

**Errors.** A problem document (RFC 9457) with `status`, `detail`, and `errors` by field.

**Retries.** Send the request again after `Retry-After` seconds at 429 and 503, and at 424 when the
row to which it refers may be there. A `POST` with an `Idempotency-Key` is carried out once, even
if it arrives twice.

These rules are those of the paths below `/ispyb/api/v1`; those of dialects follow their clients.
"""
LICENSE = {"name": "LGPL-3.0-or-later", "url": "https://www.gnu.org/licenses/lgpl-3.0.html"}


def info(swagger: dict, facility: str) -> dict:
    """The info of a Swagger document, which has title and version, for a ``facility``."""
    return {
        **swagger["info"],
        "description": DESCRIPTION,
        "contact": {"name": facility},
        "license": LICENSE,
    }


def document(swagger: dict, namespaces: Iterable[Namespace]) -> dict:
    """The Swagger document of an API of ``namespaces`` as OpenAPI 3.1, with full paths."""
    schemas = _schemas(namespaces)
    root = swagger["basePath"].rstrip("/")
    paths = {root + path: _item(item, schemas) for path, item in swagger["paths"].items()}
    text = orjson.dumps(paths).decode()
    return {
        "openapi": "3.1.0",
        "info": swagger["info"],
        "servers": [{"url": "/"}],
        "tags": swagger.get("tags", []),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": {
                name: _parameter({"name": name, **parameter})
                for name, parameter in headers.parameters(*headers.SENT).items()
                if f'/parameters/{name}"' in text  # linters report those that nothing uses
            },
            "headers": {
                name: {"description": meaning, "schema": {"type": "string"}}
                for name, meaning in headers.ANSWERED.items()
                if f'/headers/{name}"' in text
            },
            "securitySchemes": {
                name: scheme for name, scheme in SECURITY.items() if f'"{name}":[]' in text
            },
        },
    }


def _schemas(namespaces: Iterable[Namespace]) -> dict:
    definitions = openapi_converter.Definitions("3.1.0")
    for namespace in namespaces:
        for schema, body in namespace.documented:
            definitions.add(schema, body)
    return {**definitions.by_name}


def _item(item: dict, schemas: dict) -> dict:
    shared = [_parameter(p) for p in item.get("parameters", [])]
    operations = {
        verb: _operation(operation, schemas) for verb, operation in item.items() if verb in VERBS
    }
    return {"parameters": shared, **operations} if shared else operations


def _operation(swagger: dict, schemas: dict) -> dict:
    copied = {
        k: swagger[k] for k in ("operationId", "summary", "description", "tags") if k in swagger
    }
    operation = {**copied, "security": swagger.get("security", [])}
    parameters = swagger.get("parameters", [])
    if others := [
        (
            {"$ref": f"#/components/parameters/{p['name']}"}
            if p["in"] == "header"
            else _parameter(p)
        )
        for p in parameters
        if p["in"] != "body"
    ]:
        operation["parameters"] = others
    for body in (p for p in parameters if p["in"] == "body"):
        schema = _refer(body["schema"])
        example = examples.body(schema, schemas)
        content = {"application/json": {"schema": schema, "example": example}}
        for kind in swagger.get(CONSUMES, ())[1:]:
            content[kind] = {"schema": {"type": "string"}}
        operation["requestBody"] = {"required": True, "content": content}
    kinds = swagger.get("produces", ["application/json"])
    operation["responses"] = {
        code: _response(code, answer, kinds) for code, answer in swagger["responses"].items()
    }
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
    if sent := swagger.get("headers"):
        answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in sent}
    if "schema" in swagger:
        kinds = kinds if code < "400" else ["application/problem+json"]
        answer["content"] = {kind: {"schema": FILE} for kind in kinds}
        answer["content"][kinds[0]] = {"schema": _refer(swagger["schema"])}
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
