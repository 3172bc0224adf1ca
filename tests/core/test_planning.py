"""No published GET takes MariaDB long to plan, whoever asks, with whatever two filters.

The seconds are of CPU, of the server's thread, which the kernel counts. There is hardly a row to
read, so nearly all of it is planning. SQLite joins in the order of the statement or close to it.
"""

import re
from itertools import combinations
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from tests.operations import names
from tests.registry import ROUTES

pytestmark = pytest.mark.mariadb
MOST_SECONDS = 0.2
TABLE = re.compile(r"\b(?:FROM|JOIN)\b")
CALLERS = ("leader", "reading program")  # a union of ids, and a sub-query that becomes joins
JOINING = ("Id", "Ids", "_id")  # what ends like that names a row, maybe of another table
TEXTS = {
    **{"proposal": "mx1", "search": "e", "pipeline": "e", "status": "processed"},
    **{"beamLineName": "i03", "beamlineName": "i03", "session": "mx1-1", "login": "alice"},
}
TASK = """
    SELECT @@pid_file, tid FROM information_schema.processlist WHERE id = CONNECTION_ID()
"""


def filters(operation):
    """The filters that may join a table, with a value each; of a list's own columns just one."""
    asked = sorted(names(operation, "query"))
    own = [name for name in asked if f"{name}__in" in asked]
    for name in [*own[:1], *(name for name in asked if name not in own)]:
        if name in TEXTS or name.endswith(JOINING):
            yield name, TEXTS.get(name, 1)


def clock(connection):
    """A function that says how much CPU was spent on statements of ``connection`` so far."""
    cursor = connection.connection.cursor()
    cursor.execute(TASK)
    process, thread = cursor.fetchone()
    file = Path(f"/proc/{Path(process).read_text().strip()}/task/{thread}/schedstat")
    return lambda: int(file.read_text().split()[0]) / 1e9


@pytest.fixture
def costs(engine):
    """What each statement cost, in the order they ran."""
    spent = []

    def start(connection, *_):
        if "clock" not in connection.info:
            connection.info["clock"] = clock(connection)
        connection.info["started"] = connection.info["clock"]()

    def end(connection, cursor, statement, *_):
        spent.append((connection.info["clock"]() - connection.info["started"], statement))

    event.listen(Engine, "before_cursor_execute", start)
    event.listen(Engine, "after_cursor_execute", end)
    yield spent
    event.remove(Engine, "before_cursor_execute", start)
    event.remove(Engine, "after_cursor_execute", end)


def count_tables(costs):
    """The number of tables in the largest of the statements."""
    return max((len(TABLE.findall(statement)) for _, statement in costs), default=0)


@pytest.mark.parametrize("role", CALLERS)
def test_two_filters_are_planned_at_once(world, call, operations, costs, role):
    """Each filter, and each two that join: one of a table that is there anyway adds no plan."""
    world()
    slow, answered = {}, 0

    def ask(name, filters):
        nonlocal answered
        costs.clear()
        answer = call(role, name, query={**ROUTES[name].query, **dict(filters)})
        answered += answer.status_code == 200
        worst = max(costs, default=(0, ""))
        if worst[0] > MOST_SECONDS:
            slow[answer.curl] = worst
        return count_tables(costs)

    for name in (name for name in ROUTES if name.startswith("get") and "/auth" not in name):
        fewest = ask(name, ())
        joining = [one for one in filters(operations[name][2]) if ask(name, [one]) > fewest]
        for two in combinations(joining, 2):
            ask(name, two)
    assert not slow
    assert answered > 200
