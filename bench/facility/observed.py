"""The cost of the statements of a request: rows examined, seconds of the database, their number.

On MariaDB the rows are those that its storage engine read (``Handler_read_…``), and the seconds
are CPU of the thread of the connection. SQLite counts the steps of its virtual machine instead.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

TASK = """
    SELECT @@pid_file, tid FROM information_schema.processlist WHERE id = CONNECTION_ID()
"""
READS = "SHOW SESSION STATUS LIKE 'Handler_read%'"
STEPS = 10  # of SQLite's machine, from one count to the next


class Part:
    """A statement that ran, and its cost."""

    def __init__(self, text: str, parameters: Any):
        self.text, self.parameters, self.seconds, self.rows = text, parameters, 0.0, 0

    @property
    def is_count(self) -> bool:
        """Whether it counts a list, which ends at a fixed number of rows."""
        return self.text.lower().startswith("select count(")


class Cost:
    """The statements since ``clear``."""

    def __init__(self) -> None:
        self.parts: list[Part] = []

    def clear(self) -> None:
        self.parts.clear()

    @property
    def seconds(self) -> float:
        return sum(part.seconds for part in self.parts)

    def count_rows(self, counts: bool = True) -> int:
        """Rows examined, with those of the counts of lists or without them."""
        return sum(part.rows for part in self.parts if counts or not part.is_count)


@contextmanager
def observe(engine: Engine) -> Iterator[Cost]:
    """The cost of the statements of ``engine`` in the block; ``clear`` it before a request."""
    cost = Cost()
    mariadb = engine.dialect.name != "sqlite"
    listeners = _listen_to_mariadb(cost) if mariadb else _listen_to_sqlite(cost)
    for name, listener in listeners.items():
        event.listen(engine, name, listener)
    try:
        yield cost
    finally:
        for name, listener in listeners.items():
            event.remove(engine, name, listener)


def _listen_to_mariadb(cost: Cost) -> dict:
    def start(connection, cursor, statement, parameters, *_):
        count(connection)
        info = connection.info
        with connection.connection.cursor() as other:
            if "clock" not in info:
                info["clock"] = _open_clock(other)
                info["own"] = _count_reads(other) - _count_reads(other)  # of the count itself
            info["reads"] = _count_reads(other)
        info["part"] = Part(statement, parameters)
        cost.parts.append(info["part"])
        info["started"] = info["clock"]()

    def end(connection, *_):
        info = connection.info
        info["part"].seconds = info["clock"]() - info["started"]

    def count(connection):
        """Count the rows of the latest statement: not at its end, as that drops its warnings."""
        info = connection.info
        if (part := info.pop("part", None)) is not None:
            with connection.connection.cursor() as cursor:
                part.rows = _count_reads(cursor) - info["reads"] + info["own"]

    def fail(context):
        """A statement that took too long has cost what it took."""
        info = context.connection.info if context.connection is not None else {}
        if "started" in info and cost.parts:
            cost.parts[-1].seconds = info["clock"]() - info["started"]

    return {
        "before_cursor_execute": start,
        "after_cursor_execute": end,
        "commit": count,
        "rollback": count,
        "handle_error": fail,
    }


def _open_clock(cursor):
    """A function that returns the CPU seconds of the thread of the connection."""
    cursor.execute(TASK)
    process, thread = cursor.fetchone()
    file = Path(f"/proc/{Path(process).read_text().strip()}/task/{thread}/schedstat")
    return lambda: int(file.read_text().split()[0]) / 1e9


def _count_reads(cursor) -> int:
    cursor.execute(READS)
    return sum(int(number) for _, number in cursor.fetchall())


def _listen_to_sqlite(cost: Cost) -> dict:
    def count():
        if cost.parts:  # the handler stays with the connection; an error in it ends the statement
            cost.parts[-1].rows += STEPS

    def start(connection, cursor, statement, parameters, *_):
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.set_progress_handler(count, STEPS)
        cost.parts.append(Part(statement, parameters))

    return {"before_cursor_execute": start}
