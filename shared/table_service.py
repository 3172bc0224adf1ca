"""The usual operations of resources on the rows of one table."""

from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import inspect

from shared import list_rules, read, row_checks, visibility
from shared.access import everything
from shared.db import save
from shared.identity import Identity
from shared.schemas import TableSchema

Check = Callable[[Identity, dict, Any], None]
RowsCheck = Callable[[Identity, list[tuple[dict, Any]]], None]


class TableService:
    """The rows of the table of ``schema`` that are visible by the rule of that table.

    A resource with rules of its own adds checks, or is a subclass. The keyword arguments:
    ``listed`` is the schema of lists, if they show less; ``document`` the schema of a new row
    with child rows; ``span`` the columns with start and end of a row; ``keep`` the columns that a
    replacement does not change; ``along`` the tables whose dependent rows are deleted too.
    """

    verbs: Collection[str] = ("list", "get", "create", "update", "replace", "delete")

    def __init__(
        self,
        schema: type[TableSchema],
        *,
        listed: type[TableSchema] | None = None,
        document: type[TableSchema] | None = None,
        span: tuple[str, str] | None = None,
        keep: Collection[str] = (),
        along: Collection[str] = (),
    ):
        self.schema, self.listed, self.model = schema, listed or schema, schema.Meta.model
        self.document = document or schema
        self._span, self.kept, self._along = span, keep, along
        self._checks: list[Check] = []
        self._rows_checks: list[RowsCheck] = []

    @property
    def key_name(self) -> str:
        """The name of the attribute with the primary key."""
        return inspect(self.model).primary_key[0].key

    def check(self, function: Check) -> Check:
        """Register ``function(identity, data, stored)``, which is called before a row is written.

        ``stored`` is the locked row, or None for a new one.
        """
        self._checks.append(function)
        return function

    def check_rows(self, function: RowsCheck) -> RowsCheck:
        """Register ``function(identity, rows)``, which is called once before rows are written.

        Each of ``rows`` is a pair of data and stored row, as ``check`` takes them.
        """
        self._rows_checks.append(function)
        return function

    def find_by(self, identity: Identity, key: Any) -> dict:
        """The filters for the row that a client names by ``key``."""
        return {self.key_name: key}

    def list_(self, identity: Identity, query: dict) -> dict:
        """One page of the visible rows that match ``query``."""
        query, rule = list_rules.resolve(identity, self.listed, query)
        return read.page(self.listed, rule, query)

    def get(self, identity: Identity, key: Any, fields: Collection[str] = ()) -> dict:
        """One visible row; NotFound if it is hidden or absent."""
        rule = visibility.rule(identity, self.model)
        return read.one(self.schema, rule, fields, **self.find_by(identity, key))

    def check_visible(self, identity: Identity, key: Any) -> None:
        """Raise NotFound unless the row is visible."""
        self.get_key(identity, key)

    def get_key(self, identity: Identity, key: Any) -> Any:
        """The primary key of a visible row; NotFound if it is hidden or absent."""
        return self.get(identity, key, (self.key_name,))[self.key_name]

    def lock(self, identity: Identity, key: Any) -> Any:
        """A visible row as an ORM object, its row locked; NotFound if it is hidden or absent."""
        return row_checks.lock_visible(identity, self.model, **self.find_by(identity, key))

    def create(self, identity: Identity, data: dict) -> dict:
        """Create a row below visible parents."""
        return self.written(identity, self.insert(identity, data))

    def insert(self, identity: Identity, data: dict) -> Any:
        """Create a row below visible parents; return the ORM object."""
        self.check_data(identity, data)
        return save(self.model(), data)

    def update(self, identity: Identity, key: Any, data: dict) -> dict:
        """Change the columns of a visible row that ``data`` names."""
        return self.written(identity, self.edit(identity, self.lock(identity, key), data))

    def edit(self, identity: Identity, row: Any, data: dict) -> Any:
        """Change the columns of a locked row that ``data`` names; return the ORM object."""
        self.check_data(identity, data, row)
        return save(row, data)

    def replace(self, identity: Identity, key: Any, data: dict) -> dict:
        """Change all columns of a visible row; those not in ``data`` get their defaults."""
        return self.update(identity, key, row_checks.replaced(self.schema, data, self.kept))

    def delete(self, identity: Identity, key: Any) -> dict:
        """Delete a visible row without dependent rows; return the row as it was."""
        row = self.get(identity, key)
        row_checks.remove(self.model, row[self.key_name], self._along)
        return row

    def written(self, identity: Identity, row: Any) -> dict:
        """The written ``row`` as it is read now, even if it is now hidden from the caller."""
        key = getattr(row, self.key_name)
        return read.one(self.schema, everything(identity), **{self.key_name: key})

    def check_data(self, identity: Identity, data: dict, stored: Any = None) -> None:
        """Raise unless ``data`` may be written over the row ``stored``, or as a new one."""
        row_checks.check_parents(identity, self.model, data, stored=stored)
        self._check_values(identity, [(data, stored)])

    def check_new(self, identity: Identity, documents: list[dict]) -> None:
        """Raise unless each of ``documents`` may be a new row."""
        row_checks.check_parents(identity, self.model, *documents)
        self._check_values(identity, [(data, None) for data in documents])

    def _check_values(self, identity: Identity, rows: list[tuple[dict, Any]]) -> None:
        for data, stored in rows:
            if self._span:
                row_checks.check_order(data, stored, *self._span)
            for check in self._checks:
                check(identity, data, stored)
        for check_rows in self._rows_checks:
            check_rows(identity, rows)
