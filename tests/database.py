"""The database of the tests: made once, emptied before each test, filled with kept rows."""

import importlib
import pkgutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

from sqlalchemy import Connection, Dialect, create_engine, event, insert, make_url, select
from sqlalchemy.engine import Engine

import services
from shared.db import OWN, Base, OwnBase, engine_options
from tests import mariadb

OURS = "made by the tests of ISPyB Services"  # marks the ispyb_services that tests may empty


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


def stored(engine: Engine) -> dict[str, list]:
    """All rows in the order of their keys, by table; a table without rows is left out."""
    with engine.connect() as connection:
        return {
            table.fullname: connection.execute(select(table).order_by(*table.primary_key)).all()
            for table in filled_tables(connection)
        }


def empty(engine: Engine) -> None:
    """Delete all rows."""
    with unchecked(engine) as connection:
        for table in filled_tables(connection):
            connection.execute(table.delete())


class KeptRows:
    """The rows that functions added to a database, to be inserted again without the ORM.

    The ORM needs 50 ms for the rows of the matrix, one ``executemany`` per table 5 ms. The rows
    are kept as the driver reads them: no type of SQLAlchemy touches them twice.
    """

    def __init__(self, engine: Engine):
        self.engine, self.statements = engine, {}

    def restore(self, build: Callable, add: Callable, *arguments) -> None:
        """Add the rows that ``build(add, *arguments)`` adds; it runs at the first time only."""
        key = (build, *arguments)
        if key in self.statements:
            with unchecked(self.engine) as connection:
                for statement, rows in self.statements[key]:
                    connection.exec_driver_sql(statement, rows)
            return
        before = self._rows()
        build(add, *arguments)
        self.statements[key] = [
            (str(insert(table).compile(dialect=self.engine.dialect)), added)
            for table, rows in self._rows().items()
            if (added := [row for row in rows if row not in before.get(table, [])])
        ]

    def _rows(self) -> dict:
        with self.engine.connect() as connection:
            return {
                table: [
                    tuple(row)
                    for row in connection.exec_driver_sql(
                        str(select(table).compile(dialect=self.engine.dialect))
                    )
                ]
                for table in filled_tables(connection)
            }
