"""Fill an empty database with the rows of a facility, by INSERT … SELECT from numbers.

The SQL is that of MariaDB and of SQLite: ``/`` stands only below FLOOR and divides integers, and
SQLite gets the two functions that it lacks.
"""

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from math import prod

from sqlalchemy import Connection, Engine

from bench.facility import measured, registered
from bench.facility.plan import PLAN, Load, plan_sessions
from bench.facility.sizes import Size
from tests.database import unchecked

TOP = re.compile(r"{(\d+)}")
LENIENT = "SET SESSION unique_checks = 0, sql_mode = '', time_zone = '+00:00'"
BAR = 40  # characters


def fill(engine: Engine, size: Size, progress: bool = True) -> None:
    """Fill the tables, and update the statistics of the planner.

    Each table gets its rows by one statement: without checks of keys, MariaDB sorts the entries
    of the indexes of an empty table, and then writes each index at once.
    """
    mariadb = engine.dialect.name != "sqlite"
    loads = list(_list_loads(size))
    done, total = 0, sum(map(_count_rows, loads))
    with unchecked(engine) as connection:
        connection = connection.execution_options(no_parameters=True)
        if mariadb:
            connection.exec_driver_sql(LENIENT)
        else:
            _extend_sqlite(connection, max(map(_count_rows, loads)))
        _create_plan(connection, size, mariadb)
        for load in loads:
            if progress:
                _report(size, load.table, done / total)
            connection.exec_driver_sql(_build(load, mariadb))
            connection.commit()
            done += _count_rows(load)
        connection.exec_driver_sql(f"DROP TABLE {PLAN}")
        for table in {load.table: None for load in loads}:
            connection.exec_driver_sql(f"ANALYZE {'TABLE ' if mariadb else ''}{table}")
        connection.commit()
    engine.dispose()  # the settings and functions of that connection are not for others
    if progress:
        _report(size, "done", 1)
        sys.stderr.write("\n")


def count_rows(size: Size) -> int:
    """The number of rows of all tables, or a little more."""
    return sum(map(_count_rows, _list_loads(size)))


def _list_loads(size: Size) -> Iterator[Load]:
    """The loads of all tables, in the order in which one reads the rows of another."""
    yield from registered.list_people(size)
    yield from registered.list_sessions(size)
    yield from registered.list_samples(size)
    yield from measured.list_events(size)
    yield from measured.list_collections(size)
    yield from measured.list_results(size)
    yield from measured.list_details(size)


def _count_rows(load: Load) -> int:
    """The number of rows of a load, or somewhat more."""
    return load.last * prod(int(top) + 1 for top in TOP.findall(load.source))


def _create_plan(connection: Connection, size: Size, mariadb: bool) -> None:
    numbers = _list_numbers(1, size.sessions, mariadb)
    connection.exec_driver_sql(
        f"CREATE TEMPORARY TABLE {PLAN} AS SELECT {plan_sessions(size)} FROM {numbers} n"
    )
    name = "by_session" if mariadb else "temp.by_session"
    connection.exec_driver_sql(f"CREATE UNIQUE INDEX {name} ON {PLAN} (sessionId)")


def _extend_sqlite(connection: Connection, most: int) -> None:
    """Add the functions of MariaDB that the expressions use, and a table of numbers."""
    raw = connection.connection.driver_connection
    assert raw is not None
    raw.create_function("concat", -1, lambda *parts: "".join(map(str, parts)), deterministic=True)
    raw.create_function("from_unixtime", 1, _format_time, deterministic=True)
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


def _build(load: Load, mariadb: bool) -> str:
    """The INSERT of the rows of a load."""
    columns, values = ", ".join(load.values), ", ".join(map(str, load.values.values()))
    source = TOP.sub(lambda match: _list_numbers(0, int(match[1]), mariadb), load.source)
    numbers = _list_numbers(1, load.last, mariadb)
    where = f" WHERE {load.where}" if load.where else ""
    into = f"INSERT INTO {load.table} ({columns})"
    return f"{into} SELECT {values} FROM {numbers} n {source}{where}"


def _report(size: Size, table: str, share: float) -> None:
    """Draw the progress bar."""
    bar = f"{'#' * int(share * BAR):.<{BAR}}"
    line = f"bench: {size.collections:,} data collections [{bar}] {share:4.0%} {table}"
    sys.stderr.write(f"\r\033[K{line}")
    sys.stderr.flush()
