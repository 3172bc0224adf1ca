"""A failure of the database: the answer, the line in the log, and all is well when it is over."""

import json
import logging
from contextlib import contextmanager

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from shared.db import OWN, db
from shared.log import LOGGER, JsonFormatter

ROOT = "/ispyb/api/v1"
LABS, PROPOSALS = f"{ROOT}/contacts/labs", f"{ROOT}/proposals"
OFFICE = ("office", None, "uportal_sync")
BUSY, AWAY, FULL = "is busy", "does not answer", "disk space"
LONG, ABSENT, BUG = "took too long", "db upgrade", "in trouble"


@pytest.fixture
def lines():
    """The lines that are logged, from WARNING on."""
    kept = []

    class Keep(logging.Handler):
        def emit(self, record):
            kept.append(self.format(record))

    handler, logger = Keep(logging.WARNING), logging.getLogger(LOGGER)
    handler.setFormatter(JsonFormatter())
    logger.addHandler(handler)
    yield kept
    logger.removeHandler(handler)


@pytest.fixture
def failing(app):
    """``with failing(1205, "text"):`` the driver raises that error instead of each statement.

    ``begin`` is how the statements begin that fail. It yields how often a connection was dropped.
    """
    with app.app_context():
        engine = db.engine

    @contextmanager
    def fail(code, words="from the database", kind="OperationalError", begin=""):
        error, dropped = getattr(engine.dialect.loaded_dbapi, kind), []

        def refuse(cursor, statement, *_):
            if statement.startswith(begin):
                raise error(code, words)

        def note(connection, record, exception):
            dropped.append(exception)

        event.listen(engine, "do_execute", refuse)
        event.listen(engine, "invalidate", note)
        try:
            yield dropped
        finally:
            event.remove(engine, "do_execute", refuse)
            event.remove(engine, "invalidate", note)

    return fail


@pytest.mark.parametrize(
    "code, words, status, detail",
    [
        (1205, "Lock wait timeout exceeded", 503, BUSY),
        (1213, "Deadlock found", 503, BUSY),
        (1020, "Record has changed", 503, BUSY),
        (1412, "Table definition has changed", 503, BUSY),
        (2006, "Server has gone away", 503, AWAY),
        (2013, "Lost connection", 503, AWAY),
        (1040, "Too many connections", 503, AWAY),
        (1047, "WSREP has not yet prepared node for application use", 503, AWAY),
        (1053, "Server shutdown in progress", 503, AWAY),
        (1290, "running with the --read-only option", 503, AWAY),
        (1317, "Query execution was interrupted", 503, AWAY),
        (1114, "The table 'Proposal' is full", 503, FULL),
        (1969, "max_statement_time exceeded", 503, LONG),
        (3024, "maximum statement execution time exceeded", 503, LONG),
        (1146, f"Table '{OWN}.RevokedToken' doesn't exist", 503, ABSENT),
        (1932, f"Table '{OWN}.RevokedToken' doesn't exist in engine", 503, ABSENT),
        (1146, "Table 'ispyb.Proposal' doesn't exist", 500, BUG),
        (1054, "Unknown column 'Proposal.title' in 'field list'", 500, BUG),
        (1064, "You have an error in your SQL syntax", 500, BUG),
    ],
)
def test_a_temporary_failure_is_a_503_and_one_line_and_a_bug_is_neither(
    app, as_, lines, failing, code, words, status, detail
):
    client = as_("alice", 1)
    with failing(code, words):
        answer = client.get(PROPOSALS)
        ready = app.test_client().get("/ready")
    for each in (answer, ready):
        assert (each.status_code, each.mimetype) == (status, "application/problem+json")
        assert detail in each.json["detail"]
        assert ("Retry-After" in each.headers) == (status == 503)
    for line in map(json.loads, lines):
        assert line["level"] == ("ERROR" if status == 500 else "WARNING")
        assert ("trace" in line) == (status == 500)
        assert words in line["message"]
    assert len(lines) == 2
    assert client.get(PROPOSALS).status_code == 200


@pytest.mark.parametrize(
    "code, words",
    [
        (1054, "Unknown column 'Laboratory.name' in 'field list'"),
        (1366, "Incorrect string value: 'xyzzy' for column `ispyb`.`Laboratory`.`name` at row 1"),
        (
            1064,
            "You have an error in your SQL syntax near 'INSERT 'xyzzy', 'and more'' at line 1",
        ),
        (1205, "Lock wait timeout exceeded"),
        (2013, "Lost connection"),
    ],
)
@pytest.mark.parametrize("kind", ["OperationalError", "DataError", "ProgrammingError"])
def test_no_body_enters_the_log(as_, lines, failing, capfd, code, words, kind):
    with failing(code, words, kind, begin="INSERT"):
        answer = as_(*OFFICE).post(LABS, json={"name": "xyzzy"})
    assert answer.status_code in (500, 503)
    assert lines and not [line for line in lines if "xyzzy" in line]
    assert "xyzzy" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("code, dropped", [(1047, True), (1836, True), (1205, False)])
def test_a_connection_to_a_server_that_does_no_work_is_replaced(as_, failing, code, dropped):
    with failing(code) as connections:
        as_("alice", 1).get(PROPOSALS)
    assert bool(connections) == dropped


def test_a_request_ends_well_although_the_rollback_is_refused(app, as_, lines):
    """A node that leaves its cluster refuses it, after the answer is made."""

    def refuse(_):
        raise OperationalError("ROLLBACK", None, Exception(1047, "not yet prepared"))

    with app.app_context():
        engine = db.engine
    client = as_("alice", 1)
    event.listen(engine, "rollback", refuse)
    try:
        answer = client.get(PROPOSALS)
    finally:
        event.remove(engine, "rollback", refuse)
    assert (answer.status_code, answer.json["results"]) == (200, [])
    (line,) = map(json.loads, lines)
    assert line["level"] == "WARNING" and "not yet prepared" in line["message"]
    assert client.get(PROPOSALS).status_code == 200


def test_without_a_table_of_its_own_a_service_is_not_ready(app, as_, engine):
    schema = "" if engine.dialect.name == "sqlite" else f"{OWN}."
    ask = [(app.test_client(), "/ready"), (as_("alice", 1), PROPOSALS)]

    def rename(old, new):
        with engine.begin() as connection:
            connection.execute(text(f"ALTER TABLE {OWN}.{old} RENAME TO {schema}{new}"))

    rename("RevokedToken", "Away")
    try:
        answers = [client.get(url) for client, url in ask]
    finally:
        rename("Away", "RevokedToken")
    assert [answer.status_code for answer in answers] == [503, 503]
    assert all(ABSENT in answer.json["detail"] for answer in answers)
    assert [client.get(url).status_code for client, url in ask] == [200, 200]
