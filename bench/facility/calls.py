"""The calls of interfaces: their CPU beside that of py-ispyb, and their time among eight clients.

The figures of py-ispyb are of its revision c45a43a on a database of this size, with two workers of
uvicorn, the same MariaDB for both, and CPU measured in the same way.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter, process_time
from typing import NamedTuple

import MySQLdb
import orjson
from flask import Flask
from sqlalchemy import create_engine, make_url

from bench.facility.callers import Client, build_app, build_site, sign_token
from bench.facility.observed import observe
from bench.facility.served import serve
from bench.facility.sizes import Size
from shared.db import db, engine_options

CLIENTS = 8
SMALL_REFERENCE = 22  # CPU ms: a call of py-ispyb below that is small
SECONDS = 30  # of a call that is repeated, about
ROUNDS, REPEATS = 5, 20
ROWS = 100  # of a page that is compared with the driver


class Call(NamedTuple):
    """A call of a caller, and the CPU ms of py-ispyb's service and database for it."""

    name: str
    path: str
    caller: str
    service: float
    database: float


class Figures(NamedTuple):
    """The measurement of a call."""

    service: float
    database: float
    statements: int
    size: int
    p95: float


def list_calls(size: Size, collection: int) -> Iterator[Call]:
    """The calls; ``collection`` is a data collection of the user that has results."""
    short, long, _ = size.event_sessions
    short_events, long_events, _ = size.events
    few, many = (f"/samples?proposal=mx{1000 + size.own_proposal(n)}" for n in (0, 1))
    of_proposal = f"/sessions?proposal=mx{1000 + size.own_proposal(3)}"
    results = f"/autoproc/table?dataCollectionId={collection}"
    for name, path, user, manager in (
        ("proposals, a page", "/proposals", (18, 48), (17, 163)),
        ("proposals with a word", "/proposals?search=protein%201", (18, 65), (15, 60)),
        ("sessions, a page", "/sessions", (26, 15), (24, 505)),
        ("sessions of a proposal", of_proposal, (19, 10), (13, 4)),
        (f"events, session of {short_events}", f"/events?session={short}", (57, 16), (38, 14)),
        (f"events, session of {long_events:,}", f"/events?session={long}", (67, 59), (51, 56)),
        ("events, all", "/events", (64, 95), (123, 7_743)),
        ("samples of a proposal of 20", few, (43, 41), (37, 15)),
        (f"samples of a proposal of {size.samples:,}", many, (87, 430), (73, 69)),
        ("samples, all", "/samples", (125, 9_350), (167, 7_433)),
        ("results of a data collection", results, (18, 3), (10, 2)),
        ("persons, a page", "/contacts/persons", (990, 14_830), (920, 14_490)),
    ):
        yield Call(name, path, "user", *user)
        yield Call(name, path, "manager", *manager)


def choose_collection(uri: str, size: Size) -> int:
    """A data collection of the user with a result."""
    session = size.session(size.own_proposal(5), 5)
    statement = (
        "SELECT MIN(i.dataCollectionId) FROM DataCollectionGroup g"
        " JOIN DataCollection d ON d.dataCollectionGroupId = g.dataCollectionGroupId"
        " JOIN AutoProcIntegration i ON i.dataCollectionId = d.dataCollectionId"
        f" WHERE g.sessionId = {session}"
    )
    engine = create_engine(uri, **engine_options(uri, 1))
    with engine.connect() as connection:
        key = connection.exec_driver_sql(statement).scalar_one()
    engine.dispose()
    return key


@contextmanager
def in_process(uri: str) -> Iterator[tuple[Flask, dict[str, Client]]]:
    """Core in this process, and clients of the user and the manager."""
    with tempfile.TemporaryDirectory(prefix="ispyb-bench-") as folder:
        app = build_app(build_site(uri, folder))
        names = ("user", "manager")
        yield app, {name: Client(app, sign_token(folder, name)) for name in names}
        with app.app_context():
            db.engine.dispose()


def measure(uri: str, size: Size, calls: int = 200) -> dict[Call, Figures | None]:
    """The figures of all calls, which are made alone and by eight clients; None of an error.

    ``calls`` is their number where a call is short.
    """
    figures: dict[Call, Figures | None] = {}
    with in_process(uri) as (app, clients), serve(uri) as site:
        for call in list_calls(size, choose_collection(uri, size)):
            statements = _count_statements(app, clients[call.caller], call)
            connection = site.connect(call.caller)
            begin = perf_counter()
            answer = connection.get(call.path)
            seconds = perf_counter() - begin
            connection.close()
            figures[call] = None
            if answer.status == 200:
                number = max(CLIENTS, min(calls, int(SECONDS / seconds)))
                service, database = site.measure(call.path, call.caller, number)
                times = site.list_times(call.path, call.caller, CLIENTS, number // CLIENTS)
                p95 = times[int(len(times) * 0.95)] * 1e3
                length = len(answer.body)
                figures[call] = Figures(service, database, statements, length, p95)
    return figures


def _count_statements(app: Flask, client: Client, call: Call) -> int:
    with app.app_context():
        engine = db.engine
    client.get(*_split(call.path))
    with observe(engine) as cost:
        client.get(*_split(call.path))
    return sum("RevokedToken" not in part.text for part in cost.parts)


def _split(path: str) -> tuple[str, dict]:
    """A path and its query."""
    path, _, query = path.partition("?")
    return path, dict(pair.split("=") for pair in query.replace("%20", " ").split("&") if pair)


def build_table(figures: dict[Call, Figures | None]) -> Iterator[str]:
    """The lines of the table of the calls."""
    yield (
        "| call | caller | statements | kB | CPU ms, service + database | py-ispyb | ratio"
        f" | p95 at {CLIENTS} clients, ms |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    for call, one in figures.items():
        reference = call.service + call.database
        beside = f"{call.service:,} + {call.database:,}"
        if one is None:
            yield f"| {call.name} | {call.caller} | | | error | {beside} | | |"
            continue
        total = one.service + one.database
        small = " (small)" if reference < SMALL_REFERENCE else ""
        yield (
            f"| {call.name} | {call.caller} | {one.statements} | {one.size / 1024:.0f}"
            f" | {one.service:.2f} + {one.database:.2f} | {beside}"
            f" | {reference / total:.1f}{small} | {one.p95:.0f} |"
        )


def compare_with_driver(uri: str) -> Iterator[str]:
    """The CPU of a page of 100 rows, and of its statements by the driver alone with orjson."""
    yield "| page | driver, ms | service, ms | ratio |"
    yield "|---|---|---|---|"
    with in_process(uri) as (app, clients):
        with app.app_context():
            engine = db.engine
        connection = _connect(uri)
        for path in ("/proposals", "/sessions", "/samples"):
            query = {"limit": ROWS}
            clients["manager"].get(path, query)
            with observe(engine) as cost:
                clients["manager"].get(path, query)
            parts = [part for part in cost.parts if "RevokedToken" not in part.text]

            def replay():
                orjson.dumps(
                    [_read(connection, part.text, part.parameters) for part in parts], default=str
                )

            pairs = [
                (_time(replay), _time(lambda: clients["manager"].get(path, query)))
                for _ in range(ROUNDS)
            ]
            raw, ours = (min(column) for column in zip(*pairs))
            yield f"| {path} | {raw:.2f} | {ours:.2f} | {ours / raw:.1f} |"
        connection.close()


def _connect(uri: str):
    url = make_url(uri)
    return MySQLdb.connect(
        host=url.host,
        port=url.port,
        user=url.username,
        password=url.password,
        database=url.database,
        charset="utf8mb4",
    )


def _read(connection, statement: str, parameters: tuple) -> list[dict]:
    cursor = connection.cursor()
    cursor.execute(statement, parameters)
    names = [column[0] for column in cursor.description]
    rows = [dict(zip(names, row)) for row in cursor.fetchall()]
    cursor.close()
    return rows


def _time(work) -> float:
    """CPU milliseconds of one call in this process."""
    begin = process_time()
    for _ in range(REPEATS):
        work()
    return (process_time() - begin) / REPEATS * 1e3
