"""Every filter of every list drops the rows that differ in it: made from the specification.

A filter on a column (``c``, ``c__gte``, ``c__lte``, ``c__in``) leaves the rows that the unfiltered
list shows with such a value. Another filter must leave some rows for one value and not all, and
no row for a value that is nowhere.
"""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import DateTime, insert, update

from shared.db import Base
from shared.models import SessionHasPerson
from tests.conftest import SERVICES
from tests.operations import is_list, names
from tests.registry import ROUTES
from tests.rows import fill
from tests.world import collect_rows

ROWS = 9  # of each table
PARENT = 3  # the row above in a path: two rows hang on it
OTHERS = {"skip", "limit", "fields", "sort", "after", "format"}  # they filter nothing
NUMBERS, ABSENT = [*range(1, ROWS)], 999
TEXTS = [f'{number:02} "é"' for number in NUMBERS] + [f"{number:02}" for number in NUMBERS]
TEXTS += [str(number) for number in NUMBERS]
TIMES = [f"2024-05-0{number}T09:30:0{number}" for number in NUMBERS]
NEWEST = datetime(2025, 1, 1)  # later than all of them
LISTS = [name for name in ROUTES if name.startswith("get") and not ROUTES[name].in_files]


def comparable(value):
    """A value as the databases compare it: text in any case."""
    return value.upper() if isinstance(value, str) else value


def as_text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def questions(column, values):
    """Queries on a column that has ``values``, each with a test of what they must leave.

    The second has three filters; each of them alone would leave another row.
    """
    middle = values[len(values) // 2]
    low, high = values[min(1, len(values) - 1)], values[-2 if len(values) > 2 else -1]
    yield {column: as_text(middle)}, lambda value: value == middle
    some = [value for value in values if value in (low, high) or value < low or value > high]
    between = {
        f"{column}__gte": as_text(low),
        f"{column}__lte": as_text(high),
        f"{column}__in": ",".join(map(as_text, some)),
    }
    yield between, lambda value: low <= value <= high and value in some


def candidates(parameter):
    """Values of a filter that is no column of the list."""
    shape = parameter["schema"].get("items", parameter["schema"])
    if "enum" in shape:
        return map(as_text, shape["enum"])
    if shape["type"] == "integer":
        return NUMBERS
    return TIMES if "date" in shape.get("format", "") else TEXTS


class Filters:
    """The filters of one list; ``get(query)`` returns its rows and the call as curl."""

    def __init__(self, get, route, operation):
        self.get, self.route, self.rows = get, route, get({})[0]
        given = [each for each in operation["parameters"] if each["in"] == "query"]
        self.parameters = {each["name"]: each for each in given if each["name"] not in OTHERS}

    def faults(self):
        """What is wrong with them, a line for each."""
        if len(self.rows) < 2:
            return [f"{self.get({})[1]}: one row cannot tell whether a filter works"]
        columns = [name for name in self.rows[0] if self.is_column(name)]
        faults = [fault for column in columns for fault in self.by_column(column)]
        others = [name for name in self.parameters if name.partition("__")[0] not in columns]
        return faults + [fault for name in others for fault in self.by_trial(name)]

    def is_column(self, name):
        """Whether the list has all filters of a column."""
        return {name, f"{name}__in"} <= self.parameters.keys() - self.route.filters.keys()

    def key(self):
        """The first field that has another value in each row."""
        for name, value in self.rows[0].items():
            if isinstance(value, int | str):
                if len({row[name] for row in self.rows}) == len(self.rows):
                    return name
        raise AssertionError(f"{self.route.name}: no field tells its rows apart")

    def by_column(self, column):
        key = self.key()
        shown = [(row[key], row[column]) for row in self.rows]
        values = sorted({each for _, each in shown if each is not None}, key=comparable)
        queries = [*questions(column, values)]
        if len({each for _, each in shown}) == 1:
            if "{" not in self.route.name:
                yield f"{self.get({})[1]}: all rows have the same {column}"
            queries = [({column: ABSENT}, lambda value: False)]  # it is in the path
        for query, fits in queries:
            rows, curl = self.get({**query, "fields": key})
            expected = [name for name, each in shown if each is not None and fits(each)]
            if sorted(row[key] for row in rows) != sorted(expected):
                yield f"{curl}: {[row[key] for row in rows]}, not {expected}"

    def by_trial(self, name):
        some, curl = False, ""
        for value in self.route.filters.get(name) or candidates(self.parameters[name]):
            rows, curl = self.get(value if isinstance(value, dict) else {name: value})
            if some := bool(rows) and rows != self.rows:
                break
        if not some:
            yield f"{curl}, or another {name}: never some rows and not all"
        if name.endswith("Id") and self.get({name: ABSENT})[0]:
            yield f"{self.get({name: ABSENT})[1]}: rows for what is absent"


@pytest.fixture
def full(engine, add):
    """Several rows of each table, and a second person on the session of paths."""
    fill(engine, last=ROWS)
    with engine.begin() as connection:
        more = {"sessionId": PARENT, "personId": 4, "role": "Staff", "remote": True}
        connection.execute(insert(SessionHasPerson).values(more))
    add(*collect_rows("varied"))
    set_one_time(engine)


def set_one_time(engine):
    """Give the rows that the database dated one time: a second may pass between two of them."""
    with engine.begin() as connection:
        for table in Base.metadata.sorted_tables:
            for column in table.columns:
                if isinstance(column.type, DateTime) and column.server_default is not None:
                    dated = update(table).where(column > NEWEST)
                    connection.execute(dated.values({column: NEWEST + timedelta(days=1)}))


@pytest.mark.parametrize("service", SERVICES)
def test_each_filter_of_each_list_drops_the_row_that_differs(full, call, operations, service):
    faults = []
    for name in LISTS:
        operation = operations[name][2]
        if operations[name][0] != service or not is_list(operation):
            continue
        path = dict.fromkeys(names(operation, "path"), PARENT)
        least = ROUTES[name].query
        size = {"limit": 500} if "limit" in names(operation, "query") else {}

        def get(query):
            response = call("user office", name, path=path, query={**size, **least, **query})
            if response.status_code in (404, 422):  # absent, or no value of this filter
                return [], response.curl
            assert response.status_code == 200, f"{response.curl}\n{response.text}"
            page = response.json
            return page["results"] if "results" in page else page, response.curl

        faults += Filters(get, ROUTES[name], operation).faults()
    assert not faults, "\n".join(faults)


# the native lists of pages without a scope: their rows hang on no session, and some on no proposal
NO_SESSION = {
    *("get /contacts/lab_contacts", "get /samples/crystals", "get /samples/proteins"),
    *("get /samples/diffraction_plans", "get /sessions", "get /sessions/date"),
    *("get /samples/groups", "get /samples/ligands"),
    *("get /containers/registry", "get /dewars/registry"),
    *("get /ssx/components", "get /ssx/crystal_compositions"),
}
NO_PROPOSAL = {
    *("get /containers/types", "get /containers/imagers", "get /containers/inspection_types"),
    *("get /auth/activity", "get /auth/groups", "get /auth/permissions", "get /auth/tokens"),
    *("get /beamline/detectors", "get /beamline/setups", "get /contacts/labs"),
    *("get /contacts/persons", "get /proposals"),
    *("get /samples/component_types", "get /samples/concentration_types"),
    *("get /samples/images/scores", "get /ssx/event_types", "get /eventchains"),
}
OURS = {"auth", "core", "em", "ssx"}
ELSEWHERE = {  # in their own tests, or the rows of the world are in no container
    ("session", f"get /{path}")
    for path in (
        *("containers", "dewars", "samples", "samples/images", "samples/subsamples"),
        *("shipments", "containers/queue", "ssx/sample_compositions"),
    )
}


def test_each_list_takes_the_proposal_and_the_session_of_its_rows(world, call, operations):
    world()
    faults = []
    for name, (service, _, operation) in operations.items():
        native = name.startswith("get ") and "{" not in name and "/ispyb/" not in name
        if service not in OURS or not (native and "skip" in names(operation, "query")):
            continue
        scopes = {
            "proposal": ({"mx1", "MX1", "1"}, {"in2", "2"}, name not in NO_PROPOSAL),
            "session": ({"mx1-1", "1"}, {"in2-1", "2"}, name not in NO_SESSION | NO_PROPOSAL),
        }
        route = ROUTES[name]
        for scope, (ours, others, expected) in scopes.items():
            if (scope in names(operation, "query")) is not expected:
                faults.append(f"{name}: {scope}")
            compared = expected and route.list_key and (scope, name) not in ELSEWHERE
            for value in sorted(ours | others) if compared else ():
                answer = call("user office", name, query={**route.query, scope: value})
                keys = {row[route.list_key] for row in answer.json.get("results", ())}
                if (1 in keys, 2 in keys) != (value in ours, value in others):
                    faults.append(f"{answer.status_code}, {keys}: {answer.curl}")
            if expected:
                for value in ("in2", "mx9") if scope == "proposal" else ("in2-1", "mx9-1"):
                    answer = call("leader", name, query={**route.query, scope: value})
                    if answer.status_code != 404:
                        faults.append(f"{answer.status_code}, not 404: {answer.curl}")
    assert not faults, "\n".join(faults)
