"""The tools of the tests themselves: nothing passes silently, nothing stays behind."""

import subprocess
import sys
from datetime import datetime
from itertools import pairwise

import pytest
from sqlalchemy import create_engine, delete, insert, select, update

from shared.models import Person
from tests import processes
from tests.database import empty
from tests.everything import Checks

DAY = datetime(2024, 5, 1)
PASSES = "def test_one(): pass\n"
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(60)
"""


@pytest.mark.serial
@pytest.mark.parametrize(
    "text, options, counts",
    [
        (PASSES, [], (1, 0)),
        (f"{PASSES}def test_two(): assert 0\n", [], (1, 1)),
        (f"import nothing\n{PASSES}", [], (0, 1)),
        (f"{PASSES}def test_two():\n    import os; os._exit(0)\n", ["-n", "1"], (1, 1)),
        (f"{PASSES}def test_two():\n    import os; os._exit(0)\n", [], (0, 1)),
        (PASSES, ["--no-such-option"], (0, 1)),
    ],
    ids=["passes", "fails", "not collected", "a worker dies", "the process dies", "no pytest"],
)
def test_a_suite_counts_what_passed_and_failed(tmp_path, text, options, counts):
    file = tmp_path / "test_it.py"
    file.write_text(text)
    checks = Checks(tmp_path, [str(file)])
    checks.suite("a pass", *options)
    assert checks.counts == [counts]


def test_a_process_that_ignores_its_end_is_killed(monkeypatch):
    monkeypatch.setattr(processes, "PATIENCE", 0.2)
    command = [sys.executable, "-c", STUBBORN]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    assert processes.end(process) == -9


def test_kept_rows_are_those_that_were_built(add_once, add, engine):
    calls = []

    def build(add, name):
        calls.append(name)
        add(
            Person(personId=2, familyName=name, externalId=b"%\x00\xff" * 5),
            Person(personId=1, login="x"),
        )

    def rows():
        with engine.connect() as connection:
            return connection.execute(select(Person.__table__)).all()

    add(Person(personId=9, recordTimeStamp=DAY))
    add_once(build, "é")
    first = rows()
    assert len(first) == 3
    empty(engine)
    add(Person(personId=9, recordTimeStamp=DAY))
    add_once(build, "é")
    assert rows() == first
    assert calls == ["é"]


def test_the_world_and_its_content_follow_each_commit(world, content, database_uri):
    """Of another connection too: what is compared is read again, and changed rows come back."""
    world()
    first, other = content(), create_engine(database_uri)
    persons = Person.__table__
    writes = [
        insert(persons).values(personId=9, familyName="nobody"),
        update(persons).where(persons.c.personId == 9).values(familyName="somebody"),
        update(persons).where(persons.c.personId == 1).values(familyName="somebody"),
        delete(persons).where(persons.c.personId == 9),
    ]
    seen = [first]
    for write in writes:
        with other.begin() as connection:
            connection.execute(write)
        seen.append(content())
    other.dispose()
    assert content() is seen[-1]  # it is not read without need
    assert all(before != after for before, after in pairwise(seen))
    assert {name for name in first if first[name] != seen[-1][name]} == {"Person"}
    world()
    assert content() == first
