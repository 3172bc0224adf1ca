"""The converter of schemas to the definitions of Swagger 2.0 and OpenAPI 3.1.

A schema has two definitions, because an answer and a body differ: an answer has only the members
that ``fields`` names, and a nullable column may be null in it even if a body needs a value.
"""

from collections.abc import Mapping
from copy import copy
from inspect import cleandoc
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_instance
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import Schema, fields

from shared import examples
from shared.schemas import STORED_NULL, TableSchema, definition_name


class AnswerConverter(OpenAPIConverter):
    """The converter of apispec for answers, with examples, and docstrings as descriptions."""

    def schema2jsonschema(self, schema) -> dict:
        """Return the definition of ``schema``."""
        schema = resolve_schema_instance(schema)
        definition = super().schema2jsonschema(schema)
        if required := self.required(schema, definition.pop("required", [])):
            definition["required"] = required
        if text := type(schema).__dict__.get("__doc__"):
            definition["description"] = cleandoc(text)
        return definition

    def required(self, schema: Schema, names: list[str]) -> list[str]:
        """Return those of ``names`` that are always there: ``fields`` selects those of a table."""
        return [] if isinstance(schema, TableSchema) else names

    def is_nullable(self, field: fields.Field) -> bool:
        """Whether the value may be null."""
        return field.allow_none or field.metadata.get(STORED_NULL, False)

    def field2property(self, field: fields.Field) -> dict:
        """Return the definition of ``field``."""
        if self.is_nullable(field) and not field.allow_none:
            field = copy(field)
            field.allow_none = True
        definition = super().field2property(field)
        example = examples.value(str(field.data_key or field.name), definition)
        if self.openapi_version.major < 3:
            return _in_swagger(definition) | ({} if example is None else {"example": example})
        definition.pop("example", None)
        return definition if example is None else {**definition, "examples": [example]}


class BodyConverter(AnswerConverter):
    """The converter for bodies."""

    def required(self, schema: Schema, names: list[str]) -> list[str]:
        """Return those of ``names`` that a client has to send."""
        return [name for name in names if not schema.fields[name].dump_only]

    def is_nullable(self, field: fields.Field) -> bool:
        """Whether the value may be null."""
        return field.allow_none


class AnswerPlugin(MarshmallowPlugin):
    """The plugin of apispec for answers."""

    Converter = AnswerConverter


class BodyPlugin(MarshmallowPlugin):
    """The plugin of apispec for bodies."""

    Converter = BodyConverter


class Definitions:
    """The definitions of schemas in a ``version`` of OpenAPI."""

    def __init__(self, version: str):
        self._plugins = (
            AnswerPlugin(schema_name_resolver=definition_name),
            BodyPlugin(schema_name_resolver=_body_name),
        )
        self._specs = [APISpec("", "", version, plugins=[plugin]) for plugin in self._plugins]

    def add(self, schema: Schema, body: bool) -> str:
        """Define ``schema`` and its nested schemas, as a body or as an answer; return its name."""
        converter: Any = self._plugins[body].converter
        return converter.resolve_nested_schema(schema)["$ref"].rpartition("/")[2]

    def parameters(self, schema: Schema) -> list[dict]:
        """The fields of ``schema`` as parameters of a query."""
        converter: Any = self._plugins[0].converter
        return converter.schema2parameters(schema, location="query")

    @property
    def by_name(self) -> Mapping[str, dict]:
        """The definitions by name."""
        answers, bodies = (spec.components.schemas for spec in self._specs)
        return {**answers, **bodies}


def _body_name(schema: Any) -> str:
    """The name of ``schema`` as a body: ProposalBody, or ProposalPatch if it is partial."""
    name = definition_name(schema)
    return name if resolve_schema_instance(schema).partial else f"{name}Body"


def _in_swagger(definition: dict) -> dict:
    """``definition`` as Swagger 2.0 has it: nothing beside a reference, no null in an enum."""
    if "$ref" in definition and len(definition) > 1:
        definition = {"allOf": [{"$ref": definition.pop("$ref")}], **definition}
    if "enum" in definition:
        definition["enum"] = [each for each in definition["enum"] if each is not None]
    return definition
