"""The migrations of our own database, ``ispyb_services``, which leave ISPyB's tables alone."""

from collections.abc import Mapping
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text

from services.auth import app_context
from shared.config import database_uri
from shared.db import OWN, engine_options


def upgrade(site: Mapping | None = None) -> tuple[str | None, str | None]:
    """Create or update our own database beside that of ``site``, else of the current app.

    Return its revision before, which is None if it had no tables, and after.
    """
    uri = database_uri(app_context.site() if site is None else site)
    engine = create_engine(uri, **engine_options(uri, 1))
    try:
        with engine.begin() as connection:
            _create_database(connection)
        with engine.begin() as connection:
            before = _revision(connection)
            command.upgrade(settings(connection), "head")
            return before, _revision(connection)
    finally:
        engine.dispose()


def settings(connection: Connection) -> Config:
    """The settings of Alembic for ``connection``, instead of a file alembic.ini."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def _revision(connection: Connection) -> str | None:
    context = MigrationContext.configure(connection, opts={"version_table_schema": OWN})
    return context.get_current_revision()


def _create_database(connection: Connection) -> None:
    """Create the database unless it is there: not every user may. SQLite's file is attached."""
    if connection.dialect.name == "sqlite":
        return
    stmt = text("SELECT 1 FROM information_schema.schemata WHERE schema_name = :name")
    if connection.execute(stmt, {"name": OWN}).first() is None:
        connection.execute(text(f"CREATE DATABASE IF NOT EXISTS {OWN} CHARACTER SET utf8mb4"))
