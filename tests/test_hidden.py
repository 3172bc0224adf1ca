"""What is hidden changes no answer: neither rows nor counts, sums, errors or tags tell of it.

Every GET is asked, with every filter that names a row, while there are rows of others, which are
mixed with the caller's wherever the database allows, and again when they are gone.
"""

import pytest
from sqlalchemy import delete, or_

from shared.db import Base
from tests.conftest import unchecked
from tests.matrix import KEY
from tests.operations import names
from tests.registry import ROUTES, sets
from tests.world import SHARED, closed, mixed

pytestmark = pytest.mark.mariadb
# The beamline where the hidden session is.
CALLERS = {
    "leader": "i03",
    "on session": "i03",
    "reading program": "m02",
    "beamline staff": "i03",  # proposal 2 is industrial
    "all_proposals": "i03",
    "on proposal": None,  # the rows of a sample that is shared with the leader only
}
TEXTS = {
    "beamLineName": ("i03", "m02"),
    "beamlineName": ("i03", "m02"),
    "proposal": ("mx1", "in2", "2"),
    "session": ("mx1-1", "in2-1", "in2-9", "2"),
    "search": ("e",),
}
ONE_VALUE = {"limit": 1, "format": "csv"}
TABLES_FOR = "on proposal"  # a table has the rows of the pages of its list, for all callers


def remove(engine):
    """Delete what belongs to others."""
    public = SHARED | sets("world", "SHARED")
    with unchecked(engine) as connection:
        for table in Base.metadata.sorted_tables:
            if table.name not in public:
                numbers = [key for key in table.primary_key if key.type.python_type is int]
                hidden = (or_(key == 2, key >= KEY) for key in numbers)
                connection.execute(delete(table).where(or_(*hidden)))


def questions(name, operation):
    """The queries of an operation: none, and one for each filter that might tell of a row."""
    least = ROUTES[name].query
    yield least
    for parameter in sorted(names(operation, "query")):
        if parameter.endswith(("Id", "Ids", "_id")):
            yield from ({**least, parameter: key} for key in (2, KEY))
        yield from ({**least, parameter: word} for word in TEXTS.get(parameter, ()))
        if parameter in ONE_VALUE:
            yield {**least, parameter: ONE_VALUE[parameter]}


@pytest.fixture
def answers(call, operations):
    """``answers(role)`` are those to all questions, by the call."""

    def ask(role):
        found = {}
        for name in (name for name in ROUTES if name.startswith("get") and "/auth" not in name):
            for query in questions(name, operations[name][2]):
                if "format" in query and role != TABLES_FOR:
                    continue
                answer = call(role, name, query=query)
                text = answer.data.replace(answer.headers["X-Request-ID"].encode(), b"")
                text = text if answer.mimetype != "application/zip" else len(text)  # has a clock
                found[answer.curl] = answer.status_code, answer.headers.get("ETag"), text
        return found

    return ask


@pytest.mark.parametrize("role", CALLERS)
def test_what_is_hidden_changes_no_answer(world, add, answers, engine, role):
    world()
    add(*(mixed(CALLERS[role]) if CALLERS[role] else closed()))
    before = answers(role)
    remove(engine)
    after = answers(role)
    assert sum(status == 200 for status, *_ in before.values()) > 100
    assert before.keys() == after.keys()
    faults = [f"{each}\n  {before[each]}\n  {after[each]}" for each in before]
    faults = [text for text, each in zip(faults, before) if before[each] != after[each]]
    assert not faults, "\n".join(faults)
