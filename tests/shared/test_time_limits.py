"""Nothing waits for the database longer than the site allows, and when it is well, all works."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, make_url, text

from services.core.app import create_app
from shared.db import OWN, STRICT, OwnBase, db
from shared.models import Laboratory
from tests import mariadb
from tests.proxies import proxy

LIMITS = {"connect_seconds": 1, "network_seconds": 3, "lock_seconds": 1, "statement_seconds": 2}
PATIENCE = 15  # seconds; a machine that is busy adds to the limits
LABS = "/ispyb/api/v1/contacts/labs"
WAITS = text("SELECT 1 FROM information_schema.processlist WHERE state LIKE 'Waiting for table %'")


@contextmanager
def limited(site, uri):
    """A core service with short limits on the database ``uri``."""
    app = create_app({**site, "database": {"uri": uri, "pool_size": 2, **LIMITS}})

    @app.get("/slow")
    def slow():
        return str(db.session.scalar(text("SELECT SLEEP(60)")))

    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="module")
def limited_app(site, engine, database_uri):
    """It is on the database of the tests."""
    with limited(site, database_uri) as app:
        yield app


@contextmanager
def row_lock(engine):
    """Somebody changes the row, or with SQLite any."""
    with engine.connect() as connection:
        connection.execute(Laboratory.__table__.select().with_for_update())
        if engine.dialect.name == "sqlite":
            connection.execute(text("UPDATE Laboratory SET city = 'x'"))
        yield
        connection.rollback()


@contextmanager
def table_lock(engine):
    """Somebody holds the table."""
    with engine.connect() as connection:
        connection.execute(text("LOCK TABLES Laboratory WRITE"))
        yield
        connection.execute(text("UNLOCK TABLES"))


@contextmanager
def waiting_alter(engine):
    """Somebody alters the table, and waits for somebody who reads it."""

    def alter():
        with engine.connect() as connection:
            connection.execute(text("ALTER TABLE Laboratory FORCE"))

    with ThreadPoolExecutor() as pool, engine.connect() as reader, engine.connect() as watch:
        reader.execute(Laboratory.__table__.select())
        altered, deadline = pool.submit(alter), time.monotonic() + PATIENCE
        while not watch.execute(WAITS).all():
            assert time.monotonic() < deadline and not altered.done()
            time.sleep(0.05)
        yield
        reader.rollback()
        altered.result()


@pytest.mark.serial(mariadb=True)
@pytest.mark.parametrize("fault", [row_lock, table_lock, waiting_alter])
def test_a_lock_that_is_not_had_in_time_is_a_503(limited_app, token, add, engine, fault):
    if engine.dialect.name == "sqlite":
        fault = row_lock  # the only one it has
    add(Laboratory(laboratoryId=1, name="a"))
    client = limited_app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token('office', 1, 'uportal_sync')}"
    with fault(engine):
        answer, seconds = timed(lambda: client.patch(f"{LABS}/1", json={"city": "b"}))
        assert answer.status_code == 503 and "busy" in answer.json["detail"], answer.json
        assert int(answer.headers["Retry-After"]) > 0
        assert seconds < PATIENCE
    answer = client.patch(f"{LABS}/1", json={"city": "b"})
    assert (answer.status_code, answer.json.get("city")) == (200, "b"), answer.json


def test_the_limits_are_those_of_the_site(limited_app, engine):
    if engine.dialect.name == "sqlite":
        return
    names = "@@innodb_lock_wait_timeout, @@lock_wait_timeout, @@max_statement_time, @@sql_mode"
    with limited_app.app_context():
        row, mode, statement = LIMITS["lock_seconds"], STRICT, LIMITS["statement_seconds"]
        assert db.session.execute(text(f"SELECT {names}")).one() == (row, row, statement, mode)


@pytest.mark.serial(mariadb=True)
def test_a_statement_that_takes_too_long_is_a_503(limited_app, engine):
    if engine.dialect.name == "sqlite":  # it has no limit for a statement, and no server
        return
    answer, seconds = timed(lambda: limited_app.test_client().get("/slow"))
    assert answer.status_code == 503 and "took too long" in answer.json["detail"]
    assert seconds < PATIENCE
    assert limited_app.test_client().get("/ready").status_code == 200


@pytest.mark.serial(mariadb=True)
def test_a_connection_that_died_without_a_word_is_replaced(site, engine, database_uri):
    if engine.dialect.name == "sqlite":
        return
    url = make_url(database_uri)
    with proxy((url.host, url.port)) as between:
        uri = url.set(port=between.port).render_as_string(hide_password=False)
        with limited(site, uri) as app:
            client = app.test_client()
            assert client.get("/ready").status_code == 200
            between.swallow()
            answer, seconds = timed(lambda: client.get("/ready"))
            assert answer.status_code in (200, 503)
            assert seconds < PATIENCE
            assert client.get("/ready").status_code == 200


@pytest.mark.serial(mariadb=True)
def test_a_server_that_stands_still_is_a_503_until_it_goes_on(site, engine):
    if engine.dialect.name == "sqlite":
        return
    with mariadb.running() as uri:
        server = create_engine(uri)
        with server.begin() as connection:
            connection.execute(text(f"CREATE DATABASE {OWN}"))
            OwnBase.metadata.create_all(connection)
            process = int(open(connection.scalar(text("SELECT @@pid_file"))).read())
        server.dispose()
        with limited(site, uri) as app:
            client = app.test_client()
            assert client.get("/ready").status_code == 200
            os.kill(process, signal.SIGSTOP)
            try:
                for _ in range(2):
                    answer, seconds = timed(lambda: client.get("/ready"))
                    assert answer.status_code == 503, answer.text
                    assert seconds < PATIENCE
            finally:
                os.kill(process, signal.SIGCONT)
            assert client.get("/ready").status_code == 200


def timed(ask):
    """The answer to ``ask()``, and after how many seconds it came; RuntimeError if it does not."""
    start, pool = time.monotonic(), ThreadPoolExecutor()
    try:
        return pool.submit(ask).result(2 * PATIENCE), time.monotonic() - start
    finally:
        pool.shutdown(wait=False)
