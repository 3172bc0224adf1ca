"""Events, newest first: data collections, screenings, scans, spectra, robot actions.

A page takes a constant number of statements: one decides its order, two select the keys of its
events if the order is that of keys, one reads the events with their names, two their data
collections with their grids, and two the state of their processing.
"""

from typing import Any

from marshmallow import fields, validate
from sqlalchemy import ColumnElement, select

from services.core.modules.overview import timeline_branches as branches
from services.core.modules.overview import timeline_pages as pages
from services.core.modules.overview import timeline_streams as streams
from services.core.modules.overview.timeline_branches import Selection
from services.core.modules.overview.timeline_events import build_events
from services.core.modules.overview.timeline_streams import Place
from services.core.schemas.overview.timeline import GRID, KINDS, TYPES, EventSchema
from shared import access, callers, examined, names, paging
from shared.access import everything
from shared.callers import Form
from shared.db import db
from shared.errors import BadInput, NotFound, bad_field
from shared.execution import fetch, fetch_value
from shared.identity import Identity
from shared.key_lists import list_keys
from shared.lists import PAGING
from shared.models import Protein
from shared.spelling import EXPLAINED, unknown
from shared.schemas import LARGEST_KEY

BY_TIME = ("startTime", "type", "key")
BY_KEY = ("dc", "screening", "es", "xrf", "robot", "count")  # of streams, and of events before
# With one of these filters each data collection is an event of its own, not its group.
SINGLE = {"dataCollectionId", "dataCollectionGroupId"}
FEW_ROWS = {"sessionId", "blSampleId", *SINGLE}  # filters that make lists of sessions needless
MANY_SESSIONS = ("proposalId", "beamLineName")  # filters that may have too many to gather
DEEPEST = 10_000  # event that `skip` reaches in the order of keys
COUNTABLE = ("dc", "es", "xrf", "robot")  # the types of tables that have a session
KEY = fields.Integer(strict=True, validate=validate.Range(0, LARGEST_KEY))
CURSOR: dict[str, fields.Field] = {
    "startTime": fields.NaiveDateTime(allow_none=True),
    "type": fields.String(validate=validate.OneOf(TYPES)),
    **dict.fromkeys(("key", *BY_KEY), KEY),
}
FIELDS = tuple(EventSchema().fields)


def list_(identity: Identity, query: dict) -> dict:
    """One page of the events in the sessions the caller sees.

    The data collections of a group are one event, unless the query names the group or one of them.
    A selection with few rows is in the order of time; one with more is in the order of the keys of
    each table. A walk through the pages keeps the order of its first page.
    """
    only = _check_fields(query["fields"])
    selection = _plan(identity, query)
    if "after" in query:
        order, last = _read_cursor(query["after"], selection.shape.single)
    else:
        by_key = not selection.shape.single and _has_many_rows(selection)
        order, last = BY_KEY if by_key else BY_TIME, []
    visible = access.samples(identity, branches.Sample.blSampleId).condition
    list_page = _list_by_key if order is BY_KEY else _list_by_time
    rows, answer = list_page(selection, query, last, visible)
    results = build_events(identity, rows, selection.shape.single)
    if only:
        results = [{name: row[name] for name in only} for row in results]
    return {**answer, "results": results}


def _has_many_rows(selection: Selection) -> bool:
    shape, rules, values, listed, wide = selection
    statement = streams.select_size(shape, rules, listed, wide)
    number = paging.count(statement, values, streams.FEW)
    return number is None or number > streams.FEW


def _list_by_time(
    selection: Selection, query: dict, last: list, visible_sample: ColumnElement[bool]
) -> tuple[list, dict]:
    """The rows of a page behind the ``last`` event, and the answer without them."""
    shape, values = selection.shape, selection.values
    page = {"skip": query["skip"], "limit": query["limit"]}
    page["most"] = query["skip"] + query["limit"]
    if last:
        moment, kind, key = last
        shape = shape._replace(after=(kind, moment is None))
        page |= {"after_time": moment, "after_key": key}
    statement = pages.select_page(shape, selection.rules, visible_sample)
    rows: Any = []
    if statement is not None:
        rows = fetch(statement, {**values, **page})

    def total() -> int | None:
        statement = pages.select_total(selection.shape, selection.rules)
        return 0 if statement is None else paging.count(statement, values, pages.COUNTED)

    next_ = None
    if len(rows) == query["limit"]:
        next_ = paging.cursor(BY_TIME, [rows[-1][2], *rows[-1][:2]])
    return rows, paging.page(query, rows, next_, pages.COUNTED, total)


def _list_by_key(
    selection: Selection, query: dict, last: list, visible_sample: ColumnElement[bool]
) -> tuple[list, dict]:
    """The rows of a page from the ``last`` keys of each table on, and the answer without them.

    Events that are left by more than the parents of their rows are not counted beforehand.
    """
    most = query["skip"] + query["limit"]
    if most > DEEPEST:
        reason = f"with limit more than {DEEPEST}, beyond which a long timeline is read by `next`"
        raise bad_field("skip", reason)
    places, count = [streams.FIRST] * len(streams.get_streams()), 0
    if last:
        dc, screening, *others, count = last
        places = [Place(dc, screening), *(Place(key, LARGEST_KEY) for key in others)]
    events, behind = streams.read(selection, places, most)
    number, is_exact, next_ = count + len(events), behind is None, None
    if behind is not None:
        (dc, screening), *others = behind
        keys = [dc, screening, *(place.key for place in others)]
        next_ = paging.cursor(BY_KEY, [*keys, min(number, LARGEST_KEY)])
    if "format" not in query and _is_countable(selection):  # a table shows no total
        counted = _count_many(selection)
        is_exact = counted is not None and counted <= pages.COUNTED
        number = number if counted is None else counted
    answer = {"total": min(number, pages.COUNTED), "skip": query["skip"], "limit": query["limit"]}
    if not is_exact:
        answer["totalIsExact"] = False
    if next_ is not None:
        answer["next"] = next_
    return _read_rows(selection, events[query["skip"] :], visible_sample), answer


def _read_rows(
    selection: Selection, events: list[streams.Event], visible_sample: ColumnElement[bool]
) -> list:
    """The rows of ``events`` with their columns."""
    keys: dict[str, list[int]] = {kind: [] for kind in TYPES}
    for event in events:
        keys[event.type].append(event.key)
    if not events:
        return []
    statement = pages.select_by_keys(visible_sample)
    values = {f"{kind}_keys": list_keys(each) for kind, each in keys.items()}
    rows = fetch(statement, {**selection.values, **values})
    by_key = {(row[0], row[1]): row for row in rows}
    return [by_key[key] for event in events if (key := (event.type, event.key)) in by_key]


def _is_countable(selection: Selection) -> bool:
    """Whether the events are as many as the rows that an index gives, or nearly as many."""
    shape = selection.shape
    is_of_type = shape.kind is None or shape.kind in COUNTABLE
    has_times = any(name.startswith("startTime") for name in shape.filters)
    return not (streams.is_checked_by_row(selection) or shape.state or has_times) and is_of_type


def _count_many(selection: Selection) -> int | None:
    """The number of events; screenings, which no index on sessions has, if the others are few."""
    number: int | None = 0
    for types in (COUNTABLE, tuple(TYPES)):
        statement = pages.select_total(selection.shape, selection.rules, types)
        assert statement is not None
        number = paging.count(statement, selection.values, pages.COUNTED)
        if number is None or number > pages.COUNTED:
            break
    return number


def list_types(identity: Identity, query: dict) -> dict:
    """The types of the events of a query, and their numbers; BadInput if they are too many."""
    selection = _plan(identity, query)
    statement = pages.select_types(selection.shape, selection.rules)
    rows: Any = []
    if statement is not None:
        try:
            rows = examined.run(statement, selection.values, examined.most_rows_of_total())
        except examined.TooManyRows:
            raise bad_field(
                "session", "is needed, or proposal: there are too many events"
            ) from None
    counts = dict.fromkeys((*TYPES, GRID), 0)
    for kind, experiment, count in rows:
        counts[kind] += count
        if experiment is not None:
            counts[experiment] = counts.get(experiment, 0) + count
    labels = {**TYPES, GRID: "Grid scan"}
    results = [
        {"eventType": kind, "eventTypeName": labels.get(kind, kind), "count": count}
        for kind, count in counts.items()
        if count
    ]
    return {"total": len(results), "results": results, "skip": 0, "limit": len(KINDS)}


def _plan(identity: Identity, query: dict) -> Selection:
    """The events of a query, with the rules for the caller."""
    values = {name: value for name, value in query.items() if name not in PAGING}
    if "session" in values:
        values = _set_key(values, "sessionId", names.session_key(identity, values.pop("session")))
    elif "sessionId" in values:
        values["sessionId"] = _get_visible_session(identity, values["sessionId"])
    if "proposal" in values:
        values = _set_key(
            values, "proposalId", names.proposal_key(identity, values.pop("proposal"))
        )
    if "proteinId" in values:
        values["proteinId"] = _get_visible_protein(identity, values["proteinId"])
    kind, state = values.get("eventType"), values.pop("status", None)
    filters = tuple(sorted(values.keys() - {"eventType"}))
    single = bool(SINGLE & values.keys())
    by_branch = branches.get_branches(single)
    rules, listed = [everything(identity)] * len(by_branch), False
    is_closed = callers.described(identity)[0].closed
    if "sessionId" not in values or is_closed:  # the session is visible, so are its open samples
        caller = identity if FEW_ROWS & values.keys() else _look_up(identity)
        rules = [
            access.below_session(caller, branch.session, branch.sample) for branch in by_branch
        ]
        listed = _is_listed(rules[0])
    used = access.below_session(identity, *branches.OF_USED)
    return Selection(
        branches.Shape(filters, kind, state, single),
        tuple(rule.condition for rule in (*rules, used)),
        {**used.values, **rules[0].values, **values},
        listed,
        () if listed or FEW_ROWS & values.keys() else _list_wide(values),
    )


def _look_up(identity: Identity) -> Identity:
    """The caller with its sessions as a list; as it is, if they are too many."""
    caller = callers.look_up(identity)
    return identity if callers.described(caller)[0].form is Form.GATHERED else caller


def _is_listed(rule: access.Rule) -> bool:
    """Whether the rule is a list of sessions, and nothing beside it is checked for each row."""
    shape = rule.shape
    assert shape is not None
    return shape.form is Form.LISTS and not (shape.wide or shape.closed or rule.unrestricted)


def _list_wide(values: dict) -> tuple[str, ...]:
    """The filters with too many sessions to gather the rows of all of them."""
    return tuple(
        name
        for name in MANY_SESSIONS
        if name in values and fetch_value(streams.select_beyond(name), values)
    )


def _get_visible_session(identity: Identity, key: int) -> int:
    """The key of a visible session; 0, which no row has, if it is hidden or absent."""
    try:
        return names.session_key(identity, key)
    except NotFound:
        return 0


def _get_visible_protein(identity: Identity, key: int) -> int:
    """The key of a visible protein; 0, which no row has, if it is hidden or absent."""
    rule = access.proteins(identity)
    stmt = select(Protein.proteinId).where(Protein.proteinId == key, rule.condition)
    return db.session.scalar(stmt, rule.values) or 0


def _set_key(values: dict, name: str, key: int) -> dict:
    """``values`` with the key of a row that the query names; BadInput if it has another key."""
    if values.get(name, key) != key:
        raise BadInput("invalid input", {name: ["names another one"]})
    return {**values, name: key}


def _read_cursor(text: str, single: bool) -> tuple[tuple[str, ...], list]:
    """The order of a walk through the pages, and the values that its last page ended with.

    A timeline of ``single`` data collections is in the order of time.
    """
    for order in (BY_TIME,) if single else (BY_TIME, BY_KEY):
        try:
            return order, paging.cursor_values(order, CURSOR, text)
        except ValueError:
            continue
    raise bad_field("after", "is not the `next` of this list")


def _check_fields(names: Any) -> tuple[str, ...]:
    """The names of the fields to show; BadInput if there is no such field."""
    if faults := [name for name in names if name not in FIELDS][:EXPLAINED]:
        reasons = [f"{name}: {unknown(name, FIELDS, 'field')}" for name in faults]
        raise BadInput("invalid input", {"fields": reasons})
    return tuple(names)
