"""The database of the tests: made once, emptied before each test, filled with kept rows."""

import importlib
import pkgutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

from sqlalchemy import (
    Connection,
    Dialect,
    Select,
    Table,
    create_engine,
    event,
    insert,
    make_url,
    select,
)
from sqlalchemy.engine import Engine

import services
from shared.db import OWN, Base, OwnBase, engine_options
from tests import mariadb

OURS = "made by the tests of ISPyB Services"  # marks the ispyb_services that tests may empty

HANDLER = "('Handler_delete', 'Handler_update', 'Handler_write')"
STATE = {  # numbers that change with the rows
    "sqlite": [f"PRAGMA {name}.data_version" for name in ("main", OWN)],
    "mysql": [f"SHOW GLOBAL STATUS WHERE Variable_name IN {HANDLER}"],
}


@contextmanager
def opened(uri: str) -> Iterator[Engine]:
    """An engine with one connection, on a database with every table and no row.

    On MariaDB the tables are those of the official ORM, which have all that our models name.
    """
    for module in pkgutil.walk_packages(services.__path__, "services."):
        if ".models." in f"{module.name}.":
            importlib.import_module(module.name)
    importlib.import_module("shared.models")
    importlib.import_module("shared.service_tables")
    if uri.startswith("sqlite"):
        event.listen(Engine, "connect", _hurry)
    else:
        _own_database(uri)
        mariadb.empty_database(uri, make_url(uri).database)
        _official_tables(uri)
    engine = create_engine(uri, **engine_options(uri, 1))
    Base.metadata.create_all(engine)  # of official tables there is none left to make
    OwnBase.metadata.create_all(engine)
    yield engine
    engine.dispose()


def _hurry(connection, _) -> None:
    """SQLite need not wait for the disk: nobody reads this database after a crash."""
    for database in ("main", OWN) if isinstance(connection, sqlite3.Connection) else ():
        connection.execute(f"PRAGMA {database}.synchronous = OFF")
        connection.execute(f"PRAGMA {database}.journal_mode = MEMORY")


def _own_database(uri: str) -> None:
    """Make ``ispyb_services`` anew, unless it belongs to somebody else."""
    engine = create_engine(make_url(uri).set(database=None))
    query = "SELECT schema_comment FROM information_schema.schemata WHERE schema_name = %s"
    with engine.begin() as connection:
        comments = connection.exec_driver_sql(query, (OWN,)).scalars().all()
        assert comments in ([], [OURS]), f"{OWN} of this server is not ours to empty"
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {OWN}")
        connection.exec_driver_sql(f"CREATE DATABASE {OWN} CHARACTER SET utf8mb4 COMMENT '{OURS}'")
    engine.dispose()


def _official_tables(uri: str) -> None:
    """Make the tables as the official ORM has them; its zero dates pass no strict server."""
    from ispyb.sqlalchemy import Base as Official

    engine = create_engine(uri, connect_args={"sql_mode": ""})
    Official.metadata.create_all(engine)
    engine.dispose()


@contextmanager
def unchecked(engine: Engine) -> Iterator[Connection]:
    """A connection that checks no foreign keys; it commits at the end."""
    sqlite = engine.dialect.name == "sqlite"
    checks = "PRAGMA foreign_keys = " if sqlite else "SET foreign_key_checks = "
    with engine.connect() as connection:
        raw = connection.connection.driver_connection.cursor()
        raw.execute(checks + "0")
        try:
            yield connection
            connection.commit()
        finally:
            connection.rollback()
            raw.execute(checks + "1")


def filled_tables(connection: Connection) -> list:
    """The tables that have rows."""
    tables, question = _question(connection.dialect)
    return [tables[number] for number in connection.exec_driver_sql(question).scalars()]


@cache
def _question(dialect: Dialect) -> tuple[list, str]:
    """All tables, and the SQL for the numbers of those that have rows."""
    tables = [*Base.metadata.tables.values(), *OwnBase.metadata.tables.values()]
    name = dialect.identifier_preparer.format_table
    return tables, " UNION ALL ".join(
        f"SELECT {number} FROM (SELECT 1) one WHERE EXISTS (SELECT 1 FROM {name(table)})"
        for number, table in enumerate(tables)
    )


def empty(engine: Engine) -> None:
    """Delete all rows."""
    with unchecked(engine) as connection:
        tables, cursor = filled_tables(connection), connection.connection.cursor()
        for table in tables:
            cursor.execute(_delete_text(table, connection.dialect))


@cache
def _select(table: Table) -> Select:
    return select(table).order_by(*table.primary_key)


class Content:
    """The rows of the database, which are read and written again only after a commit.

    The ORM needs 50 ms for the rows of the matrix, one ``executemany`` per table 5 ms. Kept rows
    are as the driver reads them: no type of SQLAlchemy touches them twice.
    """

    def __init__(self, engine: Engine):
        self.engine = engine
        self.kept: dict[tuple, dict[Table, list[tuple]]] = {}
        self._watch = engine.raw_connection()  # it commits nothing
        self._stored: tuple[list, dict[str, list]] = ([], {})
        self._held: tuple[list, tuple] = ([], ())

    def close(self) -> None:
        """Close the connection that watches."""
        self._watch.close()

    def stored(self) -> dict[str, list]:
        """All rows in the order of their keys, by table; a table without rows is left out."""
        state = self._state()
        if state != self._stored[0]:
            with self.engine.connect() as connection:
                tables = filled_tables(connection)
                rows = {each.fullname: connection.execute(_select(each)).all() for each in tables}
            self._stored = state, rows
        return self._stored[1]

    def add_once(self, build: Callable, add: Callable, *arguments) -> None:
        """Add the rows that ``build(add, *arguments)`` adds; it runs at the first time only."""
        key = (build, *arguments)
        if key in self.kept:
            with unchecked(self.engine) as connection:
                connection.begin()
                cursor = connection.connection.cursor()
                for table, rows in self.kept[key].items():
                    cursor.executemany(_insert_text(table, connection.dialect), rows)
            return
        before = self._rows()
        build(add, *arguments)
        added = {
            table: [row for row in rows if row not in before.get(table, ())]
            for table, rows in self._rows().items()
        }
        self.kept[key] = {table: rows for table, rows in added.items() if rows}

    def hold(self, build: Callable, add: Callable, *arguments) -> None:
        """Make the rows that ``build(add, *arguments)`` adds all there are."""
        key = (build, *arguments)
        if self._held == (self._state(), key):
            return
        if key not in self.kept:
            empty(self.engine)
            self.add_once(build, add, *arguments)
        else:
            kept, stored = self.kept[key], self._rows()
            with unchecked(self.engine) as connection:
                connection.begin()
                cursor = connection.connection.cursor()
                for table in {**kept, **stored}:
                    rows = kept.get(table, [])
                    if stored.get(table, []) != rows:
                        cursor.execute(_delete_text(table, connection.dialect))
                        cursor.executemany(_insert_text(table, connection.dialect), rows)
        self._held = self._state(), key

    def _state(self) -> list:
        """A value that each commit changes, in whatever process."""
        cursor, state = self._watch.cursor(), []
        for statement in STATE[self.engine.dialect.name]:
            cursor.execute(statement)
            state.append([*cursor.fetchall()])
        cursor.close()
        assert all(state), "the server counts no rows that it writes"
        return state

    def _rows(self) -> dict[Table, list[tuple]]:
        with self.engine.connect() as connection:
            tables = filled_tables(connection)
            cursor, rows = connection.connection.cursor(), {}
            for table in tables:
                cursor.execute(_select_text(table, connection.dialect))
                rows[table] = [*cursor.fetchall()]
        return rows


@cache
def _select_text(table: Table, dialect: Dialect) -> str:
    return str(select(table).compile(dialect=dialect))


@cache
def _insert_text(table: Table, dialect: Dialect) -> str:
    return str(insert(table).compile(dialect=dialect))


@cache
def _delete_text(table: Table, dialect: Dialect) -> str:
    return str(table.delete().compile(dialect=dialect))
