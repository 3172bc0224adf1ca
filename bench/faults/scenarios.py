"""The faults: each one hits a running stage, lasts some seconds, and returns at its end."""

import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.exc import OperationalError

from bench.faults.environment import CONNECTIONS, Database, Proxy, Server, SmallDisk
from bench.faults.load import COUNTERS
from shared import keys

HELD = 12  # seconds that a lock or an outage lasts
LONG = 25
OTHERS = "SELECT id FROM information_schema.processlist WHERE user = 'site'"
CHANGE = "UPDATE DataCollection SET comments = 'storm' WHERE dataCollectionId = {}"
BUSY = f"{OTHERS} AND command = 'Query'"


@dataclass
class Stage:
    """The processes under test."""

    database: Database
    proxy: Proxy
    servers: list[Server]
    keys: Path
    disk: SmallDisk | None


class Fault(NamedTuple):
    """A fault by name; with ``instances`` core runs twice, and clients ask them in turn."""

    title: str
    act: Callable[[Stage], None]
    instances: bool = False
    proxied: bool = False
    """Whether the site reaches its database through the proxy."""
    audited: bool = True
    small: str | None = None
    """The files of the server on a small disk: temporary ones (``tmp``) or its ``log``."""


def nothing(_: Stage) -> None:
    """Let clients work."""
    time.sleep(HELD)


# -------------------------------------------------------------------------------- the services


def kill_worker(stage: Stage) -> None:
    """End one worker without notice."""
    os.kill(stage.servers[0].workers()[0], signal.SIGKILL)
    time.sleep(2)


def kill_workers(stage: Stage) -> None:
    """End all workers without notice, three times."""
    for _ in range(3):
        for pid in stage.servers[0].workers():
            os.kill(pid, signal.SIGKILL)
        time.sleep(3)


def kill_master(stage: Stage) -> None:
    """End the master of the workers, and start a new one as soon as the port is free."""
    stage.servers[0].process.kill()
    stage.servers[0].process.wait()
    for _ in range(120):
        time.sleep(0.25)
        try:
            stage.servers[0].start()
            return
        except RuntimeError:  # orphaned workers hold the port
            continue


def reload(stage: Stage) -> None:
    """Replace the workers, as SIGHUP asks."""
    for _ in range(2):
        stage.servers[0].process.send_signal(signal.SIGHUP)
        time.sleep(4)


def restart(stage: Stage) -> None:
    """End the only server, and start it again."""
    stage.servers[0].close()
    stage.servers[0].start()


def kill_instance(stage: Stage) -> None:
    """End one of two instances without notice, master and workers, and start it again."""
    victim = stage.servers[1]
    for pid in [victim.process.pid, *victim.workers()]:
        os.kill(pid, signal.SIGKILL)
    victim.process.wait()
    time.sleep(2)
    victim.start()


def roll(stage: Stage) -> None:
    """Restart one instance after the other."""
    for server in stage.servers:
        server.close()
        server.start()
        time.sleep(2)


def break_keys(stage: Stage) -> None:
    """Take the keys away, and replace a worker meanwhile."""
    away = stage.keys.with_name("away")
    stage.keys.rename(away)
    try:
        os.kill(stage.servers[0].workers()[0], signal.SIGKILL)
        time.sleep(HELD)
    finally:
        away.rename(stage.keys)


def rotate_keys(stage: Stage) -> None:
    """Sign with a new key."""
    keys.new(stage.keys)
    keys.rotate(stage.keys)
    time.sleep(3)


def fill_disk(stage: Stage) -> None:
    """Fill the small disk, and replace a worker meanwhile."""
    assert stage.disk is not None
    stage.disk.fill()
    try:
        time.sleep(2)
        os.kill(stage.servers[0].workers()[0], signal.SIGKILL)
        time.sleep(HELD)
    finally:
        stage.disk.clear()


# -------------------------------------------------------------------------------- the database


def kill_database(stage: Stage) -> None:
    """A power cut of the database server; it is back after some seconds."""
    stage.database.kill()
    time.sleep(3)
    stage.database.start()


def stop_database(stage: Stage) -> None:
    """The database server is away for long."""
    stage.database.kill()
    time.sleep(LONG)
    stage.database.start()


def freeze(seconds: float) -> Callable[[Stage], None]:
    """The database server stands still for ``seconds``."""

    def act(stage: Stage) -> None:
        stage.database.process.send_signal(signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            stage.database.process.send_signal(signal.SIGCONT)

    return act


def read_only(stage: Stage) -> None:
    """The server refuses writes, as a replica does."""
    stage.database.execute("SET GLOBAL read_only = 1")
    try:
        time.sleep(HELD)
    finally:
        stage.database.execute("SET GLOBAL read_only = 0")


def kill_connections(stage: Stage) -> None:
    """The server ends all connections of the site, four times."""
    for _ in range(4):
        _kill(stage, "CONNECTION", OTHERS)
        time.sleep(1)


def kill_queries(stage: Stage) -> None:
    """The server ends the running statements, sixty times."""
    for _ in range(60):
        _kill(stage, "QUERY", BUSY)
        time.sleep(0.1)


def _kill(stage: Stage, kind: str, which: str) -> None:
    for (pid,) in stage.database.execute(which):
        with suppress(OperationalError):  # it ended by itself
            stage.database.execute(f"KILL {kind} {pid}")


@contextmanager
def _holding(stage: Stage, *statements: str):
    """A transaction of another client that ran ``statements`` and stays open."""
    with stage.database.engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
        try:
            yield
        finally:
            connection.exec_driver_sql("UNLOCK TABLES")
            connection.rollback()


def lock_table(name: str) -> Callable[[Stage], None]:
    """Another client locks a whole table."""

    def act(stage: Stage) -> None:
        with _holding(stage, f"LOCK TABLES {name} WRITE"):
            time.sleep(HELD)

    return act


def lock_row(stage: Stage) -> None:
    """Another client locks the row of one session, below which clients add groups."""
    with _holding(stage, "SELECT 1 FROM BLSession WHERE sessionId IN (1, 2, 3) FOR UPDATE"):
        time.sleep(HELD)


def alter_table(stage: Stage) -> None:
    """An ALTER TABLE waits for a reader that stays open, and all others wait for it."""

    def alter() -> None:
        stage.database.execute("ALTER TABLE DataCollection COMMENT = 'altered', FORCE")

    with _holding(stage, "START TRANSACTION", "SELECT 1 FROM DataCollection LIMIT 1"):
        waiting = threading.Thread(target=alter)
        waiting.start()
        time.sleep(HELD)
    waiting.join()


def fill_connections(stage: Stage) -> None:
    """Others take all connections of the server: the site loses its own and gets no new ones."""
    taken = [stage.database.engine.raw_connection() for _ in range(2)]
    cursor = taken[0].cursor()
    try:
        cursor.execute("SET GLOBAL max_connections = 10")  # the least that the server takes
        for _ in range(HELD * 10):
            cursor.execute(OTHERS)
            for (pid,) in cursor.fetchall():
                with suppress(Exception):  # it ended by itself
                    cursor.execute(f"KILL CONNECTION {pid}")
            with suppress(Exception):  # all are taken
                taken.append(stage.database.engine.dialect.connect(**_arguments(stage)))
            time.sleep(0.1)
    finally:
        cursor.execute(f"SET GLOBAL max_connections = {CONNECTIONS}")
        for each in taken:
            each.close()


def _arguments(stage: Stage) -> dict:
    """A connection by the driver, beside the pool."""
    return stage.database.engine.dialect.create_connect_args(stage.database.engine.url)[1]


def lose_own_table(stage: Stage) -> None:
    """A table of our own is missing, as after a restore that forgot the second database."""
    table = "ispyb_services.RevokedToken"
    stage.database.execute(f"RENAME TABLE {table} TO {table}Away")
    try:
        time.sleep(8)
    finally:
        stage.database.execute(f"RENAME TABLE {table}Away TO {table}")


def storm(stage: Stage) -> None:
    """Eight writers beside the site change the rows that clients increment, in opposite orders."""
    until = time.monotonic() + HELD

    def write(number: int) -> None:
        while time.monotonic() < until:
            with suppress(OperationalError), stage.database.engine.begin() as connection:
                for key in COUNTERS if number % 2 else reversed(COUNTERS):
                    connection.exec_driver_sql(CHANGE.format(key))
                    time.sleep(0.01)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))


# -------------------------------------------------------------------------------- the network


def slow_network(stage: Stage) -> None:
    """Each packet to the database takes 200 ms."""
    stage.proxy.delay = 0.2
    try:
        time.sleep(HELD)
    finally:
        stage.proxy.delay = 0.0


def dead_connections(stage: Stage) -> None:
    """Connections to the database lose all packets, as in a failover; new ones work."""
    stage.proxy.swallow()
    try:
        time.sleep(35)
    finally:
        stage.proxy.end_swallowed()


def cut_connections(stage: Stage) -> None:
    """Connections to the database are cut, over and over."""
    for _ in range(20):
        stage.proxy.cut()
        time.sleep(0.5)


FAULTS = {
    "none": Fault("none", nothing),
    "kill-worker": Fault("a worker killed (-9)", kill_worker),
    "kill-workers": Fault("all workers killed, 3 times", kill_workers),
    "kill-master": Fault("the master killed (-9), started anew", kill_master),
    "reload": Fault("workers replaced (SIGHUP), twice", reload),
    "restart": Fault("ended and started", restart),
    "kill-database": Fault("mariadbd killed (-9), back after 3 s", kill_database),
    "stop-database": Fault(f"mariadbd away for {LONG} s", stop_database),
    "freeze": Fault("mariadbd stopped for 10 s", freeze(10)),
    "freeze-long": Fault("mariadbd stopped for 40 s", freeze(40)),
    "read-only": Fault(f"read_only for {HELD} s", read_only),
    "kill-connections": Fault("all connections killed, 4 times", kill_connections),
    "kill-queries": Fault("running queries killed, 60 times", kill_queries),
    "lock-collections": Fault(f"DataCollection locked for {HELD} s", lock_table("DataCollection")),
    "lock-tokens": Fault(
        f"RevokedToken locked for {HELD} s", lock_table("ispyb_services.RevokedToken")
    ),
    "alter-table": Fault(f"an ALTER TABLE waits for {HELD} s", alter_table),
    "lock-row": Fault(f"three sessions' rows locked for {HELD} s", lock_row),
    "connections": Fault("no connection left at the server", fill_connections),
    "own-table": Fault("a table of ours missing for 8 s", lose_own_table, audited=False),
    "keys-away": Fault(f"keys away for {HELD} s, a worker killed", break_keys),
    "rotate-keys": Fault("keys rotated", rotate_keys),
    "full-tmp": Fault("temporary folder full, a worker killed", fill_disk, small="tmp"),
    "full-log": Fault("disk of the log full, a worker killed", fill_disk, small="log"),
    "storm": Fault("eight more writers on two rows", storm),
    "slow-network": Fault(f"database 200 ms away for {HELD} s", slow_network, proxied=True),
    "dead-connections": Fault("connections dead without a word", dead_connections, proxied=True),
    "cut-connections": Fault("connections cut, 20 times", cut_connections, proxied=True),
    "kill-instance": Fault("one of two instances killed (-9)", kill_instance, instances=True),
    "roll": Fault("two instances restarted in turn", roll, instances=True),
}
