"""The sentences about a database with which a server starts although requests would fail."""

import multiprocessing
import socket
import time

import pytest
import requests
import yaml
from sqlalchemy import create_engine, make_url, text

from gateway import start_check
from shared import config, dbcheck
from shared.database_errors import NEEDS_UPGRADE
from shared.db import OWN, Base, OwnBase
from shared.dbcheck import NO_TABLES
from tests import mariadb
from tests.conftest import SERVICES
from tests.database import unchecked
from tests.gateway.test_server import serving
from tests.processes import free_port


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """The check may take long: other tests keep the machine busy."""
    monkeypatch.setattr(start_check, "SECONDS", 60)


@pytest.fixture
def live(site, tmp_path):
    """A site on an SQLite database with all tables, and an engine of it."""
    for name in SERVICES:
        dbcheck.tables_of(name)  # imports its models
    uri = f"sqlite:///{tmp_path / 'start.db'}"
    live = create_engine(uri)
    with live.begin() as connection:
        Base.metadata.create_all(connection)
        OwnBase.metadata.create_all(connection)
    yield config.load(with_uri(site, uri)), live
    live.dispose()


def change(engine, *statements):
    """Run statements without the checks of foreign keys."""
    with unchecked(engine) as connection:
        for statement in statements:
            connection.execute(text(statement))


def with_uri(site, uri):
    return {**site, "database": {**site["database"], "uri": uri}}


def test_a_complete_database_gives_no_sentence(live):
    site, _ = live
    assert start_check.list_problems(site, SERVICES) == []
    assert multiprocessing.active_children() == []


def test_a_table_of_ispyb_that_is_missing(live):
    site, engine = live
    change(engine, "DROP TABLE Event", "ALTER TABLE BLSession DROP COLUMN icatId")
    lacks = "table BLSession lacks column icatId"
    absent = "table Event is missing or cannot be read (needed by ssx)"
    assert start_check.list_problems(site, SERVICES) == [
        f"{lacks} (needed by auth, core, em, ssx)",
        absent,
    ]
    assert start_check.list_problems(site, ["em"]) == [f"{lacks} (needed by em)"]


def test_many_missing_tables_are_counted(live):
    site, engine = live
    for table in Base.metadata.sorted_tables[::-1][:40]:
        change(engine, f"DROP TABLE {table.name}")
    *first, rest = start_check.list_problems(site, SERVICES)
    assert len(first) == start_check.SHOWN
    assert all("is missing or cannot be read" in problem for problem in first)
    assert rest.endswith(" more: run `ispyb-services check-db`")


def test_a_database_of_somebody_else(live, tmp_path):
    site, _ = live
    empty = with_uri(site, f"sqlite:///{tmp_path / 'empty.db'}")
    assert start_check.list_problems(empty, ["core"]) == [NEEDS_UPGRADE, NO_TABLES]


def test_a_database_that_is_away_costs_no_time(live):
    site, _ = live
    [problem] = start_check.list_problems(
        with_uri(site, f"mysql://ispyb@127.0.0.1:{free_port()}/ispyb"), SERVICES
    )
    assert problem.startswith("the database does not answer: see database.uri, and its server: ")


@pytest.mark.serial
def test_a_server_that_is_silent_is_left_after_seconds(live, monkeypatch):
    site, _ = live
    monkeypatch.setattr(start_check, "SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = f"mysql://ispyb@127.0.0.1:{silent.getsockname()[1]}/ispyb"
        started = time.monotonic()
        assert start_check.list_problems(with_uri(site, uri), SERVICES) == [start_check.SLOW]
        assert time.monotonic() - started < 2.5  # and not until the driver gives up
    assert multiprocessing.active_children() == []


# -------------------------------------------------------------------- the whole command


@pytest.fixture
def server(engine):
    """The URI of a database with the tables of a service, on a server of its own."""
    with mariadb.running() as uri:
        live = create_engine(uri)
        with unchecked(live) as connection:  # tables that others refer to are left out
            connection.execute(text(f"CREATE DATABASE {OWN}"))
            OwnBase.metadata.create_all(connection)
            Base.metadata.create_all(
                connection, dbcheck.tables_of("em") - {*OwnBase.metadata.tables.values()}
            )
        live.dispose()
        yield uri


@pytest.mark.mariadb
@pytest.mark.serial(mariadb=True)
def test_serve_says_before_its_address_with_what_it_cannot_work(site, server, tmp_path):
    path, engine, port = tmp_path / "site.yml", create_engine(server), free_port()

    def start(uri, zone="UTC"):
        """The warnings, the line with the address, and the status of /ready."""
        document = with_uri({**site, "file_roots": [], "gateway": {"workers": 1}}, uri)
        path.write_text(yaml.safe_dump(document))
        with serving(path, "--service", "em", "--port", str(port), TZ=zone) as (_, log):
            lines = [line for line in log.read_text().splitlines() if line]
            ready = requests.get(f"http://127.0.0.1:{port}/ready", timeout=10)
        place = next(n for n, line in enumerate(lines) if line.startswith("em answers at"))
        return lines[:place], lines[place], ready.status_code

    wrong = make_url(server).set(password="not-this").render_as_string(hide_password=False)
    [warning], address, ready = start(wrong)
    assert warning.startswith(
        "Warning: the database refuses the user or the password: see section database: Access"
    )
    assert "not-this" not in warning
    limited = (
        f"em answers at 0.0.0.0:{port}, and cannot do all of its work: see the warnings above"
    )
    assert (address, ready) == (limited, 503)

    change(engine, "DROP TABLE BLSession")
    [table, clock], address, ready = start(server, zone="IST-5:30")
    assert table == "Warning: table BLSession is missing or cannot be read (needed by em)"
    assert clock.startswith("Warning: the clock of the database shows 20")
    assert (address, ready) == (limited, 200)

    change(engine, f"DROP DATABASE {OWN}")
    warnings, address, ready = start(server)
    assert warnings == [f"Warning: {NEEDS_UPGRADE}", table]
    assert (address, ready) == (limited, 503)
    engine.dispose()
