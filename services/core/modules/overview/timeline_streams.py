"""The timeline of selections with many rows: each table from its newest key on.

ISPyB has no index on the time of these rows: to sort all of them by time for each page takes
longer in each year. Their keys are in the order in which the rows were recorded. So a table is
read from its newest key on, or from the last key of the page before; each row is checked, and
the tables are merged by time. A screening comes with the group of its data: it has no session of
its own.
"""

from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    select,
    true,
    union_all,
)

from services.core.modules.overview.timeline_branches import (
    Branch,
    Collection,
    Selection,
    Shape,
    Study,
    Visit,
    build_condition,
    build_kind,
    get_branches,
    is_in_state,
    is_of_kind,
    select_rows,
)
from services.core.schemas.overview.timeline import TYPES
from shared.access import is_unrestricted
from shared.callers import MOST_KEYS
from shared.db import Unsigned
from shared.execution import fetch
from shared.key_lists import is_listed, list_keys
from shared.schemas import LARGEST_KEY
from shared.statements import cache_statements

ORDER = [*TYPES]
FEW = 300  # rows that are sorted by time for each page
EXAMINED = 2_000  # rows of each table that a page reads beyond those that it skips and shows
SPARE = 10  # rows beyond a page, for those that are no events
GROWTH = 8  # of the rows that are read again if most were no events
ORDERED = {"sessionId", "blSampleId"}  # an index on these has the rows by key
SCREENING = "screening"


class Place(NamedTuple):
    """The place of an event in its table; a screening is before the event of its group."""

    key: int
    screening: int = 0


class Event(NamedTuple):
    """An event before its columns are read."""

    place: Place
    type: str
    key: int
    start: datetime | None


FIRST, LAST = Place(LARGEST_KEY, LARGEST_KEY), Place(0)


@cache_statements(1)
def get_streams() -> dict[str, Branch]:
    """The branches of the tables that have a session, by their type."""
    return {branch.type: branch for branch in get_branches(False) if branch.type != SCREENING}


class Stream:
    """The events of one table that were read and not shown yet, behind the place ``first``.

    The next ``size`` rows are read if there is none, at most ``left`` for one page.
    """

    def __init__(self, first: Place, size: int, left: int):
        self.first, self.size, self.left = first, size, left
        self.ended = first.key == LAST.key
        self.events: deque[tuple[datetime, Event]] = deque()

    def is_empty(self) -> bool:
        """Whether rows have to be read before the next event is known."""
        return not self.events and not self.ended and self.left > 0

    def fill(self, events: list[Event], keys: list[int]) -> None:
        """Add the ``events`` of the next rows, which have these ``keys``.

        Each has the latest time of itself and those below it, by which tables are merged: a row
        that was recorded late does not hold back the rows below it.
        """
        latest = datetime.min
        for event in sorted(events):
            latest = max(latest, event.start or latest)
            if event.place <= self.first:
                self.events.appendleft((latest, event))
        self.ended = len(keys) < self.size
        self.first = LAST if self.ended else Place(min(keys) - 1, LARGEST_KEY)
        self.left -= self.size
        self.size = min(self.size * GROWTH, self.left)

    def get_order(self) -> tuple[datetime, int]:
        """The order of the next event among those of other tables: by time, then by type."""
        latest, event = self.events[0]
        return latest, -ORDER.index(event.type)

    def get_place(self) -> Place:
        """The place of the next event."""
        if self.events:
            return self.events[0][1].place
        return self.first


def read(
    selection: Selection, places: Sequence[Place], most: int
) -> tuple[list[Event], list[Place] | None]:
    """The next ``most`` events from ``places`` on, one for each stream; the places behind them.

    There are no places behind the last event. If ``EXAMINED`` rows of a table have no event, the
    page does not wait for that table; so it may have fewer events and places behind them.
    """
    size = (most + SPARE) * (GROWTH if is_checked_by_row(selection) else 1)
    streams = {
        kind: Stream(
            place if _has_events(branch, selection.shape) else LAST, size, size + EXAMINED
        )
        for (kind, branch), place in zip(get_streams().items(), places, strict=True)
    }
    events: list[Event] = []
    while len(events) < most:
        empty = {kind: stream for kind, stream in streams.items() if stream.is_empty()}
        if empty:
            _fill(selection, empty)
        elif not (waiting := [stream for stream in streams.values() if stream.events]):
            break
        else:
            events.append(max(waiting, key=Stream.get_order).events.popleft()[1])
    behind = [stream.get_place() for stream in streams.values()]
    return events, behind if any(place.key for place in behind) else None


def is_checked_by_row(selection: Selection) -> bool:
    """Whether rows are read that the caller may not see, or that a filter on sessions excludes."""
    of_caller = selection.rules[0]
    return bool(selection.wide) or not (selection.listed or is_unrestricted(of_caller))


def _fill(selection: Selection, streams: dict[str, Stream]) -> None:
    """Read the next rows of each of ``streams``."""
    shape = selection.shape
    statement = select_rows_down(
        *(tuple(streams), shape, selection.rules, selection.listed, selection.wide)
    )
    values = {f"{kind}_top": stream.first.key for kind, stream in streams.items()}
    values |= {f"{kind}_size": stream.size for kind, stream in streams.items()}
    rows = fetch(statement, {**selection.values, **values})
    keys: dict[str, list[int]] = {kind: [] for kind in streams}
    events: dict[str, list[Event]] = {kind: [] for kind in streams}
    groups = []
    for kind, key, is_visible, is_event, start in rows:
        keys[kind].append(key)
        if is_event:
            events[kind].append(Event(Place(key), kind, key, start))
        if is_visible and kind == "dc":
            groups.append(key)
    if groups and _has_screenings(shape):
        bound = {**selection.values, "groups": list_keys(groups)}
        for group, key, start in fetch(select_screenings(shape.filters), bound):
            events["dc"].append(Event(Place(group, key), SCREENING, key, start))
    for kind, stream in streams.items():
        stream.fill(events[kind], keys[kind])


def _has_screenings(shape: Shape) -> bool:
    return shape.kind in (None, SCREENING) and not shape.state


def _has_events(branch: Branch, shape: Shape) -> bool:
    """Whether a stream may have events of the query."""
    if branch.type == "dc":
        return is_of_kind(branch, shape.kind) is not False or _has_screenings(shape)
    if is_of_kind(branch, shape.kind) is False:
        return False
    return not shape.state or is_in_state(branch, shape.state, true()) is not None


# ------------------------------------------------------------------------------ statements


@cache_statements(512)
def select_rows_down(
    kinds: tuple[str, ...],
    shape: Shape,
    rules: tuple[ColumnElement, ...],
    listed: bool,
    wide: tuple[str, ...],
) -> CompoundSelect:
    """The next keys of each table, whether their rows are visible and events, and times.

    The keys are those that an index gives, of everything or of the parents of the query. Their
    order by an expression keeps the server from reading the whole table by its primary key until
    there are enough rows of few sessions.
    """
    parts = []
    rule_of = dict(zip((branch.type for branch in get_branches(False)), rules))
    for kind in kinds:
        branch, rule = get_streams()[kind], rule_of[kind]
        parents = _list_parents(branch, shape, wide) + [rule] * listed
        by_row = [build_condition(branch, name, by_row=True) for name in wide]
        is_visible = and_(true(), *by_row, *[rule] * (not listed))
        is_event = and_(is_visible, *_list_conditions(branch, shape, rules[-1]))
        order = branch.key if not parents or ORDERED & {*shape.filters} else branch.key + 0
        down = select(branch.key.label("key")).where(branch.key <= bindparam(f"{kind}_top"))
        down = down.where(*parents).order_by(order.desc()).limit(bindparam(f"{kind}_size"))
        keys = down.subquery()
        columns = (cast(keys.c.key, Unsigned), _flag(is_visible), _flag(is_event), branch.start)
        part = select_rows(branch).join(keys, keys.c.key == branch.key)
        parts.append(part.with_only_columns(build_kind(branch), *columns))
    return union_all(*parts)


def _list_conditions(branch: Branch, shape: Shape, seen: ColumnElement[bool]) -> list:
    """The conditions on the rows of a branch beyond their parents, the cheapest first."""
    kind = is_of_kind(branch, shape.kind)
    if kind is False:
        return [false()]
    times = (build_condition(branch, name) for name in shape.filters if _is_of_time(name))
    conditions = [*times, *branch.where]
    if kind is not True:
        conditions.append(kind)
    if shape.state:
        conditions.append(is_in_state(branch, shape.state, seen))
    return conditions


def _flag(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, 1), else_=0)


def _is_of_time(name: str) -> bool:
    return name.startswith("startTime")


def _list_parents(branch: Branch, shape: Shape, wide: tuple[str, ...]) -> list[ColumnElement]:
    """The filters on the parents of rows, which an index serves."""
    names = (name for name in shape.filters if not _is_of_time(name) and name not in wide)
    return [build_condition(branch, name) for name in names]


@cache_statements(64)
def select_screenings(filters: tuple[str, ...]) -> CompoundSelect:
    """The screenings of the groups whose keys are bound as the list ``groups``.

    STRAIGHT_JOIN, and the expression around the link to a data collection, keep the server from
    reading all screenings, or all without a data collection, as it does while they are few.
    """
    branch = next(each for each in get_branches(False) if each.type == SCREENING)
    times = [build_condition(branch, name) for name in filters if _is_of_time(name)]
    columns = (cast(branch.key, Unsigned), branch.start)
    of_collection = select(Collection.dataCollectionGroupId, *columns)
    of_collection = of_collection.join(
        Study, Study.dataCollectionId == Collection.dataCollectionId
    )
    of_collection = of_collection.prefix_with("STRAIGHT_JOIN", dialect="mysql")
    of_group = select(Study.dataCollectionGroupId, *columns)
    return union_all(
        of_collection.where(is_listed(Collection.dataCollectionGroupId, "groups"), *times),
        of_group.where(
            is_listed(Study.dataCollectionGroupId, "groups"),
            func.coalesce(Study.dataCollectionId, 0) == 0,
            *times,
        ),
    )


@cache_statements(512)
def select_size(
    shape: Shape, rules: tuple[ColumnElement, ...], listed: bool, wide: tuple[str, ...]
) -> Select:
    """The number of rows that the parents of a query leave, up to ``FEW`` of each table."""
    parts = []
    for branch, rule in zip(get_branches(False), rules):
        if branch.type != SCREENING and _has_events(branch, shape._replace(state=None)):
            rows = select(branch.key.label("key"))
            rows = rows.where(*_list_parents(branch, shape, wide), *[rule] * listed)
            parts.append(select(rows.limit(FEW + 1).subquery()))
    return select(func.count()).select_from(union_all(*parts).subquery())


@cache_statements(2)
def select_beyond(name: str) -> Select:
    """One session beyond ``MOST_KEYS`` of the proposal or beamline that is bound as ``name``."""
    rows = select(Visit.sessionId).where(getattr(Visit, name) == bindparam(name))
    return rows.limit(1).offset(MOST_KEYS)
