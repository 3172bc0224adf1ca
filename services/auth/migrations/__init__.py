"""The history of our own database, ``ispyb_services``; ISPyB's tables are never touched."""

from collections.abc import Mapping
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text

from services.auth import app_context
from shared.config import database_uri
from shared.db import OWN, engine_options


def upgrade(site: Mapping | None = None) -> None:
    """Make our own database beside that of ``site``, else of the running app; or update it."""
    uri = database_uri(app_context.site() if site is None else site)
    engine = create_engine(uri, **engine_options(uri, 1))
    try:
        with engine.begin() as connection:
            _make(connection)
        with engine.begin() as connection:
            command.upgrade(settings(connection), "head")
    finally:
        engine.dispose()


def settings(connection: Connection) -> Config:
    """What Alembic needs to work on ``connection``; there is no file of it."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def _make(connection: Connection) -> None:
    """Who may not make databases can still migrate one that is there; SQLite's is attached."""
    if connection.dialect.name == "sqlite":
        return
    found = text("SELECT 1 FROM information_schema.schemata WHERE schema_name = :name")
    if connection.execute(found, {"name": OWN}).first() is None:
        connection.execute(text(f"CREATE DATABASE IF NOT EXISTS {OWN} CHARACTER SET utf8mb4"))
