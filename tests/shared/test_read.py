"""The compiled path answers what the schema would dump, in a fixed number of statements."""

import importlib

import pytest
from marshmallow import fields, post_dump, pre_dump
from sqlalchemy import select

from shared import access, read
from shared.db import db
from shared.identity import Identity
from shared.models import Proposal
from shared.schemas import TableSchema
from tests.conftest import SERVICES
from tests.rows import FULL, fill

SCHEMAS = sorted(
    {
        (name, schema)
        for name in SERVICES
        for mount in importlib.import_module(f"services.{name}.app").MOUNTS
        for namespace in mount.namespaces
        for schema in namespace.payloads
    },
    key=lambda case: (case[0], case[1].__name__),
)

EVERYTHING = access.everything(
    Identity(
        login="office",
        personId=None,
        permissions=frozenset({"all_proposals"}),
        beamlines=frozenset(),
        beamline_limit=None,
        is_service=True,
        tokenId="1",
        expires=2**40,
    )
)
WHOLE = {"fields": (), "skip": 0, "limit": 500, "sort": ()}  # in the order of the key, turned


def called(case):
    return f"{case[0]}-{case[1].__name__}" if isinstance(case, tuple) else None


def aggregates(schema):
    """The names below which ``schema`` has numbers of children instead of rows."""
    case = schema.dump_fields.items()
    nested = {name: field for name, field in case if isinstance(field, fields.Nested)}
    return {name for name, field in nested.items() if not hasattr(field.schema.opts, "model")}


def without(row, names):
    return {name: value for name, value in row.items() if name not in names}


@pytest.mark.parametrize("case", SCHEMAS, ids=called)
def test_compiled_answer_equals_schema_dump(built, engine, clean, case):
    name, schema = case
    fill(engine)
    numbers = aggregates(schema())
    with built(name).app_context():
        results = read.page(schema, EVERYTHING, WHOLE)["results"]
        latest = select(schema.Meta.model).order_by(read.compiled(schema).key.desc())
        objects = db.session.scalars(latest).all()
        assert len(results) == len(objects) == FULL
        for row, expected in zip(results, schema(many=True).dump(objects)):
            assert without(row, numbers) == without(expected, numbers)


@pytest.mark.parametrize("case", SCHEMAS, ids=called)
def test_a_row_alone_equals_its_row_in_a_list(built, engine, clean, case):
    name, schema = case
    fill(engine, last=4)
    with built(name).app_context():
        key = read.compiled(schema).key.key
        results = read.page(schema, EVERYTHING, WHOLE)["results"]
        for number, row in enumerate(reversed(results), 1):
            assert read.one(schema, EVERYTHING, **{key: number}) == row


def variants(schema):
    below = [f for f in schema._declared_fields.values() if isinstance(f, fields.Nested)]
    for field in below:
        yield field
        yield from variants(field.nested)


@pytest.mark.parametrize("case", SCHEMAS, ids=called)
def test_a_variant_is_a_class_of_its_own(case):
    """An instance loses its dotted ``only``; ``exclude`` documents two shapes by one name."""
    for field in variants(case[1]):
        assert isinstance(field.nested, type) and not field.only and not field.exclude


class Short(TableSchema):
    class Meta(TableSchema.Meta):
        model = Proposal
        fields = ("proposalId", "title")


class WithKey(Short):
    title = fields.String(data_key="name")


class WithFunction(Short):
    title = fields.Function(lambda row: row.title.upper())


class WithMethod(Short):
    title = fields.Method("upper")

    def upper(self, row):
        return row.title.upper()


class WithPostDump(Short):
    @post_dump
    def upper(self, data, **_):
        return {**data, "title": data["title"].upper()}


class WithPreDump(Short):
    @pre_dump
    def upper(self, row, **_):
        return {"title": row.title.upper()}


@pytest.mark.parametrize(
    "schema, place",
    [
        (WithKey, "WithKey.title: .* data_key"),
        (WithFunction, "WithFunction.title: .* Function"),
        (WithMethod, "WithMethod.title: .* Method"),
        (WithPostDump, "WithPostDump.upper: .* post_dump"),
        (WithPreDump, "WithPreDump.upper: .* pre_dump"),
    ],
)
def test_a_schema_that_changes_its_values_is_not_compiled(schema, place):
    assert read.compiled(Short)
    with pytest.raises(TypeError, match=place):
        read.compiled(schema)
