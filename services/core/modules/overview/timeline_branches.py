"""The branches of the timeline: one for each kind of row, with the conditions of its filters.

Each branch has the session of its rows, by the same path as the access rule.
"""

from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    false,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    type_coerce,
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
    PIPELINE_OUTCOMES,
    TYPES,
)
from shared.access import is_unrestricted
from shared.models import (
    AutoProcProgram,
    BLSample,
    BLSession,
    Crystal,
    DataCollection,
    DataCollectionGroup,
    GridInfo,
)
from shared.statements import cache_statements, make_alias

Group, Collection = make_alias(DataCollectionGroup), make_alias(DataCollection)
Member, Grid, Visit = make_alias(DataCollection), make_alias(GridInfo), make_alias(BLSession)
Scan, Spectrum = make_alias(EnergyScan), make_alias(XFEFluorescenceSpectrum)
Other, Used = make_alias(DataCollection), make_alias(DataCollectionGroup)
Action, Study, Sample = make_alias(RobotAction), make_alias(Screening), make_alias(BLSample)
OF_GROUP, OF_USED = (Group.sessionId, Group.blSampleId), (Used.sessionId, Used.blSampleId)
ROWS: dict[str, Any] = {"es": Scan, "robot": Action, "screening": Study, "xrf": Spectrum}
NO_LINK = type_coerce(null(), Integer)


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


def has_row(column: Any, *where: Any) -> Any:
    """Whether there is such a row.

    MariaDB may turn EXISTS into a join of the whole table. A scalar sub-query runs once for each
    row, and only for those that the other conditions leave.
    """
    return select(column).where(*where).limit(1).scalar_subquery().is_not(None)


def _build_folded() -> tuple[Branch, ...]:
    """All branches, with one event for each group of data collections."""
    has_member = has_row(Member.dataCollectionId, _in_group(Member))
    earliest = select(func.min(Member.startTime)).where(_in_group(Member)).scalar_subquery()
    key, start = Group.dataCollectionGroupId, func.coalesce(Group.startTime, earliest)
    groups = Branch("dc", Group, key, start, Group.endTime, *OF_GROUP, key, where=(has_member,))
    return (groups, *_build_others())


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


def select_rows(branch: Branch) -> Select:
    """All rows of a branch, with the joins that its columns need."""
    return branch.rows if isinstance(branch.rows, Select) else select(branch.rows)


def build_kind(branch: Branch) -> ColumnElement:
    """The type of the events of a branch, as a column."""
    return literal_column(f"'{branch.type}'")


# ------------------------------------------------------------------------------ conditions


def build_condition(branch: Branch, name: str, by_row: bool = False) -> Any:
    """The filter ``name`` on a branch; None if the branch has no column for it.

    ``by_row``: the session of each row is looked up, instead of all sessions of the filter.
    """
    value = bindparam(name)
    if name in ("dataCollectionId", "dataCollectionGroupId"):
        link = branch.collection if name == "dataCollectionId" else branch.group
        return None if link is NO_LINK else link == value
    if name == "sessionId":
        return branch.session == value
    if name in ("proposalId", "beamLineName"):
        session_ids = select(Visit.sessionId).where(getattr(Visit, name) == value)
        if by_row:
            is_session = Visit.sessionId == branch.session
            return has_row(Visit.sessionId, is_session, getattr(Visit, name) == value)
        return branch.session.in_(session_ids)
    if name == "blSampleId":
        return branch.sample == value
    if name == "proteinId":
        sample, crystal = aliased(BLSample), aliased(Crystal)
        sample_ids = select(sample.blSampleId).join(crystal, crystal.crystalId == sample.crystalId)
        return branch.sample.in_(sample_ids.where(crystal.proteinId == value))
    return branch.start >= value if name.endswith("__gte") else branch.start <= value


def is_of_kind(branch: Branch, kind: str | None) -> Any:
    """Whether a branch holds events of ``kind``: True, False, or a condition."""
    if kind is None or kind in TYPES:
        return kind in (None, branch.type)
    if branch.type != "dc":
        return False
    return has_grid(branch) if kind == GRID else Group.experimentType == bindparam("eventType")


def has_grid(branch: Branch) -> Any:
    """Whether an event has a grid; older grids are of a group, newer ones of a data collection."""
    of_group = has_row(Grid.gridInfoId, _in_group(Grid))
    if branch.collection is not NO_LINK:
        of_collection = Grid.dataCollectionId == Collection.dataCollectionId
        return or_(has_row(Grid.gridInfoId, of_collection), of_group)
    of_member = select(Grid.gridInfoId).join(
        Member, Member.dataCollectionId == Grid.dataCollectionId
    )
    of_member = of_member.where(_in_group(Member)).limit(1)
    return or_(of_member.scalar_subquery().is_not(None), of_group)


def is_in_state(branch: Branch, state: str, seen: ColumnElement) -> Any:
    """Whether an event, or a data collection of it, is in ``state``; None if it has no states.

    ``seen`` is the rule of the sessions of ``Used``.
    """
    if branch.type == "robot":
        return outcomes.build_robot_outcomes(Action).get(state)
    if branch.type != "dc":
        return None
    if branch.collection is not NO_LINK:
        return _has_ended(Collection, state, seen)
    return has_row(Member.dataCollectionId, _in_group(Member), _has_ended(Member, state, seen))


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


def is_after(branch: Branch, kind: str, undated: bool) -> Any:
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


class Selection(NamedTuple):
    """The events of a query: the shape of its statements, and the values to run them with.

    ``rules`` are those of the sessions of each branch, and at last that of ``Used``. If they are
    ``listed``, they are lists of keys, which an index serves. ``wide`` are filters with too many
    sessions to gather: they are checked for each row.
    """

    shape: Shape
    rules: tuple[ColumnElement, ...]
    values: dict[str, Any]
    listed: bool
    wide: tuple[str, ...]
