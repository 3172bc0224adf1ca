"""The gaps that check-db finds in a database, complete or not."""

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, text

from shared import dbcheck
from shared.db import OWN, Base, OwnBase
from tests import mariadb

SERVICES = ("auth", "core", "em", "ssx")


@pytest.fixture
def needs():
    """The tables of each service."""
    return {name: dbcheck.tables_of(name) for name in SERVICES}


@pytest.fixture
def database(engine, empty_database, needs):
    """A database with every table that the services need."""
    live = create_engine(empty_database("ispyb_check_test"))
    with live.begin() as connection:
        Base.metadata.create_all(connection)
        OwnBase.metadata.create_all(connection)
    yield live
    live.dispose()


def test_a_service_needs_its_own_tables_and_those_all_share(needs):
    names = {service: {table.name for table in tables} for service, tables in needs.items()}
    assert names["core"] - names["auth"] >= {"ContainerQueue"}
    assert "Atlas" in names["em"] and "Atlas" not in names["ssx"]
    assert all({"BLSession", "Activity"} <= tables for tables in names.values())
    assert "Permission" in names["auth"] and "DataCollection" not in names["auth"]


def test_nothing_is_missing_in_a_complete_database(database, needs):
    assert dbcheck.missing(database, needs) == []


def test_three_columns_and_a_table_are_named_with_the_services(database, needs):
    with database.begin() as connection:
        connection.execute(text("ALTER TABLE BLSession DROP COLUMN icatId"))
        connection.execute(text("ALTER TABLE BLSession DROP COLUMN riskRating"))
        connection.execute(text("ALTER TABLE GridSquare DROP COLUMN angle"))
        connection.execute(text("DROP TABLE Event"))
    gaps = dbcheck.missing(database, needs)
    assert [str(gap) for gap in gaps] == [
        "table BLSession lacks column riskRating, column icatId (needed by auth, core, em, ssx)",
        "table Event is missing or cannot be read (needed by ssx)",
        "table GridSquare lacks column angle (needed by em)",
    ]
    assert gaps[0].columns == ("riskRating", "icatId")
    assert gaps[1].services == ("ssx",)
    assert dbcheck.missing(database, {"core": needs["core"]}) == [
        dbcheck.Gap("BLSession", ("core",), ("riskRating", "icatId"))
    ]


def test_our_own_database_is_checked_too(database):
    table = Table("NotThere", MetaData(schema=OWN), Column("key", Integer))
    gaps = dbcheck.missing(database, {"auth": {table}})
    assert gaps == [dbcheck.Gap("ispyb_services.NotThere", ("auth",))]


def test_an_older_enumeration_lacks_values(database, needs):
    if database.dialect.name == "sqlite":  # has no enumerations: any text is taken
        expected = []
    else:
        expected = ["riskRating='Not Permitted'"]
        alter = "ALTER TABLE BLSession MODIFY riskRating ENUM('Low', 'Medium', 'High')"
        with database.begin() as connection:
            connection.execute(text(alter))
    gaps = dbcheck.missing(database, needs)
    assert [value for gap in gaps for value in gap.values] == expected


def test_indexes_that_ispyb_lacks_are_advised_until_they_are_there(database, needs):
    advised = dbcheck.advised(database, needs)
    columns = [statement.partition(" ON ")[2] for statement in advised]
    assert columns == [
        "DataCollectionGroup (startTime);",
        "DataCollectionGroup (sessionId, startTime);",
        "DiffractionPlan (beamLineName);",
    ]
    assert all(" ms to " in gain for gain in advised.values())
    with database.begin() as connection:
        for statement in advised:
            connection.exec_driver_sql(statement)
    assert dbcheck.advised(database, needs) == {}
    assert dbcheck.advised(database, {"auth": needs["auth"]}) == {}


@pytest.mark.serial(mariadb=True)
def test_a_binary_log_that_refuses_every_write_is_named(engine):
    assert dbcheck.refused_writes(engine) is None
    if engine.dialect.name == "sqlite":
        return
    log = [option for option in mariadb.FAST if option != "--skip-log-bin"] + ["--log-bin"]
    with mariadb.running(options=[*log, "--binlog-format=STATEMENT"]) as uri:
        server = create_engine(uri)
        assert "set it to MIXED or ROW" in dbcheck.refused_writes(server)
        with server.begin() as connection:
            connection.execute(text("SET GLOBAL binlog_format = MIXED"))
        server.dispose()
        assert dbcheck.refused_writes(server) is None
        server.dispose()
