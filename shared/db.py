"""The database: the session, the bases of the models, and the transaction of a request.

One connection reaches ISPyB's tables and our own, so that one transaction has both: our own are
in the database ``ispyb_services`` of the same server, with SQLite in a second file that is
attached under that name.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from random import uniform
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Float,
    Integer,
    MetaData,
    Table,
    delete,
    event,
    inspect,
    select,
)
from sqlalchemy.dialects.mysql import INTEGER, MEDIUMINT, SMALLINT, TINYINT
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidatePoolError, OperationalError
from sqlalchemy.orm import DeclarativeBase, registry
from sqlalchemy.pool import ConnectionPoolEntry, Pool

from shared.errors import Conflict, ServiceError

OWN = "ispyb_services"  # the database of our own tables

Unsigned = INTEGER(unsigned=True)  # the type of ISPyB's keys; SQLite reads it as INTEGER
MediumUnsigned = MEDIUMINT(unsigned=True).with_variant(Integer(), "sqlite")
SmallUnsigned = SMALLINT(unsigned=True)
TinyUnsigned = TINYINT(unsigned=True).with_variant(Integer(), "sqlite")

LOST_LOCK = {  # codes of MariaDB: the transaction was rolled back, and can be repeated
    1020,  # the row changed after the transaction began to read
    1213,  # deadlock
    1412,  # ALTER TABLE changed the table after the transaction began to read
}
LOST_CONNECTION = {  # codes of MariaDB that SQLAlchemy does not count as such
    1047,  # the node is outside of the primary component of its Galera cluster
    1053,  # the server shuts down
    1290,  # the server is read-only: after a failover another one takes writes
    1836,  # the same, of InnoDB
    1927,  # the connection was killed
}
WRITING = "READ COMMITTED"  # the isolation level of writes
BEGUN = "begun"  # key in ``session.info``: the isolation level of a write that has begun
IDLE_SECONDS = 2  # after which a connection of the pool is pinged before it is used
REPEAT_SECONDS = 1  # in which a request notices that its connection was closed
RETRY_SECONDS = 2  # from the first lost lock on
FIRST_PAUSE, LONGEST_PAUSE = 0.02, 0.4  # seconds, between two tries
BUSY_SECONDS = 15  # for which SQLite waits for another writer, if the site sets no limit
STRICT = "STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
SESSION_VARIABLES = {  # of each connection to MariaDB and MySQL
    "sql_mode": f"'{STRICT}'",
    # 0: the server bounds the number of join orders that it tries. Its default tries them all,
    # which takes seconds where sub-queries become joins.
    "optimizer_search_depth": "0",
}
NO_LIMITS: Mapping[str, int] = MappingProxyType({})
AT_ONCE = 100  # expired rows that one request deletes: its caller must not wait long


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


def engine_options(uri: str, pool_size: int, limits: Mapping[str, int] = NO_LIMITS) -> dict:
    """The options of ``create_engine`` for ``uri``: strict SQL mode, a pool of ``pool_size``.

    ``limits`` is the section ``database`` of the site file. A migration has none.
    """
    if uri.startswith("sqlite"):
        busy = limits.get("lock_seconds", BUSY_SECONDS)
        return {"connect_args": {"timeout": busy}, "hide_parameters": True}
    connect_args = {"charset": "utf8mb4", "connect_timeout": limits.get("connect_seconds", 5)}
    if limits:
        answer = limits["network_seconds"]
        connect_args |= {"read_timeout": answer, "write_timeout": answer}
    return {
        "pool_size": pool_size,
        "pool_recycle": 1800,
        "pool_timeout": connect_args["connect_timeout"],
        "hide_parameters": True,
        "connect_args": {**connect_args, "init_command": _set_variables(limits)},
    }


def _set_variables(limits: Mapping[str, int]) -> str:
    """The statement that sets the variables of a new connection.

    Each server executes only the comments marked for it: MariaDB those with M, MySQL those with
    a version of MySQL. So no query for the kind of server is needed.
    """
    pairs = dict(SESSION_VARIABLES)
    if not limits:
        return f"SET {_pairs(pairs)}"
    pairs["innodb_lock_wait_timeout"] = pairs["lock_wait_timeout"] = str(limits["lock_seconds"])
    statement = limits["statement_seconds"]
    mariadb = f"/*M! , max_statement_time = {statement} */"
    mysql = f"/*!80000 , max_execution_time = {statement * 1000} */"
    return f"SET {_pairs(pairs)} {mariadb} {mysql}"


def _pairs(variables: Mapping[str, str]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in variables.items())


def own_file(main: str) -> str:
    """The SQLite file of our own tables, beside the file ``main`` of ISPyB's tables."""
    path = Path(main)
    return str(path.with_name(f"{path.stem}_services{path.suffix}"))


@event.listens_for(Engine, "connect")
def _prepare(connection, _) -> None:
    if isinstance(connection, sqlite3.Connection):
        _prepare_sqlite(connection)
    else:
        _roll_back_once(connection)


def _roll_back_once(connection: Any) -> None:
    """Make ``connection`` skip a ROLLBACK if no statement ran since the last ROLLBACK or COMMIT.

    The session rolls back at its end, and the pool at checkin: each costs a round trip.
    """
    query, commit, rollback = connection.query, connection.commit, connection.rollback
    is_open = False

    def run(statement):
        nonlocal is_open
        is_open = True
        return query(statement)

    def end(work):
        nonlocal is_open
        work()
        is_open = False

    connection.query = run
    connection.commit = lambda: end(commit)
    connection.rollback = lambda: end(rollback) if is_open else None


@event.listens_for(Pool, "checkin")
def _note_return(_, record: ConnectionPoolEntry) -> None:
    record.info["returned"] = time.monotonic()


@event.listens_for(Pool, "checkout")
def _ping_idle(connection, record: ConnectionPoolEntry, _) -> None:
    """Replace an idle connection that was lost.

    A connection that was in use a moment ago is not pinged: a ping costs a round trip.
    """
    returned = record.info.get("returned")
    if returned is None or time.monotonic() < returned + IDLE_SECONDS:
        return
    if not isinstance(connection, sqlite3.Connection):
        try:
            connection.ping()
        except Exception as error:  # of the driver, which SQLite has not
            raise InvalidatePoolError() from error


@event.listens_for(Engine, "handle_error")
def _note_execution(context: ExceptionContext) -> None:
    """Keep the statement of an IntegrityError and its values, for ``shared.conflicts``."""
    if isinstance(context.sqlalchemy_exception, IntegrityError):
        error: Any = context.sqlalchemy_exception
        error.execution = context.execution_context


@event.listens_for(Engine, "handle_error")
def _drop_connection(context: ExceptionContext) -> None:
    """Replace a connection to a server that answers, but refuses all further work."""
    if error_code(context.original_exception) in LOST_CONNECTION:
        context.is_disconnect = True


def _prepare_sqlite(connection: sqlite3.Connection) -> None:
    """Turn on foreign keys, attach our own database, and leave BEGIN to ``_begin_sqlite``."""
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    main = connection.execute("PRAGMA database_list").fetchone()[2]
    connection.execute(f"ATTACH DATABASE ? AS {OWN}", (own_file(main) if main else ":memory:",))


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    """Begin a write with SQLite's lock: two that read first would both fail to write.

    A read takes the shared lock of the main file first, since a COMMIT locks the files in this
    order: a read of our own tables and then of others would wait for a COMMIT that waits for it.
    """
    if connection.dialect.name == "sqlite":
        writes = connection.get_execution_options().get("writes")
        raw = connection.connection.driver_connection
        assert raw is not None
        statement = "BEGIN IMMEDIATE" if writes else "BEGIN"
        try:
            raw.execute(statement)
            if not writes:
                raw.execute("SELECT 1 FROM main.sqlite_master LIMIT 1").fetchone()
        except sqlite3.OperationalError as error:  # SQLAlchemy wraps no error of an event
            raise OperationalError(statement, None, error) from error


def error_code(error: BaseException | None) -> int | str | None:
    """The number of an error of MariaDB or MySQL, or its name in SQLite, e.g. SQLITE_BUSY."""
    if name := getattr(error, "sqlite_errorname", None):
        return "_".join(name.split("_")[:2])  # the third part is a detail
    args = getattr(error, "args", ())
    return args[0] if args and isinstance(args[0], int) else None


def save(row: Any, data: dict) -> Any:
    """Set the columns in ``data`` and flush ``row`` to the database, without COMMIT."""
    for name, value in data.items():
        setattr(row, name, value)
    db.session.add(row)
    db.session.flush()
    return row


def drop(model: type[OwnBase], condition: ColumnElement[bool], most: int = AT_ONCE) -> int:
    """Delete some of the rows that meet ``condition``; return their number.

    The keys are selected first: a DELETE by a range also locks the first row behind the range, for
    which other requests would wait.
    """
    [key] = inspect(model).primary_key
    keys = db.session.scalars(select(key).where(condition).limit(most)).all()
    if keys:
        db.session.execute(delete(model).where(key.in_(keys)))
    return len(keys)


def begin_write(isolation: str = WRITING) -> None:
    """Begin a transaction that writes.

    With READ COMMITTED a SELECT reads the rows that are committed when it begins, also after a
    wait for a lock. With REPEATABLE READ, the server's default, each SELECT reads the snapshot of
    the first one: a DELETE that waits for its row lock would miss dependent rows that others
    stored meanwhile, and the foreign keys would cascade to them. Besides, a locking SELECT without
    a result takes a gap lock, so that INSERTs of others deadlock: no code may rely on gap locks,
    an existing row is locked instead.
    """
    db.session.rollback()
    connection = db.session.connection(execution_options={"writes": True})
    if connection.dialect.name != "sqlite":
        # for the next transaction only: one statement, and no reset
        connection.exec_driver_sql(f"SET TRANSACTION ISOLATION LEVEL {isolation}")
    db.session.info[BEGUN] = isolation


def run_first(work: Callable) -> Any:
    """Return the result of ``work()``, which runs the first statements of a request.

    It runs again if the server closed the pooled connection since its last use, which shows at
    once: a statement that waits until the connection times out is not repeated.
    """
    started = time.monotonic()
    try:
        return work()
    except DBAPIError as error:
        if not error.connection_invalidated or time.monotonic() > started + REPEAT_SECONDS:
            raise
        db.session.rollback()
        return work()


@contextmanager
def transaction_scope(isolation: str = WRITING) -> Iterator[None]:
    """A transaction that writes: COMMIT at the end, ROLLBACK on errors except ServiceError.keeps.

    The transaction is that of ``begin_write``, or a new one.
    """
    try:
        if db.session.info.pop(BEGUN, None) != isolation:
            begin_write(isolation)
            del db.session.info[BEGUN]
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


def in_transaction(work: Callable, isolation: str = WRITING) -> Any:
    """Return the result of ``work()`` in one transaction, which is repeated after a deadlock.

    The pauses between the tries grow and are random, so that two transactions do not deadlock with
    each other again. A lock wait timeout is not repeated: it took long already.
    """
    deadline = None
    for attempt in count():
        try:
            with transaction_scope(isolation):
                return work()
        except DBAPIError as error:
            now = time.monotonic()
            deadline = deadline or now + RETRY_SECONDS
            pause = uniform(0, min(FIRST_PAUSE * 2**attempt, LONGEST_PAUSE))
            if error_code(error.orig) not in LOST_LOCK or now + pause > deadline:
                raise
        time.sleep(pause)
