"""Values that a function computes from columns of a row, such as its name.

A payload nests them under ``_metadata``, beside its aggregates; they need no statement.
"""

from collections.abc import Callable
from typing import Any

from marshmallow import fields


class Computed(fields.Field):
    """The base of computed values: ``compute`` is called with the values of ``columns``.

    A column is an attribute of the model, or of a parent: ``proposal.proposalCode``.
    """

    def __init__(self, compute: Callable[..., Any], *columns: str, **kwargs: Any):
        super().__init__(dump_only=True, **kwargs)
        self.compute, self.columns = compute, columns


class ComputedText(Computed, fields.String):
    """A computed text."""


class ComputedBoolean(Computed, fields.Boolean):
    """A computed yes or no."""


class ComputedDict(Computed, fields.Dict):
    """A computed object."""


class FromChildren(Computed, fields.Float):
    """A number that ``compute`` makes of the child rows in the list ``children``.

    It is null if the answer is without this list.
    """

    def __init__(
        self, compute: Callable[[list[dict]], float | None], children: str, **kwargs: Any
    ):
        super().__init__(compute, allow_none=True, **kwargs)
        self.children = children
