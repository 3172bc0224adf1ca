"""Fill an empty database with the rows of a facility, by INSERT … SELECT from numbers.

The SQL is that of MariaDB and of SQLite: ``/`` stands only below FLOOR and divides integers, and
SQLite gets the two functions that it lacks.
"""

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine

from bench.facility import measured, registered
from bench.facility.plan import PLAN, Load, plan_sessions
from bench.facility.sizes import Size
from tests.database import unchecked

CHUNK = 1_000_000
TOP = re.compile(r"{(\d+)}")
LENIENT = "SET SESSION unique_checks = 0, sql_mode = '', time_zone = '+00:00'"


def fill(engine: Engine, size: Size, progress: bool = True) -> None:
    """Fill the tables, and update the statistics of the planner."""
    mariadb, tables = engine.dialect.name != "sqlite", dict[str, None]()
    with unchecked(engine) as connection:
        connection = connection.execution_options(no_parameters=True)
        if mariadb:
            connection.exec_driver_sql(LENIENT)
        else:
            _extend_sqlite(connection, size)
        planned = f"{plan_sessions(size)} FROM {_list_numbers(1, size.sessions, mariadb)} n"
        connection.exec_driver_sql(f"CREATE TEMPORARY TABLE {PLAN} AS SELECT {planned}")
        connection.exec_driver_sql(
            f"CREATE UNIQUE INDEX by_session ON {PLAN} (sessionId)".replace(
                "INDEX ", "INDEX " if mariadb else "INDEX temp."
            )
        )
        for load in _list_loads(connection, size):
            tables[load.table] = None
            for first in range(1, load.last + 1, CHUNK):
                last = min(load.last, first + CHUNK - 1)
                if progress:
                    _report(size, load.table, last / load.last)
                connection.exec_driver_sql(_build(load, first, last, mariadb))
                connection.commit()
        connection.exec_driver_sql(f"DROP TABLE {PLAN}")
        for table in tables:
            connection.exec_driver_sql(f"ANALYZE {'TABLE ' if mariadb else ''}{table}")
        connection.commit()
    engine.dispose()  # the settings and functions of that connection are not for others
    if progress:
        sys.stderr.write("\r\033[K")


def _list_loads(connection: Connection, size: Size) -> Iterator[Load]:
    """The loads of all tables, in the order in which one reads the rows of another."""
    yield from registered.list_people(size)
    yield from registered.list_sessions(size)
    yield from registered.list_samples(size)
    yield from measured.list_events(size)
    groups = connection.exec_driver_sql("SELECT COUNT(*) FROM DataCollectionGroup").scalar_one()
    yield from measured.list_collections(size, groups)
    yield from measured.list_results(size, 2 * groups)
    yield from measured.list_details(size, groups)


def _extend_sqlite(connection: Connection, size: Size) -> None:
    """Add the functions of MariaDB that the expressions use, and a table of numbers."""
    raw = connection.connection.driver_connection
    assert raw is not None
    raw.create_function("concat", -1, lambda *parts: "".join(map(str, parts)), deterministic=True)
    raw.create_function("from_unixtime", 1, _format_time, deterministic=True)
    most = 4 * size.collections + size.sessions + sum(size.events)  # at least as many as needed
    connection.exec_driver_sql(
        "CREATE TEMPORARY TABLE numbers AS WITH RECURSIVE each(seq) AS (SELECT 0 UNION ALL"
        f" SELECT seq + 1 FROM each WHERE seq < {most}) SELECT seq FROM each"
    )
    connection.exec_driver_sql("CREATE UNIQUE INDEX temp.by_seq ON numbers (seq)")


def _format_time(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%d %H:%M:%S.000000")


def _list_numbers(first: int, last: int, mariadb: bool) -> str:
    """The numbers from ``first`` to ``last``, as a table of a FROM."""
    if mariadb:
        return f"seq_{first}_to_{last}"
    return f"(SELECT seq FROM numbers WHERE seq BETWEEN {first} AND {last})"


def _build(load: Load, first: int, last: int, mariadb: bool) -> str:
    """The INSERT of the rows of some numbers."""
    columns, values = ", ".join(load.values), ", ".join(map(str, load.values.values()))
    source = TOP.sub(lambda match: _list_numbers(0, int(match[1]), mariadb), load.source)
    numbers = _list_numbers(first, last, mariadb)
    where = f" WHERE {load.where}" if load.where else ""
    into = f"INSERT INTO {load.table} ({columns})"
    return f"{into} SELECT {values} FROM {numbers} n {source}{where}"


def _report(size: Size, table: str, share: float) -> None:
    sys.stderr.write(f"\r\033[Kbench: {size.collections:,} data collections: {table} {share:.0%}")
    sys.stderr.flush()
