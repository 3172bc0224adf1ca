"""Filters of a list beyond those on its columns: ``Meta.filters`` of its schema."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import fields
from sqlalchemy import ColumnElement, bindparam, select

from shared import names
from shared.identity import Identity
from shared.models import BLSession, DataCollectionGroup
from shared.schemas import TableSchema, text_of


@dataclass(frozen=True, eq=False)
class Filter:
    """A filter of a list.

    ``condition`` has a bind parameter with the name of the filter; without a condition the module
    replaces the filter by others. ``field`` loads the value that a client sends; without a field
    only code uses the filter. ``resolve`` turns the value into the value to bind, for a caller.
    """

    condition: ColumnElement[bool] | None
    field: fields.Field | None = None
    resolve: Callable[[Identity, Any], Any] | None = None


def by_proposal(
    condition: ColumnElement[bool], description: str = "proposal id or name"
) -> Filter:
    """The filter ``proposal``: an id or a name; NotFound if it is hidden or absent."""
    name = fields.String(metadata={"description": description})
    return Filter(condition, name, names.proposal_key)


def by_parent(link: Any) -> dict[str, Filter]:
    """The filter ``parent`` of a ChildService: ``link`` is the foreign key to the parent."""
    return {"parent": Filter(link == bindparam("parent"))}


def by_session(session_id: Any, group_id: Any = None) -> dict[str, Filter]:
    """The filters ``proposal`` and ``beamLineName`` of rows whose session is ``session_id``.

    With ``group_id``, the link of the rows to their group of data collections, ``session_id`` is
    the link of the group.
    """

    def of_sessions(column: Any, name: str) -> ColumnElement[bool]:
        inside = session_id.in_(select(BLSession.sessionId).where(column == bindparam(name)))
        if group_id is None:
            return inside
        return group_id.in_(select(DataCollectionGroup.dataCollectionGroupId).where(inside))

    beamline = text_of(BLSession.beamLineName, metadata={"description": "beamline of the session"})
    return {
        "proposal": by_proposal(of_sessions(BLSession.proposalId, "proposal")),
        "beamLineName": Filter(of_sessions(BLSession.beamLineName, "beamLineName"), beamline),
    }


def fields_of(filters: Mapping[str, Filter]) -> dict[str, fields.Field]:
    """The fields of a query by ``filters``."""
    return {name: each.field for name, each in filters.items() if each.field is not None}


def resolved(schema: type[TableSchema], identity: Identity, query: Mapping) -> dict:
    """``query`` with the values that the filters of ``schema`` bind for this caller."""
    values = dict(query)
    for name, each in schema.Meta.filters.items():
        if each.resolve is not None and name in values:
            values[name] = each.resolve(identity, values[name])
    return values
