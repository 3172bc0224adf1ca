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


@pytest.fixture
def facility_(make, tmp_path):
    """A session of the ORM on a database that was filled on TODAY."""
    database = make("one")
    fill(database, today=TODAY, folder=tmp_path / "files")
    with Session(database) as session:
        yield session
