"""The timeline as SQL: one branch for each kind of row, filtered, sorted and limited by itself.

Only the limited rows of the branches are merged. So a page costs no more in a long session than
in a short one, where an index has the rows by time. Each branch has the session of its rows, by
the same path as the access rule.
"""

from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import aliased

from services.core.models import (
    EnergyScan,
    RobotAction,
    Screening,
    XFEFluorescenceSpectrum,
)
from services.core.modules.overview import outcomes
from services.core.modules.processing.processing_status import uses
from services.core.schemas.overview.timeline import (
    GRID,
    ITEMS,
    PIPELINE_OUTCOMES,
    TYPES,
)
from shared.access import is_unrestricted
from shared.db import Unsigned
from shared.models import (
    AutoProcProgram,
    BLSample,
    BLSession,
    Crystal,
    DataCollection,
    DataCollectionFileAttachment,
    DataCollectionGroup,
    GridInfo,
    Proposal,
)
from shared.schemas import columns_of
from shared.sql import on_the_wire
from shared.statements import cache_statements, make_alias

Group, Collection = make_alias(DataCollectionGroup), make_alias(DataCollection)
Member, Grid, Visit = make_alias(DataCollection), make_alias(GridInfo), make_alias(BLSession)
Scan, Spectrum = make_alias(EnergyScan), make_alias(XFEFluorescenceSpectrum)
Other, Used = make_alias(DataCollection), make_alias(DataCollectionGroup)
Action, Study, Sample = make_alias(RobotAction), make_alias(Screening), make_alias(BLSample)
OF_GROUP = (Group.sessionId, Group.blSampleId)
ROWS: dict[str, Any] = {"es": Scan, "robot": Action, "screening": Study, "xrf": Spectrum}
NO_LINK = type_coerce(null(), Integer)
SESSION: Any = bindparam("sessionId", type_=Integer)  # its rule is checked once, not by row
COUNTED = 1_000  # a longer timeline is not counted to its end


class Branch(NamedTuple):
    """Rows of one type, with the columns by which events are sorted and filtered."""

    type: str
    rows: Any
    key: Any
    start: Any
    end: Any
    session: Any
    sample: Any
    group: Any = NO_LINK
    collection: Any = NO_LINK
    where: tuple = ()


def _has_row(column: Any, *where: Any) -> Any:
    """Whether there is such a row.

    MariaDB may turn EXISTS into a join of the whole table. A scalar sub-query runs once for each
    row, and only for those that the other conditions leave.
    """
    return select(column).where(*where).limit(1).scalar_subquery().is_not(None)


def _build_folded() -> tuple[Branch, ...]:
    """All branches, with one event for each group of data collections."""
    has_start = Group.startTime.is_not(None)
    has_member = _has_row(Member.dataCollectionId, _in_group(Member))
    earliest = select(func.min(Member.startTime)).where(_in_group(Member)).scalar_subquery()
    key = Group.dataCollectionGroupId
    dated = Branch("dc", Group, key, Group.startTime, Group.endTime, *OF_GROUP, key)
    return (
        dated._replace(where=(has_start, has_member)),
        dated._replace(start=earliest, where=(~has_start, has_member)),
        *_build_others(),
    )


def _build_single() -> tuple[Branch, ...]:
    """All branches, with one event for each data collection."""
    rows, key = select(Collection).join(Group, _in_group(Collection)), Collection.dataCollectionId
    links = (*OF_GROUP, Group.dataCollectionGroupId, key)
    return (
        Branch("dc", rows, key, Collection.startTime, Collection.endTime, *links),
        *_build_others(),
    )


def _in_group(row: Any) -> Any:
    return row.dataCollectionGroupId == Group.dataCollectionGroupId


def _build_others() -> tuple[Branch, ...]:
    """The branches of all that is no data collection."""
    key, time, link = Study.screeningId, Study.bltimeStamp, Study.dataCollectionId
    by_collection = select(Study).join(Collection, Collection.dataCollectionId == link)
    by_collection = by_collection.join(Group, _in_group(Collection))
    by_group = select(Study).join(Group, _in_group(Study))
    group = Group.dataCollectionGroupId
    return (
        *(
            Branch(kind, row, key, row.startTime, row.endTime, row.sessionId, row.blSampleId)
            for kind, row, key in (
                ("es", Scan, Scan.energyScanId),
                ("xrf", Spectrum, Spectrum.xfeFluorescenceSpectrumId),
            )
        ),
        Branch(
            *("robot", Action, Action.robotActionId, Action.startTimestamp),
            *(Action.endTimestamp, Action.sessionId, Action.blSampleId),
        ),
        Branch("screening", by_collection, key, time, null(), *OF_GROUP, group, link),
        Branch(
            *("screening", by_group, key, time, null(), *OF_GROUP, group, link),
            where=(link.is_(None),),
        ),
    )


@cache_statements(2)
def get_branches(single: bool) -> tuple[Branch, ...]:
    """The branches of a timeline that shows data collections ``single``, or by their groups."""
    return _build_single() if single else _build_folded()


# ------------------------------------------------------------------------------ conditions


def _build_condition(branch: Branch, name: str) -> Any:
    """The filter ``name`` on a branch; None if the branch has no column for it."""
    value = bindparam(name)
    if name in ("dataCollectionId", "dataCollectionGroupId"):
        link = branch.collection if name == "dataCollectionId" else branch.group
        return None if link is NO_LINK else link == value
    if name == "sessionId":
        return branch.session == value
    if name in ("proposalId", "beamLineName"):
        session_ids = select(Visit.sessionId).where(getattr(Visit, name) == value)
        return branch.session.in_(session_ids)
    if name == "blSampleId":
        return branch.sample == value
    if name == "proteinId":
        sample, crystal = aliased(BLSample), aliased(Crystal)
        sample_ids = select(sample.blSampleId).join(crystal, crystal.crystalId == sample.crystalId)
        return branch.sample.in_(sample_ids.where(crystal.proteinId == value))
    return branch.start >= value if name.endswith("__gte") else branch.start <= value


def _is_of_kind(branch: Branch, kind: str | None) -> Any:
    """Whether a branch holds events of ``kind``: True, False, or a condition."""
    if kind is None or kind in TYPES:
        return kind in (None, branch.type)
    if branch.type != "dc":
        return False
    return _has_grid(branch) if kind == GRID else Group.experimentType == bindparam("eventType")


def _has_grid(branch: Branch) -> Any:
    """Whether an event has a grid; older grids are of a group, newer ones of a data collection."""
    of_group = _has_row(Grid.gridInfoId, _in_group(Grid))
    if branch.collection is not NO_LINK:
        of_collection = Grid.dataCollectionId == Collection.dataCollectionId
        return or_(_has_row(Grid.gridInfoId, of_collection), of_group)
    of_member = select(Grid.gridInfoId).join(
        Member, Member.dataCollectionId == Grid.dataCollectionId
    )
    of_member = of_member.where(_in_group(Member)).limit(1)
    return or_(of_member.scalar_subquery().is_not(None), of_group)


def _is_in_state(branch: Branch, state: str, seen: ColumnElement) -> Any:
    """Whether an event, or a data collection of it, is in ``state``; None if it has no states.

    ``seen`` is the rule of the sessions of ``Used``.
    """
    if branch.type == "robot":
        return outcomes.build_robot_outcomes(Action).get(state)
    if branch.type != "dc":
        return None
    if branch.collection is not NO_LINK:
        return _has_ended(Collection, state, seen)
    return _has_row(Member.dataCollectionId, _in_group(Member), _has_ended(Member, state, seen))


def _has_ended(row: Any, state: str, seen: ColumnElement) -> Any:
    """Whether a data collection is in ``state``.

    ``seen`` is the rule of the sessions of ``Used``: a program that also used hidden data
    collections is hidden itself, and does not count.
    """
    if state not in PIPELINE_OUTCOMES:
        return outcomes.build_collection_outcomes(row)[state]
    program = aliased(AutoProcProgram)
    key = select(program.autoProcProgramId).limit(1)
    key = key.where(program.processingStatus == PIPELINE_OUTCOMES[state])
    if not is_unrestricted(seen):
        hidden = [
            select(link.dataCollectionId)
            .join(Other, Other.dataCollectionId == link.dataCollectionId)
            .join(Used, Used.dataCollectionGroupId == Other.dataCollectionGroupId)
            .where(of_it, ~seen)
            for link, of_it in uses(program)
        ]
        key = key.where(*(~statement.exists() for statement in hidden))
    keys = (
        key.join(link, of_it).where(link.dataCollectionId == row.dataCollectionId)
        for link, of_it in uses(program)
    )
    return or_(*(statement.scalar_subquery().is_not(None) for statement in keys))


def _is_after(branch: Branch, kind: str, undated: bool) -> Any:
    """Whether a row comes after the event of ``kind`` whose time and key are bound.

    The order is: newest first, rows without a time last; at the same moment by type, then by key.
    ``undated``: the event has no time.
    """
    time, order = bindparam("after_time"), [*TYPES]
    place = order.index(branch.type) - order.index(kind)
    older = branch.key < bindparam("after_key")
    if undated:
        same = older if place == 0 else true() if place > 0 else false()
        return and_(branch.start.is_(None), same)
    rest = branch.start.is_(None)
    if place > 0:
        return or_(branch.start <= time, rest)
    if place < 0:
        return or_(branch.start < time, rest)
    return and_(or_(branch.start <= time, rest), or_(branch.start < time, rest, older))


class Shape(NamedTuple):
    """The properties of a query that decide its SQL; the values are bound when it runs."""

    filters: tuple[str, ...]
    kind: str | None
    state: str | None
    single: bool
    after: tuple[str, bool] | None = None


def _select_branches(
    shape: Shape, rules: tuple[ColumnElement, ...]
) -> list[tuple[Branch, Select]]:
    """The rows of each branch that can have some.

    ``rules`` are those of the sessions of each branch, and at last that of ``Used``.
    """
    selects = []
    *of_branches, seen = rules
    for branch, rule in zip(get_branches(shape.single), of_branches, strict=True):
        conditions = [_build_condition(branch, name) for name in shape.filters]
        conditions.append(_is_of_kind(branch, shape.kind))
        if shape.state:
            conditions.append(_is_in_state(branch, shape.state, seen))
        if any(each is None or each is False for each in conditions):
            continue
        rows = branch.rows if isinstance(branch.rows, Select) else select(branch.rows)
        filters = [each for each in conditions if each is not True]
        selects.append((branch, rows.where(rule, *branch.where, *filters)))
    return selects


def _build_kind(branch: Branch) -> Any:
    return literal_column(f"'{branch.type}'")


@cache_statements(512)
def select_page(
    shape: Shape, rules: tuple[ColumnElement, ...], seen: ColumnElement[bool]
) -> Select | None:
    """The events of a page with their columns, but without the rows below data collections.

    ``seen`` is the rule of ``Sample``, whose name is null if it is hidden.
    """
    parts = []
    for branch, rows in _select_branches(shape, rules):
        part = rows.with_only_columns(
            _build_kind(branch).label("type"),
            cast(branch.key, Unsigned).label("key"),  # not all keys are: no decimals here
            branch.start.label("startTime"),
            branch.end.label("endTime"),
            branch.session.label("sessionId"),
            branch.sample.label("blSampleId"),
            branch.group.label("groupId"),
            branch.collection.label("collectionId"),
        )
        if shape.after:
            part = part.where(_is_after(branch, *shape.after))
        part = part.order_by(branch.start.desc(), branch.key.desc()).limit(bindparam("most"))
        parts.append(select(part.subquery()))
    if not parts:
        return None
    merged = union_all(*parts).subquery()
    order = (merged.c.startTime.desc(), merged.c.type, merged.c.key.desc())
    limited = select(merged).order_by(*order)
    limited = limited.limit(bindparam("limit")).offset(bindparam("skip"))
    return _select_items(limited.subquery(), shape.single, seen)


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
def select_total(shape: Shape, rules: tuple[ColumnElement, ...]) -> Select:
    """The number of events, counted up to ``COUNTED`` of each branch."""
    parts = [
        select(rows.with_only_columns(branch.key.label("key")).limit(COUNTED + 1).subquery())
        for branch, rows in _select_branches(shape, rules)
    ]
    return select(func.count()).select_from(union_all(*parts).subquery())


@cache_statements(512)
def select_types(shape: Shape, rules: tuple[ColumnElement, ...]) -> CompoundSelect | None:
    """The number of events by type, and by experiment type where they have one; and of grids."""
    parts = []
    for branch, rows in _select_branches(shape, rules):
        if branch.type != "dc":
            parts.append(rows.with_only_columns(_build_kind(branch), null(), func.count()))
            continue
        word = type_coerce(Group.experimentType, String)
        counted = rows.with_only_columns(_build_kind(branch), word, func.count())
        with_grid = rows.where(_has_grid(branch))
        grid = literal_column(f"'{GRID}'")
        parts.append(counted.group_by(Group.experimentType))
        parts.append(with_grid.with_only_columns(grid, null(), func.count()))
    return union_all(*parts) if parts else None
