"""The cost of the statements of a request: rows examined, seconds of the database, their number.

On MariaDB the rows are those that its storage engine read (``Handler_read_…``), and the seconds
are CPU of the thread of the connection. SQLite counts the steps of its virtual machine instead.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, event

TASK = """
    SELECT @@pid_file, tid FROM information_schema.processlist WHERE id = CONNECTION_ID()
"""
READS = "SHOW SESSION STATUS LIKE 'Handler_read%'"
STEPS = 10  # of SQLite's machine, from one count to the next


class Cost:
    """The sums of the statements since ``clear``."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.statements, self.seconds, self.rows = 0, 0.0, 0
        self.texts: list[tuple[str, tuple]] = []


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
    def start(connection, *_):
        info = connection.info
        with connection.connection.cursor() as cursor:
            if "clock" not in info:
                info["clock"] = _open_clock(cursor)
                info["own"] = _count_reads(cursor) - _count_reads(cursor)  # of the count itself
            info["reads"] = _count_reads(cursor)
        info["started"] = info["clock"]()

    def end(connection, cursor, statement, parameters, *_):
        info = connection.info
        cost.seconds += info["clock"]() - info["started"]
        with connection.connection.cursor() as cursor:
            cost.rows += _count_reads(cursor) - info["reads"] + info["own"]
        cost.statements += 1
        cost.texts.append((statement, parameters))

    def fail(context):
        """A statement that took too long has cost what it took."""
        info = context.connection.info if context.connection is not None else {}
        if "started" in info:
            cost.seconds += info["clock"]() - info["started"]
            cost.statements += 1

    return {"before_cursor_execute": start, "after_cursor_execute": end, "handle_error": fail}


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
        cost.rows += STEPS

    def start(connection, cursor, statement, parameters, *_):
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.set_progress_handler(count, STEPS)
        cost.statements += 1
        cost.texts.append((statement, parameters))

    return {"before_cursor_execute": start}
