"""The log has one line of JSON for each request, and no secret."""

import json
import logging
from datetime import UTC, datetime, timedelta

import pytest

from shared.log import LOGGER, JsonFormatter

URL = "/ispyb/api/v1/proposals"


@pytest.fixture
def lines():
    """The lines that were logged, as they would be written."""
    records = []

    class Keep(logging.Handler):
        def emit(self, record):
            records.append(self.format(record))

    handler, logger = Keep(), logging.getLogger(LOGGER)
    handler.setFormatter(JsonFormatter())
    logger.addHandler(handler)
    yield records
    logger.removeHandler(handler)


def test_a_request_is_one_line_of_json(as_, lines):
    as_("alice", 1).get(URL, headers={"X-Request-ID": "r1"})
    (line,) = map(json.loads, lines)
    moment, now = datetime.fromisoformat(line.pop("time")), datetime.now(UTC)
    assert moment.utcoffset() == timedelta() and now - moment < timedelta(minutes=1)
    assert line.pop("ms") >= 0
    assert line == {
        "level": "INFO",
        "message": "request",
        "service": "core",
        "method": "GET",
        "path": URL,
        "status": 200,
        "login": "alice",
        "requestId": "r1",
    }


def test_probes_are_not_logged(app, lines):
    client = app.test_client()
    for path in ("/health", "/ready", "/metrics"):
        assert client.get(path).status_code == 200
    assert lines == []


def test_queries_tokens_and_bodies_are_not_logged(app, as_, lines):
    alice = as_("alice", 1, "uportal_sync")
    alice.get(f"{URL}?onetime=secret-1&title=secret-2")
    alice.post(URL, json={"title": "secret-3", "nope": "secret-4"})
    app.test_client().get(URL, headers={"Authorization": "Bearer secret-5"})
    assert len(lines) == 3
    assert not [line for line in lines if "secret" in line or "eyJ" in line]


def test_a_path_cannot_add_lines(app, lines):
    app.test_client().get("/a%0A{}%0D%E2%80%A8b")
    (line,) = lines
    assert "\n" not in line and json.loads(line)["status"] == 404


def test_a_bug_is_logged_with_its_trace(app, as_, lines, monkeypatch):
    app.testing = False
    monkeypatch.setattr("services.core.modules.people.proposals.proposals.list_", lambda *_: 1 / 0)
    assert as_("alice", 1).get(URL, headers={"X-Request-ID": "r2"}).status_code == 500
    logged = [json.loads(line) for line in lines]
    assert [line for line in logged if "ZeroDivisionError" in line.get("trace", "")]
    assert {line.get("requestId") for line in logged} == {"r2"}
