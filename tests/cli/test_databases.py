"""Commands about the database: the demo, its check, and our own tables."""

from pathlib import Path

import alembic.command
import pytest
import yaml
from sqlalchemy import create_engine

from services.auth import migrations
from shared import keys as keyring
from shared.database_errors import NEEDS_UPGRADE
from shared.dbcheck import NO_TABLES
from tests import mariadb


@pytest.fixture
def fresh(write, engine, tmp_path):
    """A site file with a database server of its own, of the kind that the tests run on."""
    if engine.dialect.name == "sqlite":
        yield write(database={"uri": f"sqlite:///{tmp_path / 'fresh.db'}"})
    else:
        with mariadb.running() as uri:
            yield write(database={"uri": uri})


def make_engine(path):
    """An engine for the database of the site file ``path``."""
    return create_engine(yaml.safe_load(Path(path).read_text())["database"]["uri"])


def rows(path, query):
    """The rows of ``query`` in the database of the site file ``path``."""
    engine = make_engine(path)
    with engine.connect() as connection:
        result = connection.exec_driver_sql(query).all()
    engine.dispose()
    return result


def test_the_demo_is_made_complete_and_once(run, fresh):
    made = run("demo", "--site", fresh)
    assert made.exit_code == 0, made.stderr
    assert "20 Proposal" in made.stdout
    assert rows(fresh, "SELECT count(*) FROM Proposal") == [(20,)]
    assert rows(fresh, "SELECT count(*) FROM ispyb_services.ServiceToken") == [(0,)]
    serial = rows(fresh, "SELECT images, hits, indexed FROM ispyb_services.SerialTotals")
    assert sorted(images for images, _, _ in serial) == [25_600, 25_600, 46_250, 46_250]
    assert all(0.1 * images < hits < 0.5 * images for images, hits, _ in serial)
    assert all(0.7 * hits < indexed < 0.95 * hits for _, hits, indexed in serial)
    for command in (["check-config"], ["check-db"], ["db", "upgrade"]):
        result = run(*command, "--site", fresh)
        assert result.exit_code == 0, result.stderr
    again = run("demo", "--site", fresh)
    assert again.exit_code == 1
    assert "is not empty" in again.stderr and "Traceback" not in again.stderr
    assert rows(fresh, "SELECT count(*) FROM Proposal") == [(20,)]


def test_the_demo_makes_the_first_keys(run, write, tmp_path):
    path = write(
        tokens={"issuer": "x", "keys": "mine"}, database={"uri": f"sqlite:///{tmp_path}/mine.db"}
    )
    assert run("demo", "--site", path).exit_code == 0
    kid, _ = keyring.signing_key(tmp_path / "mine")
    assert run("demo", "--reset", "--scale", "2", "--site", path).exit_code == 0
    assert keyring.signing_key(tmp_path / "mine")[0] == kid
    assert rows(path, "SELECT count(*) FROM Proposal") == [(40,)]


def test_no_demo_in_production(run, write, tmp_path):
    path = write(
        site={"name": "X", "mode": "production"},
        database={"uri": f"sqlite:///{tmp_path}/mine.db"},
        AUTH=[],
        services={"core": {}},
    )
    result = run("demo", "--site", path)
    assert result.exit_code == 2 and "site.mode: demo" in result.stderr
    assert not (tmp_path / "mine.db").exists()


def test_check_db_names_gaps_and_the_services_that_need_them(run, fresh):
    assert run("demo", "--site", fresh).exit_code == 0
    for lost in ("Proposal.title", "BLSession.comments", "Laboratory.city"):
        table, column = lost.split(".")
        change(fresh, f"ALTER TABLE {table} DROP COLUMN {column}")
    for table in ("GridSquare", "Atlas"):
        change(fresh, f"DROP TABLE {table}")
    result = run("check-db", "--site", fresh)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert any("Atlas is missing" in line and "(needed by em)" in line for line in lines)
    assert "table Proposal lacks column title (needed by auth, core, em, ssx)" in lines
    assert any("BLSession lacks column comments" in line for line in lines)
    assert any("Laboratory lacks column city" in line for line in lines)
    assert len(lines) == 5


def test_check_db_shows_the_indexes_that_help(run, fresh):
    assert run("demo", "--site", fresh).exit_code == 0
    result = run("check-db", "--site", fresh)
    assert result.exit_code == 0
    good, *advice = result.stdout.splitlines()
    assert good == "the database has all that auth, core, em, ssx need"
    statements = [line.partition("CREATE INDEX")[1:] for line in advice]
    for statement in map("".join, filter(any, statements)):
        change(fresh, statement)
    assert run("check-db", "--site", fresh).stdout.splitlines() == [good]


def change(path, statement):
    engine = make_engine(path)
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


def test_before_db_upgrade_each_command_names_it(run, fresh):
    for command in (["token", "list"], ["token", "issue", "x", "--permission", "mx_write"]):
        result = run(*command, "--site", fresh)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr == f"Error: {NEEDS_UPGRADE}\n"
    checked = run("check-db", "--site", fresh)
    assert (checked.exit_code, checked.stdout) == (1, f"{NEEDS_UPGRADE}\n{NO_TABLES}\n")
    assert checked.stderr == "Error: 2 faults of the database\n"
    created = run("db", "upgrade", "--site", fresh).stdout
    assert created == "the tables of the database ispyb_services are created, at revision 0007\n"
    again = run("db", "upgrade", "--site", fresh).stdout
    assert again == (
        "the database ispyb_services was up to date, at revision 0007: nothing is changed\n"
    )
    own = make_engine(fresh)
    with own.begin() as connection:
        alembic.command.downgrade(migrations.settings(connection), "0001")
    own.dispose()
    updated = run("db", "upgrade", "--site", fresh).stdout
    assert updated == "the database ispyb_services is updated from revision 0001 to 0007\n"
    assert run("check-db", "--site", fresh).stdout == f"{NO_TABLES}\n"


def test_check_db_compares_the_clocks(run, write, engine, time_zone):
    path = write()
    assert run("check-db", "--site", path).stderr == ""
    time_zone("IST-5:30")
    result = run("check-db", "--site", path)
    assert result.exit_code == 0
    if engine.dialect.name == "sqlite":  # it has the clock of this process
        assert result.stderr == ""
    else:
        assert result.stderr.startswith("Warning: the clock of the database shows 20")
        assert result.stderr.count("\n") == 1
