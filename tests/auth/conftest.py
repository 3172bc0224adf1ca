"""Signing in for tests of the auth service."""

import logging

import pytest
from sqlalchemy import func, select

from services.auth.app import create_app
from shared.db import db

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
def rows(engine, clean):
    """``rows(Person)`` is the text of everything that its table holds."""

    def read(model):
        with engine.connect() as connection:
            return str(connection.execute(select(model.__table__)).all())

    return read


@pytest.fixture
def logged(caplog):
    """What the services log, which does not reach pytest by itself."""
    logger = logging.getLogger("ispyb")
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)
