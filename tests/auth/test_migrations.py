"""Our own database, made by its migrations."""

from contextlib import contextmanager

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, insert, inspect, select

from services.auth import migrations
from shared.db import OWN, OwnBase
from shared.service_tables import utc_now
from shared.service_tables import RefreshToken
from tests import mariadb


@pytest.fixture
def fresh(site, engine, tmp_path):
    """A site with a database server of its own, of the kind that the tests run on."""

    @contextmanager
    def server():
        if engine.dialect.name == "sqlite":
            yield f"sqlite:///{tmp_path / 'fresh.db'}"
        else:
            with mariadb.running() as uri:
                yield uri

    with server() as uri:
        yield {**site, "database": {"uri": uri, "pool_size": 1}}


def options(metadata):
    return {
        "target_metadata": metadata,
        "compare_type": True,
        "include_schemas": True,
        "version_table_schema": OWN,
        "include_name": lambda name, kind, _: kind != "schema" or name == OWN,
    }


def test_migrated_tables_equal_the_models(fresh):
    migrations.upgrade(fresh)
    migrations.upgrade(fresh)  # nothing is left to do
    engine = create_engine(fresh["database"]["uri"])
    with engine.begin() as connection:
        context = MigrationContext.configure(connection, opts=options(OwnBase.metadata))
        assert context.get_current_revision() == "0007"
        assert compare_metadata(context, OwnBase.metadata) == []
        assert inspect(connection).get_table_names() == []  # ISPyB's own database is left alone
    with engine.begin() as connection:
        command.downgrade(migrations.settings(connection), "base")
    with engine.begin() as connection:
        assert inspect(connection).get_table_names(OWN) == ["alembic_version"]
    engine.dispose()


def test_a_login_goes_on_after_an_update(fresh):
    """Rows of the first tables are kept, but those of failed logins, which last for minutes."""
    engine = create_engine(fresh["database"]["uri"])
    migrations.upgrade(fresh)
    with engine.begin() as connection:
        command.downgrade(migrations.settings(connection), "0001")
    row = {"hash": "a", "family": "f", "login": "alice", "plugin": "p", "accessId": "i"}
    row |= {"expires": utc_now().replace(microsecond=0)}
    columns = [RefreshToken.__table__.c[name] for name in row]
    with engine.begin() as connection:
        connection.execute(insert(RefreshToken.__table__).values(row))
    migrations.upgrade(fresh)
    with engine.begin() as connection:
        assert connection.execute(select(*columns)).all() == [tuple(row.values())]
    engine.dispose()
