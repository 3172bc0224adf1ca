"""Signing in for tests of the auth service."""

import logging
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from services.auth.app import create_app
from shared.db import db
from shared.service_tables import LoginAttempt

ROOT = "/ispyb/api/v1"


@pytest.fixture
def sign_in(app):
    """``sign_in("alice")`` is the answer to a login with alice's password."""

    def call(login, path=f"{ROOT}/auth/login", headers=None, **changes):
        body = {"plugin": "dummy", "login": login, "password": f"{login}-word", **changes}
        return app.test_client().post(path, json=body, headers=headers)

    return call


@pytest.fixture
def bearer(app):
    """``bearer(token)`` is a client that sends this very token."""

    def client(token):
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return client

    return client


@pytest.fixture
def another(site, clean):
    """``another(limits={...})`` is an auth service with other settings, on the same database."""
    apps = []

    def make(**sections):
        apps.append(create_app({**site, **sections}))
        return apps[-1]

    yield make
    for app in apps:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def count(engine, clean):
    """``count(Person)`` is how many rows its table has."""

    def ask(model, *where):
        with engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(model).where(*where))

    return ask


@pytest.fixture
def later(engine):
    """``later(RefreshToken, expires=-1)`` moves a date of all rows that have it by hours."""

    def move(model, **hours):
        [(name, number)] = hours.items()
        with engine.begin() as connection:
            dated = model.__table__.c[name].is_not(None)
            rows = connection.execute(model.__table__.select().where(dated)).all()
            for row in rows:
                stmt = update(model.__table__).where(
                    model.__table__.primary_key.columns[0] == row[0]
                )
                moved = getattr(row, name) + timedelta(hours=number)
                connection.execute(stmt.values({name: moved}))

    return move


@pytest.fixture
def failures(engine, clean):
    """``failures(login="alice")`` is how many failed logins of an account or address count."""

    def ask(login="", address=""):
        where = (LoginAttempt.login == login, LoginAttempt.address == address)
        with engine.connect() as connection:
            return connection.scalar(select(LoginAttempt.failures).where(*where)) or 0

    return ask


@pytest.fixture
def rows(engine, clean):
    """``rows(Person)`` is the text of everything that its table holds."""

    def read(model):
        with engine.connect() as connection:
            return str(connection.execute(select(model.__table__)).all())

    return read


@pytest.fixture
def logged(caplog):
    """The log of the services, which pytest does not capture by itself."""
    logger = logging.getLogger("ispyb")
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)
