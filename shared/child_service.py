"""The rows below one row of another table, such as the comments of a data collection."""

from collections.abc import Collection
from typing import Any

from shared import read, visibility
from shared.db import save
from shared.identity import Identity
from shared.schemas import TableSchema
from shared.table_service import TableService


class ChildService(TableService):
    """The rows of the table of ``schema`` below one row of the table of ``parent``.

    ``link`` is the foreign key to the parent. The schema has the filter ``parent`` on it, see
    ``shared.filters.by_parent``. A caller who sees the parent sees all rows below it, but for
    those of closed samples: the rule of the parent is checked once, and the rows need none.
    """

    verbs: Collection[str] = ("list", "create")

    def __init__(self, parent: TableService, link: str, schema: type[TableSchema]):
        super().__init__(schema)
        if visibility.hidden_children(getattr(self.model, link)):
            name = self.model.__name__
            raise TypeError(f"{name}: its rule does not follow {link} first: rows can be hidden")
        self.parent, self.link = parent, link

    def list_(  # type: ignore[override]  # the key of the parent comes first, as in the path
        self, identity: Identity, parent_key: Any, query: dict
    ) -> dict:
        """One page of the rows below a visible parent."""
        query = {**query, "parent": self.parent.get_key(identity, parent_key)}
        return read.page(self.schema, visibility.below(identity, self.model), query)

    def create(  # type: ignore[override]
        self, identity: Identity, parent_key: Any, data: dict
    ) -> dict:
        """Create a row below a visible parent."""
        link = {self.link: self.parent.get_key(identity, parent_key)}
        self.check_data(identity, data)
        return self.written(identity, save(self.model(), {**data, **link}))
