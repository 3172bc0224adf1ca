"""The feed as SQL: one branch for each kind of row, each filtered, sorted and limited by itself.

Only what is left of the branches is merged, so a page costs no more of a long session than of a
short one, where an index has its rows by time. The branches say of each row which session it
belongs to, by the path that access asks for.
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
from services.core.modules.processing.processing_status import uses
from services.core.schemas.overview.timeline import GRID, ITEMS, TYPES
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
FAILED_ACTIONS = ("ERROR", "CRITICAL", "EPICSFAIL", "COMMANDNOTSENT")
NOTHING = type_coerce(null(), Integer)
SESSION: Any = bindparam("sessionId", type_=Integer)  # asked for once, where only one is wanted
COUNTED = 1_000  # a longer feed is not counted to its end


class Branch(NamedTuple):
    """Rows of one type, and what they have of the things that events are found by."""

    type: str
    rows: Any
    key: Any
    start: Any
    end: Any
    session: Any
    sample: Any
    group: Any = NOTHING
    collection: Any = NOTHING
    where: tuple = ()


def _first(column: Any, *where: Any) -> Any:
    """Whether there is such a row: unlike EXISTS, MariaDB asks it of each row, when it must."""
    return select(column).where(*where).limit(1).scalar_subquery().is_not(None)


def _folded() -> tuple[Branch, ...]:
    """All of them, with one event for each group of data collections."""
    known = Group.startTime.is_not(None)
    full = _first(Member.dataCollectionId, _in_group(Member))
    earliest = select(func.min(Member.startTime)).where(_in_group(Member)).scalar_subquery()
    key = Group.dataCollectionGroupId
    dated = Branch("dc", Group, key, Group.startTime, Group.endTime, *OF_GROUP, key)
    return (
        dated._replace(where=(known, full)),
        dated._replace(start=earliest, where=(~known, full)),
        *_others(),
    )


def _single() -> tuple[Branch, ...]:
    """All of them, with one event for each data collection."""
    rows, key = select(Collection).join(Group, _in_group(Collection)), Collection.dataCollectionId
    of = (*OF_GROUP, Group.dataCollectionGroupId, key)
    return (Branch("dc", rows, key, Collection.startTime, Collection.endTime, *of), *_others())


def _in_group(row: Any) -> Any:
    return row.dataCollectionGroupId == Group.dataCollectionGroupId


def _others() -> tuple[Branch, ...]:
    key, time, of = Study.screeningId, Study.bltimeStamp, Study.dataCollectionId
    by_collection = select(Study).join(Collection, Collection.dataCollectionId == of)
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
            *(Action.endTimestamp, Action.blsessionId, Action.blsampleId),
        ),
        Branch("screening", by_collection, key, time, null(), *OF_GROUP, group, of),
        Branch("screening", by_group, key, time, null(), *OF_GROUP, group, of, (of.is_(None),)),
    )


@cache_statements(2)
def branches(single: bool) -> tuple[Branch, ...]:
    """The branches of a feed that shows data collections ``single``, or by their groups."""
    return _single() if single else _folded()


# ------------------------------------------------------------------------------ what is asked


def _condition(branch: Branch, name: str) -> Any:
    """The filter ``name`` on a branch; None if the branch has nothing of the kind."""
    value = bindparam(name)
    if name in ("dataCollectionId", "dataCollectionGroupId"):
        link = branch.collection if name == "dataCollectionId" else branch.group
        return None if link is NOTHING else link == value
    if name == "sessionId":
        return branch.session == value
    if name in ("proposalId", "beamLineName"):
        found = select(Visit.sessionId).where(getattr(Visit, name) == value)
        return branch.session.in_(found)
    if name == "blSampleId":
        return branch.sample == value
    if name == "proteinId":
        sample, crystal = aliased(BLSample), aliased(Crystal)
        of = select(sample.blSampleId).join(crystal, crystal.crystalId == sample.crystalId)
        return branch.sample.in_(of.where(crystal.proteinId == value))
    return branch.start >= value if name.endswith("__gte") else branch.start <= value


def _of_kind(branch: Branch, kind: str | None) -> Any:
    """Whether a branch holds events of ``kind``: True, False, or a condition."""
    if kind is None or kind in TYPES:
        return kind in (None, branch.type)
    if branch.type != "dc":
        return False
    return _gridded(branch) if kind == GRID else Group.experimentType == bindparam("eventType")


def _gridded(branch: Branch) -> Any:
    """Newer grids are of a data collection, older ones of its group."""
    of_group = _first(Grid.gridInfoId, _in_group(Grid))
    if branch.collection is not NOTHING:
        mine = Grid.dataCollectionId == Collection.dataCollectionId
        return or_(_first(Grid.gridInfoId, mine), of_group)
    of_member = select(Grid.gridInfoId).join(
        Member, Member.dataCollectionId == Grid.dataCollectionId
    )
    of_member = of_member.where(_in_group(Member)).limit(1)
    return or_(of_member.scalar_subquery().is_not(None), of_group)


def _in_state(branch: Branch, state: str, seen: ColumnElement) -> Any:
    """Whether an event, or a data collection of it, ended like that; None if it cannot tell."""
    if branch.type == "robot" and state in ("success", "failed"):
        failed = Action.status.in_(FAILED_ACTIONS)
        return failed if state == "failed" else Action.status == "SUCCESS"
    if branch.type != "dc":
        return None
    if branch.collection is not NOTHING:
        return _ended(Collection, state, seen)
    return _first(Member.dataCollectionId, _in_group(Member), _ended(Member, state, seen))


def _ended(row: Any, state: str, seen: ColumnElement) -> Any:
    """``seen`` says of ``Used`` whether the caller sees it: no program counts that uses others."""
    well = and_(row.runStatus.like("%success%"), row.runStatus.not_like("%unsuccess%"))
    if state in ("success", "failed"):
        return well if state == "success" else and_(row.runStatus.is_not(None), ~well)
    program = aliased(AutoProcProgram)
    key = select(program.autoProcProgramId).limit(1)
    key = key.where(program.processingStatus == int(state == "processed"))
    if not is_unrestricted(seen):
        hidden = [
            select(link.dataCollectionId)
            .join(Other, Other.dataCollectionId == link.dataCollectionId)
            .join(Used, Used.dataCollectionGroupId == Other.dataCollectionGroupId)
            .where(of_it, ~seen)
            for link, of_it in uses(program)
        ]
        key = key.where(*(~found.exists() for found in hidden))
    by = (
        key.join(link, of_it).where(link.dataCollectionId == row.dataCollectionId)
        for link, of_it in uses(program)
    )
    return or_(*(found.scalar_subquery().is_not(None) for found in by))


def _beyond(branch: Branch, kind: str, undated: bool) -> Any:
    """What comes after the event of ``kind`` whose time and key are bound; ``undated``: it has
    no time. Newest first, those without a time last; at the same moment by type, then by key.
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
    """What decides how the statements of a feed look; the values are bound when they run."""

    filters: tuple[str, ...]
    kind: str | None
    state: str | None
    single: bool
    after: tuple[str, bool] | None = None


def _selects(shape: Shape, rules: tuple[ColumnElement, ...]) -> list[tuple[Branch, Select]]:
    """The rows of each branch that may hold some; ``rules`` say who sees which session, the last
    of them that of ``Used``.
    """
    found = []
    *of_branches, seen = rules
    for branch, rule in zip(branches(shape.single), of_branches, strict=True):
        conditions = [_condition(branch, name) for name in shape.filters]
        conditions.append(_of_kind(branch, shape.kind))
        if shape.state:
            conditions.append(_in_state(branch, shape.state, seen))
        if any(each is None or each is False for each in conditions):
            continue
        rows = branch.rows if isinstance(branch.rows, Select) else select(branch.rows)
        asked = [each for each in conditions if each is not True]
        found.append((branch, rows.where(rule, *branch.where, *asked)))
    return found


def _kind(branch: Branch) -> Any:
    return literal_column(f"'{branch.type}'")


@cache_statements(512)
def page(
    shape: Shape, rules: tuple[ColumnElement, ...], seen: ColumnElement[bool]
) -> Select | None:
    """The events of a page with all they show, but for what hangs on data collections.

    ``seen`` says of which ``Sample`` the name is shown.
    """
    parts = []
    for branch, rows in _selects(shape, rules):
        part = rows.with_only_columns(
            _kind(branch).label("type"),
            cast(branch.key, Unsigned).label("key"),  # not all keys are: no decimals here
            branch.start.label("startTime"),
            branch.end.label("endTime"),
            branch.session.label("sessionId"),
            branch.sample.label("blSampleId"),
            branch.group.label("groupId"),
            branch.collection.label("collectionId"),
        )
        if shape.after:
            part = part.where(_beyond(branch, *shape.after))
        part = part.order_by(branch.start.desc(), branch.key.desc()).limit(bindparam("most"))
        parts.append(select(part.subquery()))
    if not parts:
        return None
    merged = union_all(*parts).subquery()
    order = (merged.c.startTime.desc(), merged.c.type, merged.c.key.desc())
    limited = select(merged).order_by(*order)
    limited = limited.limit(bindparam("limit")).offset(bindparam("skip"))
    return _shown(limited.subquery(), shape.single, seen)


def _shown(event: Any, single: bool, seen: ColumnElement[bool]) -> Select:
    """``event`` with its names, and the items of those types that have nothing below them.

    ``seen`` says of which ``Sample`` the name is shown.
    """
    visit, proposal, sample = aliased(BLSession), aliased(Proposal), Sample
    name = sample.name if is_unrestricted(seen) else case((seen, sample.name))
    file, of = aliased(DataCollectionFileAttachment), event.c
    files = select(func.count()).select_from(file)
    first: Any
    count: Any
    last: Any
    if single:
        first, count, last = of.collectionId, literal_column("1"), of.endTime
        files = files.where(file.dataCollectionId == of.collectionId, of.type == "dc")
    else:
        mine = (Member.dataCollectionGroupId == of.groupId, of.type == "dc")
        first, count, last = (
            select(each).where(*mine).correlate(event).scalar_subquery()
            for each in (
                func.min(Member.dataCollectionId),
                func.count(Member.dataCollectionId),
                func.max(Member.endTime),
            )
        )
        last = func.coalesce(of.endTime, last)
        last.type = of.startTime.type
        files = files.join(Member, Member.dataCollectionId == file.dataCollectionId).where(*mine)
    stmt = select(
        *(of.type, of.key, on_the_wire(of.startTime), on_the_wire(last), of.sessionId),
        *(of.blSampleId, of.groupId, first, count, files.correlate(event).scalar_subquery()),
        *(proposal.proposalCode, proposal.proposalNumber, visit.visit_number, name),
        *(on_the_wire(each) for kind in ITEMS for each in item_columns(kind)),
    )
    stmt = stmt.select_from(event).outerjoin(visit, visit.sessionId == of.sessionId)
    stmt = stmt.outerjoin(proposal, proposal.proposalId == visit.proposalId)
    stmt = stmt.outerjoin(sample, sample.blSampleId == of.blSampleId)
    for kind, row in ROWS.items():
        key = item_columns(kind)[0]
        stmt = stmt.outerjoin(row, and_(key == of.key, of.type == kind))
    return stmt.order_by(of.startTime.desc(), of.type, of.key.desc())


@cache
def item_columns(kind: str) -> tuple:
    """The columns of the Item of ``kind``, its key first."""
    found = columns_of(ITEMS[kind])
    return tuple(getattr(ROWS[kind], field.attribute or name) for name, field in found.items())


@cache_statements(512)
def total(shape: Shape, rules: tuple[ColumnElement, ...]) -> Select:
    """How many events there are, as far as they are counted."""
    parts = [
        select(rows.with_only_columns(branch.key.label("key")).limit(COUNTED + 1).subquery())
        for branch, rows in _selects(shape, rules)
    ]
    return select(func.count()).select_from(union_all(*parts).subquery())


@cache_statements(512)
def by_type(shape: Shape, rules: tuple[ColumnElement, ...]) -> CompoundSelect | None:
    """The number of events by type, and by experiment type where they have one; and of grids."""
    parts = []
    for branch, rows in _selects(shape, rules):
        if branch.type != "dc":
            parts.append(rows.with_only_columns(_kind(branch), null(), func.count()))
            continue
        word = type_coerce(Group.experimentType, String)
        counted = rows.with_only_columns(_kind(branch), word, func.count())
        with_grid = rows.where(_gridded(branch))
        grid = literal_column(f"'{GRID}'")
        parts.append(counted.group_by(Group.experimentType))
        parts.append(with_grid.with_only_columns(grid, null(), func.count()))
    return union_all(*parts) if parts else None
