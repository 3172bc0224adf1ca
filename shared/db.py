"""The database: the session, the bases of the models, and the transaction of a request.

ISPyB's tables and our own are reached through one connection, so that one transaction holds
both: our own live in the database ``ispyb_services`` of the same server, and with SQLite in a
second file, attached under that name.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine, Float, Integer, MetaData, Table, event
from sqlalchemy.dialects.mysql import INTEGER, MEDIUMINT, SMALLINT, TINYINT
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import DeclarativeBase, registry

from shared.errors import Conflict, ServiceError

OWN = "ispyb_services"  # the database of our own tables

Unsigned = INTEGER(unsigned=True)  # the type of ISPyB's keys; SQLite reads it as INTEGER
MediumUnsigned = MEDIUMINT(unsigned=True).with_variant(Integer(), "sqlite")
SmallUnsigned = SMALLINT(unsigned=True)
TinyUnsigned = TINYINT(unsigned=True).with_variant(Integer(), "sqlite")

LOCK_ERRORS = {  # of MariaDB
    1020,  # the row changed after the transaction began to read
    1205,  # lock wait timeout
    1213,  # deadlock
}
ATTEMPTS = 3
BUSY_SECONDS = 15  # how long SQLite waits for another writer
STRICT = "STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"


class Base(DeclarativeBase):
    """Parent of the tables of ISPyB, in every service."""

    registry = registry(type_annotation_map={float: Float()})  # SQLAlchemy 2.1: a double
    if TYPE_CHECKING:
        __table__: ClassVar[Table]


class OwnBase(DeclarativeBase):
    """Parent of our own tables."""

    metadata = MetaData(schema=OWN)
    if TYPE_CHECKING:
        __table__: ClassVar[Table]


db = SQLAlchemy(model_class=Base)


def engine_options(uri: str, pool_size: int) -> dict:
    """What ``create_engine`` needs for ``uri``: a strict server, a pool of ``pool_size``."""
    if uri.startswith("sqlite"):
        return {"connect_args": {"timeout": BUSY_SECONDS}}
    return {
        "pool_size": pool_size,
        "pool_pre_ping": True,
        "pool_recycle": 1800,
        "connect_args": {
            "charset": "utf8mb4",
            "sql_mode": STRICT,
            "connect_timeout": 5,
        },
    }


def own_file(main: str) -> str:
    """The SQLite file of our own tables beside the file ``main`` of ISPyB's."""
    path = Path(main)
    return str(path.with_name(f"{path.stem}_services{path.suffix}"))


@event.listens_for(Engine, "connect")
def _prepare(connection, _) -> None:
    if isinstance(connection, sqlite3.Connection):
        _prepare_sqlite(connection)
    else:
        _prepare_mariadb(connection.cursor())


def _prepare_mariadb(cursor) -> None:
    """Who waits for the lock of a row gets the row as it then is: MariaDB 11.6 would refuse it."""
    cursor.execute("SHOW VARIABLES LIKE 'innodb_snapshot_isolation'")
    if cursor.fetchone():
        cursor.execute("SET innodb_snapshot_isolation = OFF")


def _prepare_sqlite(connection: sqlite3.Connection) -> None:
    """SQLite minds foreign keys only when told to; ``_begin_sqlite`` begins transactions."""
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    main = connection.execute("PRAGMA database_list").fetchone()[2]
    connection.execute(f"ATTACH DATABASE ? AS {OWN}", (own_file(main) if main else ":memory:",))


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    """A writer takes SQLite's lock at once: two that read first would both fail to write."""
    if connection.dialect.name == "sqlite":
        writes = connection.get_execution_options().get("writes")
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.execute("BEGIN IMMEDIATE" if writes else "BEGIN")


def save(row: Any, data: dict) -> Any:
    """Set the columns ``data`` names and send ``row`` to the database; nothing is committed."""
    for name, value in data.items():
        setattr(row, name, value)
    db.session.add(row)
    db.session.flush()
    return row


@contextmanager
def transaction_scope(**options) -> Iterator[None]:
    """One transaction that writes: committed at the end, undone by any failure but one that keeps.

    ``options`` are execution options of the connection, such as its isolation level.
    """
    db.session.rollback()
    try:
        db.session.connection(execution_options={"writes": True, **options})
        yield
        db.session.commit()
    except ServiceError as error:
        db.session.commit() if error.keeps else db.session.rollback()
        raise
    except IntegrityError as error:
        db.session.rollback()
        raise Conflict("breaks a uniqueness or reference rule") from error
    except BaseException:
        db.session.rollback()
        raise


def in_transaction(work: Callable, **options) -> Any:
    """Return what ``work()`` returns, run as one transaction, again if it lost a lock."""
    for _ in range(ATTEMPTS - 1):
        try:
            with transaction_scope(**options):
                return work()
        except OperationalError as error:
            if getattr(error.orig, "args", (None,))[0] not in LOCK_ERRORS:
                raise
    with transaction_scope(**options):
        return work()
