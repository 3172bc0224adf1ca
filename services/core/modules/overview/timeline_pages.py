"""The timeline in the order of time, as SQL: for selections with few rows, and for its columns.

Each branch is filtered, sorted and limited by itself; only its limited rows are merged.
"""

from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    null,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import aliased

from services.core.modules.overview.timeline_branches import (
    Branch,
    Group,
    Member,
    ROWS,
    Sample,
    Shape,
    build_condition,
    build_kind,
    get_branches,
    has_grid,
    is_after,
    is_in_state,
    is_of_kind,
    select_rows,
)
from services.core.schemas.overview.timeline import GRID, ITEMS, TYPES
from shared.access import is_unrestricted
from shared.db import Unsigned
from shared.key_lists import is_listed
from shared.models import BLSession, DataCollectionFileAttachment, Proposal
from shared.schemas import columns_of
from shared.sql import on_the_wire
from shared.statements import cache_statements

COUNTED = 1_000  # a longer timeline is not counted to its end


def _select_branches(
    shape: Shape, rules: tuple[ColumnElement, ...]
) -> list[tuple[Branch, Select]]:
    """The rows of each branch that can have some.

    ``rules`` are those of the sessions of each branch, and at last that of ``Used``.
    """
    selects = []
    *of_branches, seen = rules
    for branch, rule in zip(get_branches(shape.single), of_branches, strict=True):
        conditions = [build_condition(branch, name) for name in shape.filters]
        conditions.append(is_of_kind(branch, shape.kind))
        if shape.state:
            conditions.append(is_in_state(branch, shape.state, seen))
        if any(each is None or each is False for each in conditions):
            continue
        filters = [each for each in conditions if each is not True]
        selects.append((branch, select_rows(branch).where(rule, *branch.where, *filters)))
    return selects


@cache_statements(512)
def select_page(
    shape: Shape, rules: tuple[ColumnElement, ...], seen: ColumnElement[bool]
) -> Select | None:
    """The events of a page with their columns, but without the rows below data collections.

    ``seen`` is the rule of ``Sample``, whose name is null if it is hidden.
    """
    parts = []
    for branch, rows in _select_branches(shape, rules):
        part = rows.with_only_columns(*_list_columns(branch))
        if shape.after:
            part = part.where(is_after(branch, *shape.after))
        part = part.order_by(branch.start.desc(), branch.key.desc()).limit(bindparam("most"))
        parts.append(select(part.subquery()))
    if not parts:
        return None
    merged = union_all(*parts).subquery()
    order = (merged.c.startTime.desc(), merged.c.type, merged.c.key.desc())
    limited = select(merged).order_by(*order)
    limited = limited.limit(bindparam("limit")).offset(bindparam("skip"))
    return _select_items(limited.subquery(), shape.single, seen)


@cache_statements(64)
def select_by_keys(seen: ColumnElement[bool]) -> Select:
    """The events whose keys are bound as lists, ``dc_keys`` and so on, with their columns."""
    parts = [
        select_rows(branch)
        .with_only_columns(*_list_columns(branch))
        .where(is_listed(branch.key, f"{branch.type}_keys"), *branch.where)
        for branch in get_branches(False)
    ]
    return _select_items(union_all(*parts).subquery(), False, seen)


def _list_columns(branch: Branch) -> list[ColumnElement]:
    """The columns of the events of a branch, with the same names in each."""
    return [
        build_kind(branch).label("type"),
        cast(branch.key, Unsigned).label("key"),  # not all keys are: no decimals here
        branch.start.label("startTime"),
        branch.end.label("endTime"),
        branch.session.label("sessionId"),
        branch.sample.label("blSampleId"),
        branch.group.label("groupId"),
        branch.collection.label("collectionId"),
    ]


def _select_items(event: Any, single: bool, seen: ColumnElement[bool]) -> Select:
    """``event`` with its names, and the items of the types that have no rows below them.

    ``seen`` is the rule of ``Sample``, whose name is null if it is hidden.
    """
    visit, proposal, sample = aliased(BLSession), aliased(Proposal), Sample
    name = sample.name if is_unrestricted(seen) else case((seen, sample.name))
    file, columns = aliased(DataCollectionFileAttachment), event.c
    files = select(func.count()).select_from(file)
    first: Any
    count: Any
    last: Any
    if single:
        first, count, last = columns.collectionId, literal_column("1"), columns.endTime
        files = files.where(file.dataCollectionId == columns.collectionId, columns.type == "dc")
    else:
        of_event = (Member.dataCollectionGroupId == columns.groupId, columns.type == "dc")
        first, count, last = (
            select(each).where(*of_event).correlate(event).scalar_subquery()
            for each in (
                func.min(Member.dataCollectionId),
                func.count(Member.dataCollectionId),
                func.max(Member.endTime),
            )
        )
        last = func.coalesce(columns.endTime, last)
        last.type = columns.startTime.type
        files = files.join(Member, Member.dataCollectionId == file.dataCollectionId).where(
            *of_event
        )
    stmt = select(
        *(
            columns.type,
            columns.key,
            on_the_wire(columns.startTime),
            on_the_wire(last),
            columns.sessionId,
        ),
        *(
            columns.blSampleId,
            columns.groupId,
            first,
            count,
            files.correlate(event).scalar_subquery(),
        ),
        *(proposal.proposalCode, proposal.proposalNumber, visit.visit_number, name),
        *(on_the_wire(each) for kind in ITEMS for each in get_item_columns(kind)),
    )
    stmt = stmt.select_from(event).outerjoin(visit, visit.sessionId == columns.sessionId)
    stmt = stmt.outerjoin(proposal, proposal.proposalId == visit.proposalId)
    stmt = stmt.outerjoin(sample, sample.blSampleId == columns.blSampleId)
    for kind, row in ROWS.items():
        key = get_item_columns(kind)[0]
        stmt = stmt.outerjoin(row, and_(key == columns.key, columns.type == kind))
    return stmt.order_by(columns.startTime.desc(), columns.type, columns.key.desc())


@cache
def get_item_columns(kind: str) -> tuple:
    """The columns of the Item of ``kind``, its key first."""
    fields = columns_of(ITEMS[kind])
    return tuple(getattr(ROWS[kind], field.attribute or name) for name, field in fields.items())


@cache_statements(512)
def select_total(
    shape: Shape, rules: tuple[ColumnElement, ...], types: tuple[str, ...] = tuple(TYPES)
) -> Select | None:
    """The number of events of these types, counted up to ``COUNTED`` of each branch."""
    parts = [
        select(rows.with_only_columns(branch.key.label("key")).limit(COUNTED + 1).subquery())
        for branch, rows in _select_branches(shape, rules)
        if branch.type in types
    ]
    return select(func.count()).select_from(union_all(*parts).subquery()) if parts else None


@cache_statements(512)
def select_types(shape: Shape, rules: tuple[ColumnElement, ...]) -> Select | None:
    """The number of events by type, and by experiment type where they have one; and of grids."""
    parts = []
    for branch, rows in _select_branches(shape, rules):
        if branch.type != "dc":
            parts.append(_count(rows, build_kind(branch), null()))
            continue
        word = type_coerce(Group.experimentType, String)
        counted = _count(rows, build_kind(branch), word)
        with_grid = rows.where(has_grid(branch))
        parts.append(counted.group_by(Group.experimentType))
        parts.append(_count(with_grid, literal_column(f"'{GRID}'"), null()))
    return select(union_all(*parts).subquery()) if parts else None


def _count(rows: Select, kind: Any, word: Any) -> Select:
    return rows.with_only_columns(
        kind.label("kind"), word.label("word"), func.count().label("number")
    )
