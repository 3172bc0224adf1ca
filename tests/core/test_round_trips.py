"""A request asks a database that is far away few times, and outlives a lost connection."""

import pytest
from sqlalchemy import event, make_url

from services.core.app import create_app
from shared.db import db
from shared.models import DataCollection, ProcessingPipeline
from tests.core.processing_rows import PIPELINE, RESULTS, document
from tests.proxies import proxy

URL = "/ispyb/api/v1/data_collections"
WRITER = (*PIPELINE, "mx_write")
MOST = {"read": 3, "create": 8, "edit": 8, "result": 15}
HEAD = 4  # bytes of a message to MariaDB that are its length and number
PING, COMMIT, ROLLBACK = b"\x0e", b"\x03COMMIT", b"\x03ROLLBACK"


class Statements:
    """With SQLite, which has no server, statements are counted."""

    def __init__(self):
        self.sent, self.fatal, self.messages = 0, None, []

    def note(self, *_):
        """Count one."""
        self.sent += 1

    def cut(self):
        """End no connection: there is none."""


@pytest.fixture
def far(site, processed, database_uri, token):
    """A client of a service whose database is behind a proxy, and that proxy."""
    url = make_url(database_uri)
    if url.get_backend_name() == "sqlite":
        app, statements = create_app(site), Statements()
        with app.app_context():
            event.listen(db.engine, "before_cursor_execute", statements.note)
        yield _client(app, token), statements
        _dispose(app)
        return
    with proxy((url.host, url.port)) as between:
        uri = url.set(port=between.port).render_as_string(hide_password=False)
        app = create_app({**site, "database": {**site["database"], "uri": uri}})
        yield _client(app, token), between
        _dispose(app)


def _client(app, token):
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token(*WRITER, service=True)}"
    return client


def _dispose(app):
    with app.app_context():
        db.engine.dispose()


def test_each_request_takes_few_round_trips(far, add):
    client, server = far
    add(ProcessingPipeline(processingPipelineId=7, name="autoPROC", discipline="MX"))
    trips = {}

    def ask(name, method, url, body=None, **headers):
        before = server.sent
        answer = client.open(url, method=method, json=body, headers=headers)
        trips[name] = server.sent - before
        assert answer.status_code < 300, answer.json
        return answer

    ask("first", "GET", f"{URL}/112")  # opens the connection
    tag = ask("read", "GET", f"{URL}/112").headers["ETag"]
    files = {"imageDirectory": "/d", "imagePrefix": "p", "dataCollectionNumber": 1}
    ask("create", "POST", URL, {"dataCollectionGroupId": 11, **files})
    edited = ask("edit", "PATCH", f"{URL}/112", {"numberOfImages": 7}, **{"If-Match": tag})
    assert edited.json["numberOfImages"] == 7
    ask("result", "POST", RESULTS, document())
    assert not {name: trips[name] for name in MOST if trips[name] > MOST[name]}, trips


@pytest.mark.parametrize(
    "url, body", [(URL, {"dataCollectionGroupId": 11}), (RESULTS, document())]
)
def test_a_write_ends_with_its_commit(far, url, body):
    """Neither ROLLBACK nor a ping is sent, though session and pool are reset."""
    client, server = far
    client.get(f"{URL}/112")  # opens the connection
    server.messages.clear()
    assert client.post(url, json=body).status_code == 201
    assert client.get(f"{URL}/112").status_code == 200  # after which the write is over
    messages = [message[HEAD:] for message in server.messages]
    assert not [message for message in messages if message == PING]
    ends = [message for message in messages if message in (COMMIT, ROLLBACK)]
    assert ends in ([COMMIT], [COMMIT, ROLLBACK]) or not messages  # of the write, of the read


def test_a_connection_that_the_server_ended_is_replaced(far):
    client, server = far
    for method, url, body, status in (
        ("GET", f"{URL}/111", None, 200),
        ("POST", URL, {"dataCollectionGroupId": 11}, 201),
    ):
        assert client.get(f"{URL}/111").status_code == 200
        server.cut()
        assert client.open(url, method=method, json=body).status_code == status


def test_a_write_whose_commit_was_not_answered_is_known_to_be_done(far, count):
    client, server = far
    before = count(DataCollection)
    server.fatal = b"COMMIT"
    answer = client.post(URL, json={"dataCollectionGroupId": 11})
    assert (answer.status_code, answer.json["dataCollectionGroupId"]) == (201, 11)
    assert count(DataCollection) == before + 1
