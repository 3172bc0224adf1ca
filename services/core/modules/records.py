"""Rows that beamlines record below a session: found, shown, added and changed all the same way."""

from collections.abc import Callable

from sqlalchemy import inspect

from services.core.modules import proposals
from shared import read, rows
from shared.access import Rule, everything
from shared.db import save
from shared.identity import Identity
from shared.schemas import TableSchema


class Records:
    """The rows of one table, as ``schema`` has them, of which ``visible`` says who sees which.

    ``span`` are the columns of their begin and end. Who may write is for the caller to say.
    """

    def __init__(
        self,
        schema: type[TableSchema],
        visible: Callable[[Identity], Rule],
        span: tuple[str, str] = ("startTime", "endTime"),
    ):
        self.schema, self.model, self.visible, self.span = schema, schema.Meta.model, visible, span

    def find(self, identity: Identity, query: dict) -> dict:
        """List visible rows; ``proposal`` is an id or a name."""
        if "proposal" in query:
            query = {**query, "proposal": proposals.key(identity, query["proposal"])}
        return read.page(self.schema, self.visible(identity), query)

    def get(self, identity: Identity, key: int, fields=()) -> dict:
        """Return one visible row. Hidden and absent look the same."""
        return read.one(self.schema, self.visible(identity), fields, **{self._key: key})

    def check(self, identity: Identity, key: int) -> None:
        """Raise NotFound unless the row is visible."""
        self.get(identity, key, (self._key,))

    def add(self, identity: Identity, data: dict) -> dict:
        """Create a row below visible parents."""
        rows.check_order(data, None, *self.span)
        rows.check_parents(identity, self.model, data)
        return self.shown(identity, getattr(save(self.model(), data), self._key))

    def change(self, identity: Identity, key: int, data: dict) -> dict:
        """Change some columns of a visible row."""
        row = rows.lock_visible(identity, self.model, key)
        rows.check_parents(identity, self.model, data)
        rows.check_order(data, row, *self.span)
        save(row, data)
        return self.shown(identity, key)

    def shown(self, identity: Identity, key: int) -> dict:
        """The row as it is now, even if the caller just gave it away."""
        return read.one(self.schema, everything(identity), **{self._key: key})

    @property
    def _key(self) -> str:
        return inspect(self.model).primary_key[0].key
