"""The rows of a link table below one row, such as the members of a proposal."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import delete, select, update

from shared import read, row_checks, visibility
from shared.access import Rule, everything
from shared.db import db, save
from shared.errors import Conflict, noun
from shared.identity import Identity
from shared.schemas import TableSchema
from shared.table_service import TableService


class LinkService(TableService):
    """The links of one row of the table of ``parent`` to rows of another table.

    ``link`` is the foreign key to the parent, ``other`` that to the linked row, by which a path
    names the link. The schema has the filter ``parent`` on ``link``, see
    ``shared.filters.by_parent``. A link to a row that is hidden from the caller is neither listed
    nor deleted.
    """

    verbs: Collection[str] = ("list", "create", "update", "delete")

    def __init__(self, parent: TableService, link: str, other: str, schema: type[TableSchema]):
        super().__init__(schema)
        self.parent, self.link, self.other = parent, link, other
        self._hides = visibility.hidden_children(getattr(self.model, link))

    def list_(  # type: ignore[override]  # the key of the parent comes first, as in the path
        self, identity: Identity, parent_key: Any, query: dict
    ) -> dict:
        """One page of the links of a visible parent."""
        sort = [*query.get("sort", self.schema.Meta.sort)]
        if not {self.other, f"-{self.other}"} & {*sort}:
            sort.append(self.other)  # the key of a link makes the order unique
        query = {**query, "sort": sort, "parent": self.parent.get_key(identity, parent_key)}
        return read.page(self.schema, self._rule(identity), query)

    def create(  # type: ignore[override]
        self, identity: Identity, parent_key: Any, data: dict
    ) -> dict:
        """Link a visible row to a visible parent; Conflict if it is linked already."""
        key = self._key(identity, parent_key, data[self.other])
        row_checks.note_visible(identity, self.parent.model, key[self.link])
        self.check_data(identity, {**data, **key})
        # Some link tables have no unique key on both: the parent is locked against a second row.
        row_checks.locked(self.parent.model, key[self.link])
        link, other = (getattr(self.model, name) for name in (self.link, self.other))
        if db.session.execute(select(other).filter_by(**key)).first():
            linked, parent = (noun(visibility.target(each)) for each in (other, link))
            raise Conflict(f"{linked} {data[self.other]} is of this {parent.lower()} already")
        save(self.model(), {**data, **key})
        return self._read(identity, key)

    def update(  # type: ignore[override]
        self, identity: Identity, parent_key: Any, other_key: Any, data: dict
    ) -> dict:
        """Change the other columns of a link."""
        key = self._key(identity, parent_key, other_key)
        self._read(identity, key)
        if data:
            db.session.execute(update(self.model).filter_by(**key).values(data))
        return self._read(identity, key)

    def delete(  # type: ignore[override]
        self, identity: Identity, parent_key: Any, other_key: Any
    ) -> dict:
        """Delete a link of a visible parent; return the link as it was."""
        key = self._key(identity, parent_key, other_key)
        row = self._read(identity, key)
        db.session.execute(delete(self.model).filter_by(**key))
        return row

    def _key(self, identity: Identity, parent_key: Any, other_key: Any) -> dict[str, Any]:
        """The columns that identify a link of a visible parent."""
        return {self.link: self.parent.get_key(identity, parent_key), self.other: other_key}

    def _read(self, identity: Identity, key: dict[str, Any]) -> dict:
        filters = {"parent": key[self.link], self.other: key[self.other]}
        return read.one(self.schema, self._rule(identity), **filters)

    def _rule(self, identity: Identity) -> Rule:
        """The links to visible rows; all of them, if the rows are visible with their links."""
        if self._hides:  # the rule of the link table follows another link first
            return visibility.rule(identity, self.model)
        if self.other in visibility.entry(self.model).shows:
            return everything(identity)
        return visibility.rule_of_link(identity, getattr(self.model, self.other))
