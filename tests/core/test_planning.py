"""No published GET takes the database long to plan, whoever asks, with whatever two filters.

The seconds are of CPU: of the server's thread, which the kernel counts, or of our own on SQLite.
There is hardly a row to read, so nearly all of it is planning.
"""

import time
from itertools import combinations
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from tests.operations import filled, names
from tests.test_matrix import MATRIX, PATHS, QUERIES, ROLES, ROW_1

MOST_SECONDS = 0.2
CALLERS = ("leader", "reading program")  # a union of ids, and a sub-query that becomes joins
JOINING = ("Id", "Ids", "_id")  # what ends like that names a row, maybe of another table
TEXTS = {
    **{"proposal": "mx1", "search": "e", "pipeline": "e", "status": "processed"},
    **{"beamLineName": "i03", "beamlineName": "i03"},
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


def questions(name, operation):
    """The queries of an operation: without a filter, with each, and with each two."""
    found = list(filters(operation))
    for some in ((), *((one,) for one in found), *combinations(found, 2)):
        yield {**QUERIES.get(name, {}), **dict(some)}


def clock(connection):
    """A function that says how much CPU was spent on statements of ``connection`` so far."""
    if connection.dialect.name == "sqlite":
        return time.thread_time
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


@pytest.mark.parametrize("role", CALLERS)
def test_two_filters_are_planned_at_once(world, built, operations, token, costs, role):
    world()
    who, claims = ROLES[role]
    claims = {**claims, "exp": int(time.time()) + 3600}  # a slow server may take all of it
    headers = {"Authorization": f"Bearer {token(*who, **claims)}"}
    slow, answered = {}, 0
    for name in (name for name in MATRIX if name.startswith("get") and "/auth" not in name):
        service, path, operation = operations[name]
        client = built(service).test_client()
        values = dict.fromkeys(names(operation, "path"), 1)
        values |= {key: value for key, value in ROW_1.items() if key in values}
        path = filled(path, values | PATHS.get(name, {}))
        for query in questions(name, operation):
            costs.clear()
            answer = client.get(path, query_string=query, headers=headers)
            answered += answer.status_code == 200
            worst = max(costs, default=(0, ""))
            if worst[0] > MOST_SECONDS:
                slow[path, *query.items()] = worst
    assert not slow
    assert answered > 200
