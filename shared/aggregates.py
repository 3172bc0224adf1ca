"""Aggregates over the children of each row: numbers, and sets of values.

A payload nests them under ``_metadata``; one grouped query for each kind of child and page reads
them, over the children that are visible to the caller.
"""

from typing import Any

from marshmallow import fields
from sqlalchemy import func

from shared.sql import on_the_wire


class Aggregate(fields.Field):
    """The base of aggregates; ``by`` is the child's column that refers to the row.

    ``through`` are the relationships from the counted table to the table of ``by``, if they
    differ: one, or a tuple in the order of the joins.
    """

    def __init__(self, by: Any, *, through: Any = (), **kwargs: Any):
        super().__init__(dump_only=True, **kwargs)
        self.by, self.through = by, through if isinstance(through, tuple) else (through,)

    @property
    def model(self) -> Any:
        """The counted table."""
        return (*self.through, self.by)[0].class_

    def expression(self) -> Any:
        """The SQL of the value, over all children of a row."""
        raise TypeError("an Aggregate is one of the classes below it")

    def finish(self, value: Any) -> Any:
        """The value for JSON; ``value`` is None if there is no child."""
        return value


class Count(Aggregate, fields.Integer):
    """The number of children."""

    def expression(self):
        return func.count()

    def finish(self, value):
        return value or 0


class CountDistinct(Count):
    """The number of distinct values of ``column`` among the children."""

    def __init__(self, by: Any, column: Any, **kwargs: Any):
        super().__init__(by, **kwargs)
        self.column = column

    def expression(self):
        return func.count(self.column.distinct())


class Latest(Aggregate, fields.NaiveDateTime):
    """The latest moment of ``column`` among the children; null without any."""

    def __init__(self, by: Any, column: Any, **kwargs: Any):
        super().__init__(by, metadata={"format": "date-time-local"}, **kwargs)
        self.column = column

    def expression(self):
        return on_the_wire(func.max(self.column))


class Distinct(Aggregate, fields.List):
    """The distinct values of ``column`` among the children, sorted; they must have no commas."""

    def __init__(self, by: Any, column: Any, **kwargs: Any):
        super().__init__(by, cls_or_instance=fields.String(), **kwargs)
        self.column = column

    def expression(self):
        return func.group_concat(self.column.distinct())

    def finish(self, value):
        return sorted(value.split(",")) if value else []
