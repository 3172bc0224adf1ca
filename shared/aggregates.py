"""What a list says of each row's children without showing them: numbers, and sets of values.

A payload nests them under ``_metadata``; they are read with one grouped query for each kind of
child and page, over the children that the caller sees by the rules of their tables.
"""

from typing import Any

from marshmallow import fields
from sqlalchemy import func


class Aggregate(fields.Field):
    """``by`` is the child's column that points at the row.

    ``through`` is the relationship from the counted table to that of ``by``, if it is another.
    """

    def __init__(self, by: Any, *, through: Any = None, **kwargs: Any):
        super().__init__(dump_only=True, **kwargs)
        self.by, self.through = by, through

    def expression(self) -> Any:
        """The SQL of the value, over all children of a row."""
        raise TypeError("an Aggregate is Count or Distinct")

    def finish(self, value: Any) -> Any:
        """The value as JSON has it; None where there is no child."""
        return value


class Count(Aggregate, fields.Integer):
    """How many children a row has."""

    def expression(self):
        return func.count()

    def finish(self, value):
        return value or 0


class Distinct(Aggregate, fields.List):
    """The values that ``column`` has among the children of a row, sorted; no commas in them."""

    def __init__(self, by: Any, column: Any, **kwargs: Any):
        super().__init__(by, cls_or_instance=fields.String(), **kwargs)
        self.column = column

    def expression(self):
        return func.group_concat(self.column.distinct())

    def finish(self, value):
        return sorted(value.split(",")) if value else []
