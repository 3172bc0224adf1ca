"""Databases that are filled with the simulated facility."""

from datetime import date

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from demo.build import fill
from shared.db import engine_options

TODAY = date(2026, 3, 29)  # the night before, clocks were changed in Europe


@pytest.fixture
def make(empty_database, engine):
    """``make("one")`` is an empty database without tables; all are closed at the end."""
    engines = []

    def connect(name):
        uri = empty_database(f"ispyb_demo_{name}_test")
        engines.append(create_engine(uri, **engine_options(uri, 1)))
        return engines[-1]

    yield connect
    for each in engines:
        each.dispose()


@pytest.fixture(scope="package")
def filled(empty_database, engine, tmp_path_factory):
    """A database that was filled on TODAY, to be read only, and the folder of its files."""
    uri = empty_database("ispyb_demo_filled_test")
    database, folder = create_engine(uri, **engine_options(uri, 1)), tmp_path_factory.mktemp(
        "demo"
    )
    fill(database, today=TODAY, folder=folder / "files")
    yield database, folder / "files"
    database.dispose()


@pytest.fixture
def facility_(filled):
    """A session of the ORM on that database."""
    with Session(filled[0]) as session:
        yield session
