"""The reader: rows of a table as their schema describes them, without ORM objects.

A schema is compiled once: its columns and those of its parents become one SELECT with LEFT
JOINs, each list of children one SELECT for the whole page, and one expression turns a row into
a dict. Statements are cached by the shape of the query; its values are bind parameters.

Rows of other tables are shown by the rule of their table: a hidden parent reads as null, hidden
children are neither listed nor counted.
"""

from collections import defaultdict
from collections.abc import Iterable
from functools import cache, lru_cache
from itertools import islice
from typing import Any, NamedTuple

from marshmallow import Schema, fields
from sqlalchemy import Select, bindparam, case, func, inspect, select

from shared import examined, paging, visibility
from shared.access import Rule, Shape, is_unrestricted
from shared.aggregates import Aggregate
from shared.computed import Computed, FromChildren
from shared.errors import BadInput, bad_field, not_found
from shared.execution import fetch
from shared.filters import filters_of
from shared.lists import PAGING, beyond, column, condition, has_cursor, ordering
from shared.schemas import TableSchema, columns_of
from shared.sql import on_the_wire
from shared.spelling import EXPLAINED, unknown
from shared.statements import cache_statements, make_alias, populate_columns
from shared.visibility import key_of

COUNTED = 10_000  # a longer list is not counted to its end
UNREAD = (fields.Function, fields.Method, fields.Pluck)  # fields whose values are no columns
UNREAD_HOOKS = ("pre_dump", "post_dump")


class _Children(NamedTuple):
    """A list of child rows."""

    name: str
    at: int
    reader: "Reader"

    def select(self, shape: Shape | None) -> Select:
        """SELECT of the children of the rows whose keys are bound."""
        return _select_children(self.reader, shape)


class _Totals(NamedTuple):
    """Aggregates over one kind of child: ``fields`` by their name below ``name``.

    ``at`` is the position of the primary key in a row: a child begins with the link to its parent.
    """

    name: str
    at: int
    fields: dict[str, Aggregate]


class Reader:
    """A compiled schema: ``select`` makes its statement, ``load`` runs one and makes dicts."""

    def __init__(self, schema: Schema, key: Any = None):
        """``key`` is the first column of a row: the primary key, or the link to a parent."""
        self.model = schema.opts.model
        self.key = key_of(self.model, key)
        self._columns: dict[Any, int] = {self.key: 0}
        self._parents: dict[Any, Any] = {}  # the joins, by their aliases
        self._functions: dict[str, Any] = {}  # of computed values, by their names in the literal
        # The relationships to parents that may be hidden, and these, by the position of their key.
        self._guarded: dict[int, tuple] = {}
        self._children: list[_Children] = []
        self._totals: list[_Totals] = []
        self._from_children: list[tuple[str, str, FromChildren]] = []
        row = self._literal(schema, self.model)
        # Closures would do without eval, but take 7 to 170 % longer for a page of 100 rows:
        # 0.48 ms, not 0.27 ms, for sessions. The file name tells the schema in a trace.
        source = f"lambda rows: [{row} for r in rows]"
        code = compile(source, f"<rows of {type(schema).__name__}>", "eval")
        self._dicts = eval(code, self._functions)

    def select(self, shape: Shape | None) -> Select:
        """SELECT of the rows with their parents, for a caller of that shape.

        The rule of a parent is in the list of columns: so it is evaluated for the rows of the page
        only, and does not change the plan.
        """
        columns = [*map(on_the_wire, self._columns)]
        for at, (source, parent) in self._guarded.items():
            seen = visibility.parent_condition(_check_shape(shape, parent), source, parent)
            if not is_unrestricted(seen):
                columns[at] = case((seen, columns[at]))
        stmt = select(*columns).select_from(self.model)
        for parent in self._parents.values():
            stmt = stmt.outerjoin(parent)
        for children in self._children:  # without a caller this raises now, not at the first row
            children.select(shape)
        for totals in self._totals:
            _select_totals(tuple(totals.fields.values()), shape)
        return stmt

    def aggregate_columns(self, shape: Shape | None) -> list[Any]:
        """The aggregates as columns, for a single row: they need no statement of their own."""
        columns = []
        for totals in self._totals:
            for field in totals.fields.values():
                stmt = _narrow(
                    select(field.expression()).select_from(field.by.class_), field, shape
                )
                stmt = stmt.where(field.by == self.key).correlate(self.model)
                columns.append(stmt.scalar_subquery())
        return columns

    def load(
        self, stmt: Select, values: dict, rule: Rule, numbered: bool = False, most: int = 0
    ) -> tuple[list, list[dict]]:
        """Run ``stmt``, fetch the children of all its rows; return the rows and their dicts.

        If the rows are ``numbered``, their last columns are the aggregates. TooManyRows if the
        database examines more than ``most`` rows for ``stmt``; 0 is no bound.
        """
        rows: Any = examined.run(stmt, {**rule.values, **values}, most)
        dicts = self._dicts(rows)
        if not rows:
            return rows, dicts
        for children in self._children:
            by_parent, at = defaultdict(list), children.at
            keys = {"keys": [row[at] for row in rows]}
            for row, child in zip(*children.reader.load(children.select(rule.shape), keys, rule)):
                by_parent[row[0]].append(child)
            for row, parent in zip(rows, dicts):
                parent[children.name] = by_parent[row[at]]
        for name, inner, field in self._from_children:
            for parent in dicts:
                if field.children in parent:
                    parent[name][inner] = field.compute(parent[field.children])
        if numbered:
            self._place(rows, dicts)
        else:
            for totals in self._totals:
                self._count(totals, rows, dicts, rule)
        return rows, dicts

    def _place(self, rows: list, dicts: list[dict]) -> None:
        fields = [(t.name, *each) for t in self._totals for each in t.fields.items()]
        for row, answer in zip(rows, dicts):
            for (name, inner, field), value in zip(fields, row[len(row) - len(fields) :]):
                answer[name][inner] = field.finish(value)

    def at(self, column: Any) -> int | None:
        """The position of ``column`` in a row, or None."""
        return self._columns.get(column)

    def _literal(self, schema: Schema, entity: Any) -> str:
        """Return the dict of ``schema`` as an expression on a row ``r``; add its columns."""
        _check_contract(schema)
        items = []
        for name, field in schema.dump_fields.items():
            if isinstance(field, fields.Nested) and not hasattr(field.schema.opts, "model"):
                items.append(f"{name!r}: {self._computed_literal(name, field.schema, entity)}")
                self._add_totals(name, field.schema, entity)
                continue
            source = getattr(entity, field.attribute or name)
            if not isinstance(field, fields.Nested):
                items.append(f"{name!r}: r[{self._position(source)}]")
            elif field.many:
                self._add_children(name, field.schema, entity, source)
            else:
                parent = self._join(entity, field.attribute or name)
                at = self._position(key_of(parent))
                if visibility.hidden_parent(source):
                    self._guarded[at] = (source, parent)
                inner = self._literal(field.schema, parent)
                items.append(f"{name!r}: None if r[{at}] is None else {inner}")
        return "{" + ", ".join(items) + "}"

    def _computed_literal(self, outer: str, schema: Any, entity: Any) -> str:
        """Return the dict of the computed values of ``schema``; add their columns."""
        items = []
        for name, field in schema.dump_fields.items():
            if isinstance(field, FromChildren):
                self._from_children.append((outer, name, field))
                items.append(f"{name!r}: None")
            elif isinstance(field, Computed):
                function = f"compute_{len(self._functions)}"
                self._functions[function] = field.compute
                places = (self._position(self._source(entity, path)) for path in field.columns)
                values = ", ".join(f"r[{place}]" for place in places)
                items.append(f"{name!r}: {function}({values})")
        return "{" + ", ".join(items) + "}"

    def _source(self, entity: Any, path: str) -> Any:
        """The column of ``entity``, or of a parent of it, that ``path`` names."""
        *above, name = path.split(".")
        for relationship in above:
            if visibility.hidden_parent(getattr(entity, relationship)):
                raise TypeError(f"{path}: the parent may be hidden from a caller")
            entity = self._join(entity, relationship)
        return getattr(entity, name)

    def _join(self, entity: Any, name: str) -> Any:
        """The alias of a parent, which is joined once."""
        parent = _parent(entity, name)
        self._parents[parent] = getattr(entity, name).of_type(parent)
        return parent

    def _add_children(self, name: str, schema: Schema, entity: Any, source: Any) -> None:
        if entity is not self.model:
            raise TypeError(f"{name}: children of a joined parent are not supported")
        ((local, remote),) = source.property.local_remote_pairs
        reader = Reader(schema, remote)
        visibility.hidden_children(reader.key)  # TypeError for a table without a rule
        self._children.append(_Children(name, self._position(key_of(entity, local)), reader))

    def _add_totals(self, name: str, schema: Any, entity: Any) -> None:
        """Add a statement for the aggregates of each kind of child."""
        _check_contract(schema)
        if entity is not self.model:
            raise TypeError(f"{name}: aggregates of a joined parent are not supported")
        kinds: dict[Any, dict[str, Aggregate]] = defaultdict(dict)
        for inner, field in schema.dump_fields.items():
            if isinstance(field, Computed):
                continue
            kinds[field.by, field.through][inner] = field
            visibility.entry(field.model)
        at = self._position(key_of(entity))
        self._totals += [_Totals(name, at, kind) for kind in kinds.values()]

    def _count(self, totals: _Totals, rows: list, dicts: list[dict], rule: Rule) -> None:
        stmt = _select_totals(tuple(totals.fields.values()), rule.shape)
        values = {**rule.values, "keys": [row[totals.at] for row in rows]}
        by_key = {row[0]: row for row in fetch(stmt, values)}
        empty = [None] * (len(totals.fields) + 1)
        for row, answer in zip(rows, dicts):
            counted = by_key.get(row[totals.at], empty)
            for at, (name, field) in enumerate(totals.fields.items(), 1):
                answer[totals.name][name] = field.finish(counted[at])

    def _position(self, column: Any) -> int:
        """The position of ``column`` in a row, to which it is added if it is not there."""
        return self._columns.setdefault(column, len(self._columns))


def _check_contract(schema: Schema) -> None:
    """Raise TypeError if a dump by ``schema`` has more to it than to show columns.

    The values of a row leave as SQL made them: no code of a schema or a field runs on them.
    """
    name = type(schema).__name__
    for hook in UNREAD_HOOKS:
        if methods := schema._hooks[hook]:
            raise TypeError(f"{name}.{methods[0][0]}: rows are read without {hook}: use a column")
    for key, field in schema.dump_fields.items():
        if isinstance(field, UNREAD):
            kind = type(field).__name__
            raise TypeError(f"{name}.{key}: rows are read without {kind} fields: use a column")
        if field.data_key is not None:
            raise TypeError(
                f"{name}.{key}: rows are read without data_key: call the field"
                f" {field.data_key}, with attribute={key!r}"
            )


@cache
def _parent(entity: Any, name: str) -> Any:
    """The alias of a parent; always the same one, as conditions are cached by their columns."""
    return make_alias(getattr(entity, name).property.mapper.class_)


def _condition(shape: Shape | None, entity: Any) -> Any:
    """The rule for rows of another table; TypeError without a caller, who may see none."""
    return visibility.condition(_check_shape(shape, entity), entity)


def _check_shape(shape: Shape | None, entity: Any) -> Shape:
    """The shape of a caller for the few rows of ``entity``; TypeError without a caller."""
    if shape is None:
        name = inspect(entity).mapper.class_.__name__
        raise TypeError(f"a {name} is shown with the row: read it by a rule that has a caller")
    return shape._replace(few=True)


@cache_statements(1024)
def _select_children(reader: Reader, shape: Shape | None) -> Select:
    stmt = reader.select(shape).where(reader.key.in_(bindparam("keys", expanding=True)))
    if visibility.hidden_children(reader.key, shape):
        stmt = stmt.where(_condition(shape, reader.model))
    return stmt.order_by(*inspect(reader.model).primary_key)


@cache_statements(512)
def _select_totals(counted: tuple[Aggregate, ...], shape: Shape | None) -> Select:
    """SELECT of the aggregates of one kind of child, by the key of the parent."""
    by = counted[0].by
    stmt = _narrow(select(by, *(field.expression() for field in counted)), counted[0], shape)
    return stmt.where(by.in_(bindparam("keys", expanding=True))).group_by(by)


def _narrow(stmt: Select, counted: Aggregate, shape: Shape | None) -> Select:
    """``stmt`` with the counted rows that a caller of that shape sees."""
    if visibility.hidden_children(counted.by, shape):
        stmt = stmt.where(_condition(shape, counted.by.class_))
    stmt = stmt.select_from(counted.model)
    for link in counted.through:
        stmt = stmt.join(link)
        if visibility.hidden_parent(link) or visibility.may_be_closed(shape, link.class_):
            stmt = stmt.where(_condition(shape, link.class_))
    return stmt


@lru_cache(maxsize=512)
def compiled(schema: type[TableSchema], only: tuple[str, ...] = ()) -> Reader:
    """The reader of ``schema``, or of the part of it that ``only`` names."""
    whole = schema()
    check_paths(whole, only)
    populate_columns((*(each.condition for each in filters_of(schema).values()),))
    visibility.check_links(whole)
    return Reader(schema(only=only or None))


def check_paths(schema: Schema, paths: Iterable[str]) -> None:
    """Raise BadInput unless each dotted path leads to a field of ``schema``."""
    if faults := [*islice(filter(None, (_fault(schema, path) for path in paths)), EXPLAINED)]:
        raise BadInput("invalid input", {"fields": faults})


def _fault(schema: Schema, path: str) -> str | None:
    """The reason that the dotted ``path`` does not lead to a field of ``schema``, or None."""
    name, dot, below = path.partition(".")
    field = schema.dump_fields.get(name)
    if field is None:
        return f"{name}: {unknown(name, schema.dump_fields, 'field')}"
    if not dot:
        return None
    if not isinstance(field, fields.Nested):
        return f"{path}: {name} is not an object"
    fault = _fault(field.schema, below)
    return f"{name}.{fault}" if fault else None


@cache_statements(1024)
def _statements(
    schema, only, visible, shape, filters, sort, after, numbered=False, deferred=False
) -> tuple[Select, Select, tuple]:
    """SELECT of a page, SELECT of the total, and the positions of the cursor's columns.

    If the page is ``numbered``, its last columns are the aggregates. If it is ``deferred``, only
    its keys are sorted and skipped, and its rows are joined to these.
    """
    reader = compiled(schema, only)
    where = [visible, *(condition(schema, name, shape) for name in filters)]
    count = select(reader.key).where(*where).limit(COUNTED + 1).subquery()
    if after is not None:
        where.append(beyond(schema, sort, after))
    orders = [column(schema, name.removeprefix("-")) for name in sort]
    extra = [order for order in orders if reader.at(order) is None]
    rows = reader.select(shape)
    width = len(rows.selected_columns)
    places = tuple(
        width + extra.index(order) if order in extra else reader.at(order) for order in orders
    )
    numbers = reader.aggregate_columns(shape) if numbered else []
    page, order = rows.add_columns(*map(on_the_wire, extra), *numbers), ordering(schema, sort)
    part = select(reader.key) if deferred else page
    part = part.where(*where).order_by(*order)
    part = part.offset(bindparam("skip")).limit(bindparam("limit"))
    if deferred:
        keys = part.subquery()
        (key,) = keys.c
        part = page.join(keys, key == reader.key).order_by(*order)
    return part, select(func.count()).select_from(count), places


def page(schema: type[TableSchema], rule: Rule, query: dict) -> dict:
    """One page of the rows of ``schema`` that are visible by ``rule`` and match ``query``."""
    only, filters = tuple(query["fields"]), tuple(sorted(query.keys() - PAGING))
    reader = compiled(schema, only)
    key, sort = reader.key.key, tuple(query.get("sort", schema.Meta.sort))
    if not {key, f"-{key}"} & {*sort}:
        sort += (f"-{key}",)  # a unique order, for the cursor
    values = {name: query[name] for name in (*filters, "skip", "limit")}
    after = None
    if "after" in query:
        try:
            last = paging.cursor_values(sort, columns_of(schema), query["after"])
        except ValueError:
            raise bad_field("after", "is not the `next` of this list in this order") from None
        after = tuple(value is None for value in last)
        values |= {f"after_{at}": v for at, v in enumerate(last) if v is not None}
    has_one_key = len(inspect(schema.Meta.model).primary_key) == 1
    deferred = has_one_key and (query["skip"] > 0 or not rule.unrestricted)
    statements = _statements(
        *(schema, only, rule.condition, rule.shape, filters, sort, after, False, deferred)
    )
    select_page, select_total, places = statements
    most = examined.most_rows(query, rule.shape)
    try:
        rows, results = reader.load(select_page, values, rule, most=most)
    except examined.TooManyRows:
        raise examined.refuse(schema, query, most) from None
    next_ = None
    if len(rows) == query["limit"] and has_cursor(schema, sort):
        next_ = paging.cursor(sort, [rows[-1][place] for place in places])

    def total() -> int | None:
        if rule.size is not None and not filters:
            return rule.size
        filtered = {**rule.values, **{name: query[name] for name in filters}}
        return paging.count(select_total, filtered, COUNTED)

    return paging.page(query, results, next_, COUNTED, total)


def one(schema: type[TableSchema], rule: Rule, only=(), **filters) -> dict:
    """The row that is visible by ``rule`` and matches; NotFound if it is hidden or absent."""
    only, names = tuple(only), tuple(filters)
    stmt, *_ = _statements(schema, only, rule.condition, rule.shape, names, (), None, True)
    values = {**filters, "skip": 0, "limit": 1}
    rows = compiled(schema, only).load(stmt, values, rule, numbered=True)[1]
    if not rows:
        raise not_found(schema.Meta.model)
    return rows[0]


def some(schema: type[TableSchema], rule: Rule, only=(), limit=100_000, **filters) -> list[dict]:
    """All rows that are visible by ``rule`` and match, in the order of the schema."""
    only = tuple(only)
    restriction = (rule.condition, rule.shape)
    stmt, *_ = _statements(schema, only, *restriction, tuple(filters), schema.Meta.sort, None)
    return compiled(schema, only).load(stmt, {**filters, "skip": 0, "limit": limit}, rule)[1]
