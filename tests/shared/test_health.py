"""Whether a service lives, and whether it can work."""

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from shared.db import db
from tests.conftest import SERVICES

ROOT = "/ispyb/api/v1"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_says_that_it_lives(built, clean, service):
    client = built(service).test_client()
    path = f"{ROOT}/health" if service == "core" else f"{ROOT}/{service}/health"
    assert client.get(path).json.items() >= {"service": service, "status": "ok"}.items()
    assert client.get("/health").json == {"service": service, "status": "ok"}
    assert client.get("/ready").json == {"service": service, "status": "ready"}


@pytest.fixture
def away(app):
    """The database does not answer, as far as the app can tell."""

    def refuse(*_):
        raise OperationalError("", {}, Exception(2003, "secret-host does not answer"))

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", refuse)
    yield
    event.remove(engine, "before_cursor_execute", refuse)


def test_without_database_it_lives_and_says_so(app, as_, away):
    client = as_("alice", 1)
    assert client.get(f"{ROOT}/health").status_code == client.get("/health").status_code == 200
    for path in ("/ready", f"{ROOT}/proposals"):
        answer = client.get(path)
        assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
        assert int(answer.headers["Retry-After"]) > 0
        assert "secret-host" not in answer.text
    answer = as_("office", None, "uportal_sync").post(f"{ROOT}/contacts/labs", json={"name": "a"})
    assert answer.status_code == 503
