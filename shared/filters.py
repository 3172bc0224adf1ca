"""Filters of a list beyond those on its columns: ``Meta.filters`` of its schema."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from marshmallow import fields, validate
from sqlalchemy import ColumnElement, Select, bindparam, select

from shared import names
from shared.db import db
from shared.identity import Identity
from shared.models import BLSession, DataCollectionGroup, Proposal
from shared.schemas import LARGEST_KEY, TableSchema, text_of
from shared.scopes import hangs_on, hangs_only_on
from shared.statements import cache_statements

Condition = ColumnElement[bool] | Callable[[Any], ColumnElement[bool]] | None
BY_ROW = "_by_row"  # end of the name of a filter that is chosen for a value with many rows
FEW_SESSIONS = 500


@dataclass(frozen=True, eq=False)
class Filter:
    """A filter of a list.

    ``condition`` has a bind parameter with the name of the filter; it is a function of the shape
    of the caller, if it depends on rows that may be hidden. Without a condition the module
    replaces the filter by others. ``field`` loads the value that a client sends; without a field
    only code uses the filter. ``resolve`` turns the value into the value to bind, for a caller.
    ``follows_rule``: the rows below a session, or a proposal of the caller, are all visible, as
    the condition follows the same links as the rule of the table. ``choose`` gives the name of the
    filter, this one or one of code, whose condition serves the value best.
    """

    condition: Condition
    field: fields.Field | None = None
    resolve: Callable[[Identity, Any], Any] | None = None
    follows_rule: bool = False
    choose: Callable[[Any], str] | None = None


def by_proposal(
    condition: ColumnElement[bool],
    description: str = "proposal id or name",
    follows_rule: bool = False,
) -> Filter:
    """The filter ``proposal``: an id or a name; NotFound if it is hidden or absent."""
    name = fields.String(metadata={"description": description})
    return Filter(condition, name, names.proposal_key, follows_rule)


def by_parent(link: Any) -> dict[str, Filter]:
    """The filter ``parent`` of a ChildService: ``link`` is the foreign key to the parent."""
    return {"parent": Filter(link == bindparam("parent"))}


def by_beamline(model: Any) -> dict[str, Filter]:
    """The filter ``beamLineName`` of rows that hang on a session."""
    beamline = text_of(BLSession.beamLineName, metadata={"description": "beamline of the session"})
    column, name = BLSession.beamLineName, f"beamLineName{BY_ROW}"
    return on_beamline(
        beamline,
        hangs_on(column, model, "beamLineName"),
        hangs_on(column, model, name, by_row=True),
    )


def on_beamline(field: fields.Field, gathered: Condition, by_row: Condition) -> dict[str, Filter]:
    """The filter ``beamLineName`` with two conditions, of which one is chosen for each beamline.

    The rows of its sessions are gathered, if these are few; of a beamline with many, most pages
    are at the end of the list, so that each row is checked ``by_row``.
    """
    gather = Filter(gathered, field, choose=_choose_by_sessions)
    return {"beamLineName": gather, f"beamLineName{BY_ROW}": Filter(by_row)}


def _choose_by_sessions(beamline: str) -> str:
    """The name of the filter that serves ``beamline``, by the number of its sessions."""
    values = {"beamLineName": beamline}
    is_large = db.session.connection().scalar(_select_session_beyond_few(), values) is not None
    return f"beamLineName{BY_ROW}" if is_large else "beamLineName"


@cache_statements(1)
def _select_session_beyond_few() -> Select:
    """A session of a beamline, if it has more than ``FEW_SESSIONS``."""
    on_it = select(BLSession.sessionId).where(BLSession.beamLineName == bindparam("beamLineName"))
    return on_it.offset(FEW_SESSIONS).limit(1)


def by_session_id(model: Any) -> dict[str, Filter]:
    """The filter ``sessionId`` of rows that hang on a session, but have no such column."""
    key = fields.Integer(
        validate=validate.Range(0, LARGEST_KEY), metadata={"description": "of this session"}
    )
    condition = hangs_on(BLSession.sessionId, model, "sessionId")
    follows_rule = hangs_only_on(BLSession, model)
    return {"sessionId": Filter(condition, key, follows_rule=follows_rule)}


def by_sample(model: Any) -> dict[str, Filter]:
    """The filter ``blSampleId`` of rows that hang on groups of data collections of a sample."""
    key = fields.Integer(
        validate=validate.Range(0, LARGEST_KEY),
        metadata={"description": "measured on this sample"},
    )
    condition = hangs_on(DataCollectionGroup.blSampleId, model, "blSampleId")
    return {"blSampleId": Filter(condition, key)}


@cache
def filters_of(schema: type[TableSchema]) -> dict[str, Filter]:
    """The filters of a list of ``schema`` beyond those on its columns.

    Each list has ``proposal`` and ``session`` if its rows hang on one, unless they are the rows
    below one parent.
    """
    own, model = schema.Meta.filters, schema.Meta.model
    if "parent" in own:
        return {**own}
    proposal = hangs_on(Proposal.proposalId, model, "proposal")
    session = hangs_on(BLSession.sessionId, model, "session")
    scopes = {}
    if proposal is not None:
        scopes["proposal"] = by_proposal(proposal, follows_rule=hangs_only_on(Proposal, model))
    if session is not None:
        name = fields.String(metadata={"description": "session id or name"})
        follows_rule = hangs_only_on(BLSession, model)
        scopes["session"] = Filter(session, name, names.session_key, follows_rule)
    return {**scopes, **own}


def fields_of(filters: Mapping[str, Filter]) -> dict[str, fields.Field]:
    """The fields of a query by ``filters``."""
    return {name: each.field for name, each in filters.items() if each.field is not None}
