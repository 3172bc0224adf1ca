"""The grammar of all lists: the parameters of a client, and their SQL.

``?column=``, ``column__gte=``, ``column__lte=``, ``column__in=a,b``, ``search=``,
``sort=-column``, ``fields=``, ``skip=``, ``limit=``, ``after=``, ``format=``. Any other parameter
is a 422.
"""

import operator
from collections.abc import Iterable
from functools import cache
from typing import Any

from marshmallow import Schema, fields, post_load, validate
from sqlalchemy import (
    ColumnElement,
    Enum,
    Float,
    Integer,
    and_,
    bindparam,
    cast,
    false,
    inspect,
    or_,
    true,
)

from shared import moments
from shared.filters import fields_of, filters_of
from shared.schemas import (
    LATIN1,
    LATIN1_LINES,
    STORED_NULL,
    UTF8,
    ExternalId,
    TableSchema,
    characters,
    columns_of,
    definition_name,
)
from shared.spelling import unknown

OPERATORS: dict[str, Any] = {
    "": operator.eq,
    "__gte": operator.ge,
    "__lte": operator.le,
    "__in": lambda column, values: column.in_(values),
}
FIELDS = "only these, separated by commas; or as X-Fields"
LONGEST_PAGE = 500
PAGING = {"skip", "limit", "fields", "sort", "after", "format"}  # the parameters without filters
FORMATS = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # the tables that a list answers beside JSON


class Delimited(fields.List):
    """A list written ``a,b,c``, as query parameters are; it is never empty."""

    def __init__(self, *args: Any, **kwargs: Any):
        kwargs.setdefault("validate", validate.Length(1))
        super().__init__(*args, **kwargs)

    def _deserialize(self, value, *args, **kwargs):
        if not isinstance(value, str):
            raise self.make_error("invalid")
        return super()._deserialize(value.split(","), *args, **kwargs)


class Text(fields.String):
    """A text to search for, loaded as a LIKE pattern with ``/`` as the escape character."""

    def _deserialize(self, value, *args, **kwargs):
        text = super()._deserialize(value, *args, **kwargs)
        for sign in "/%_":
            text = text.replace(sign, "/" + sign)
        return f"%{text}%"


class Order(validate.Regexp):
    """The columns of ``sort``, each also with a minus; the error names the nearest column.

    It is no enumeration: a name that is generated from a value has no minus.
    """

    def __init__(self, names: Iterable[str]):
        self._names = list(names)
        super().__init__(rf"^-?({'|'.join(self._names)})$(?!\n)")

    def _format_error(self, value: Any) -> str:
        return unknown(value.removeprefix("-"), self._names, "column")


def _paths_field(description: str) -> fields.Field:
    name = fields.String(validate=validate.Length(1))
    return Delimited(name, load_default=(), metadata={"description": description})


class FieldsQuery(Schema):
    """The query of a single object."""

    fields = _paths_field(FIELDS)  # type: ignore[assignment]  # a parameter, not marshmallow's own


class TableQuery(Schema):
    """The query of a list without pages."""

    format = fields.String(
        validate=validate.OneOf([*FORMATS]),
        metadata={"description": "the list as a table, whole if there is no skip, limit or after"},
    )


class ListQuery(FieldsQuery, TableQuery):
    """The query of every list."""

    skip = fields.Integer(load_default=0, validate=validate.Range(0, 100_000))
    limit = fields.Integer(load_default=25, validate=validate.Range(1, LONGEST_PAGE))
    after = fields.String(
        validate=validate.Length(1, 1000),
        metadata={"description": "the `next` of the page before, with the same sort"},
    )

    @post_load
    def _spread_days(self, query, **kwargs):
        return moments.spread(self, query)


@cache
def query_of(schema: type[TableSchema]) -> type[Schema]:
    """The query of a list of ``schema``: paging, filters on its columns, and its own filters."""
    query: dict[str, Any] = {}
    plain = {
        name: field
        for name, field in columns_of(schema).items()
        if not isinstance(field, fields.List) and not field.load_only and name not in PAGING
    }
    for name, field in plain.items():
        if isinstance(field, ExternalId):
            continue
        about = {k: v for k, v in field.metadata.items() if k != STORED_NULL}
        in_time = moments.FILTERS if isinstance(field, fields.NaiveDateTime) else {}
        for suffix in OPERATORS:
            value = in_time.get(suffix, type(field))(validate=field.validators, metadata=about)
            query[name + suffix] = Delimited(value) if suffix == "__in" else value
    query["sort"] = Delimited(
        fields.String(validate=Order(plain)),
        metadata={"description": "columns; a minus means descending order"},
    )
    if schema.Meta.search:
        where = f"text in {', '.join(schema.Meta.search)}"
        kinds = {characters(column(schema, n).property.columns[0]) for n in schema.Meta.search}
        checks = [validate.Length(max=200), LATIN1 if kinds & {LATIN1, LATIN1_LINES} else UTF8]
        query["search"] = Text(validate=checks, metadata={"description": where})
    query |= fields_of(filters_of(schema))
    query["fields"] = _fields_field(schema)
    result = ListQuery.from_dict(query, name=definition_name(schema) + "Query")
    names = {o + suffix: n + suffix for o, n in schema.former.items() for suffix in OPERATORS}
    result.former = names  # type: ignore[attr-defined]
    return result


@cache
def row_query(schema: type[TableSchema]) -> type[Schema]:
    """The query of a single row of ``schema``."""
    query = {"fields": _fields_field(schema)}
    return FieldsQuery.from_dict(query, name=definition_name(schema) + "FieldsQuery")


def _fields_field(schema: type[TableSchema]) -> fields.Field:
    """The parameter ``fields``, with an example of columns that ``schema`` has."""
    dumped = schema().dump_fields
    paths = [inspect(schema.Meta.model).primary_key[0].name, *columns_of(schema)]
    for name, field in dumped.items():
        if isinstance(field, fields.Nested) and (inner := [*field.schema.dump_fields]):
            paths.insert(1, f"{name}.{inner[0]}")
            break
    example = ",".join(
        [*dict.fromkeys(path for path in paths if path.partition(".")[0] in dumped)][:2]
    )
    return _paths_field(f"{FIELDS}; e.g. {example}")


@cache
def list_of(schema: type[Schema]) -> type[Schema]:
    """The answer of a list of ``schema``."""
    envelope: dict[str, Any] = {
        "total": fields.Integer(required=True),
        "totalIsExact": fields.Boolean(
            metadata={"description": "only if false: there may be more"}
        ),
        "results": fields.List(fields.Nested(schema), required=True),
        "skip": fields.Integer(required=True),
        "limit": fields.Integer(required=True),
        "next": fields.String(metadata={"description": "send it as `after` for the next page"}),
    }
    return Schema.from_dict(envelope, name=definition_name(schema) + "ListSchema")


def condition(schema: type[TableSchema], name: str, shape: Any = None) -> ColumnElement[bool]:
    """The condition of the filter ``name``, with a bind parameter of the same name.

    ``shape`` is that of the caller, on which the condition of a filter may depend.
    """
    if own_filter := filters_of(schema).get(name):
        own_condition = own_filter.condition
        assert own_condition is not None, f"the module has to replace the filter {name}"
        if isinstance(own_condition, ColumnElement):
            return own_condition
        return own_condition(shape)
    if name == "search":
        text = bindparam("search")
        return or_(*(column(schema, n).like(text, escape="/") for n in schema.Meta.search))
    column_name, separator, suffix = name.partition("__")
    value = bindparam(name, expanding=suffix == "in")
    return OPERATORS[separator + suffix](column(schema, column_name), value)


def ordering(schema: type[TableSchema], sort: tuple[str, ...]) -> list[ColumnElement]:
    """The columns of ``sort`` for ORDER BY; a minus means descending."""
    orders: list[ColumnElement] = []
    for name in sort:
        order = column(schema, name.removeprefix("-"))
        keys = [cast(order, Integer), order] if _has_numbers(order) else [order]
        orders += [key.desc() if name.startswith("-") else key.asc() for key in keys]
    return orders


def _has_numbers(order: Any) -> bool:
    """Whether a column of text has numbers, as its ``info`` says: 2 comes before 10."""
    return order.property.columns[0].info.get("numeric", False)


def beyond(schema: type[TableSchema], sort: tuple[str, ...], nulls: tuple[bool, ...]) -> Any:
    """The condition of rows after the one with the values ``after_0``, ``after_1``, … of ``sort``.

    ``nulls`` are the values that are null: nulls come first, in a descending order last. The
    redundant ``<=`` of each condition lets the index be used.
    """
    rest: Any = false()
    for at in reversed(range(len(sort))):
        order, down = column(schema, sort[at].removeprefix("-")), sort[at].startswith("-")
        last = bindparam(f"after_{at}")
        if nulls[at]:
            rest = and_(order.is_(None), rest) if down else or_(order.is_not(None), rest)
            continue
        later, not_before = (
            (order < last, order <= last) if down else (order > last, order >= last)
        )
        if down and order.nullable:
            later, not_before = or_(later, order.is_(None)), or_(not_before, order.is_(None))
        rest = and_(not_before, or_(later, rest)) if at < len(sort) - 1 else later
    return rest if sort else true()


def has_cursor(schema: type[TableSchema], sort: tuple[str, ...]) -> bool:
    """Whether a list in this order has cursors.

    Not for floats, which are not exact, nor for enumerations and numbers in texts, which the
    server sorts by number and compares by text.
    """
    orders = [column(schema, name.removeprefix("-")) for name in sort]
    return not any(isinstance(each.type, (Float, Enum)) or _has_numbers(each) for each in orders)


def column(schema: type[TableSchema], name: str) -> Any:
    """The attribute of the model for the field ``name``."""
    field = columns_of(schema).get(name)
    return getattr(schema.Meta.model, field.attribute or name if field else name)
