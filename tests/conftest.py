"""Fixtures for every service: a test in tests/<name>/ gets the app of services/<name>.

The suite runs on SQLite in a temporary folder; with --mariadb on a private MariaDB, or on the one
that ISPYB_TEST_DATABASE_URI names. There the tables are those of the official ORM, not of our
models. Apps and tables are made once; each test finds the tables empty.
"""

import gc
import importlib
import os
import threading
import time
from contextlib import closing, contextmanager
from itertools import groupby
from pathlib import Path
from uuid import uuid4

import jwt
import pytest
from coverage import Coverage
from sqlalchemy import event, insert, make_url

from shared import keys as keyring
from shared import callers, paging, revocations
from shared.db import db, transaction_scope
from tests import database, mariadb
from tests.database import empty, unchecked

ROOT = Path(__file__).parent.parent
SERVICES = sorted(path.parent.name for path in ROOT.glob("services/*/app.py"))
DIALECTS = {"core": ["mxcube", "expeye"], "ssx": ["ssx_webservices", "i24"]}
ISSUER = "https://ispyb.example.org"
UNCOVERED = pytest.StashKey[bool]()
USERS = ["alice", "bob", "carol", "dave", "erin"]  # of the dummy plugin


def pytest_addoption(parser):
    text = "run what needs a database on a private MariaDB with the official tables"
    parser.addoption("--mariadb", action="store_true", help=text)


def pytest_configure():
    """Collect no garbage while tests are collected: that takes half as long again."""
    gc.disable()


def pytest_collection_finish():
    """Collect garbage seldom, and not among the tests: otherwise it is a fifth of all time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


def pytest_collection_modifyitems(config, items):
    """On MariaDB only the tests run that use the database; on SQLite all others, and most of them.

    Coverage makes code 1.6 times slower. It is measured of the first case of each test only,
    and not of tests that go through all operations, nor of long ones: these repeat code.
    """
    here, elsewhere, seen = [], [], set()
    for item in items:
        if config.getoption("mariadb"):
            runs = "engine" in item.fixturenames and not item.get_closest_marker("sqlite")
        else:
            runs = not item.get_closest_marker("mariadb")
        (here if runs else elsewhere).append(item)
        repeats = (item.path, item.originalname) in seen
        seen.add((item.path, item.originalname))
        if repeats or "operations" in item.fixturenames or item.get_closest_marker("sqlite"):
            item.stash[UNCOVERED] = True
    config.hook.pytest_deselected(items=elsewhere)
    items[:] = here


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Measure no coverage of an uncovered test, nor of its fixtures."""
    measuring = Coverage.current() if UNCOVERED in item.stash else None
    if measuring:
        measuring.stop()
    result = yield
    if measuring:
        measuring.start()
    return result


# ------------------------------------------------------------------ the site and its database


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    """The folder of the keys that sign and check tokens."""
    folder = tmp_path_factory.mktemp("keys")
    keyring.new(folder)
    return folder


@pytest.fixture(scope="session")
def signing(keys):
    """The key id and the private key that sign tokens: parsing the key takes 40 ms."""
    return keyring.signing_key(keys)


@pytest.fixture(scope="session")
def database_uri(pytestconfig, tmp_path_factory):
    """The database of the tests, which they empty; each worker has one of its own."""
    uri = os.environ.get("ISPYB_TEST_DATABASE_URI")
    if pytestconfig.getoption("mariadb"):
        with mariadb.running() as uri:
            yield uri
    elif uri is None:
        yield f"sqlite:///{tmp_path_factory.mktemp('database') / 'ispyb_test.db'}"
    else:
        assert "PYTEST_XDIST_WORKER" not in os.environ, "one database is for one process: no -n"
        assert "test" in make_url(uri).database, "the tests empty their database: call it …test…"
        yield uri


@pytest.fixture(scope="session")
def empty_database(database_uri, tmp_path_factory):
    """``empty_database("ispyb_other_test")`` makes a database and returns its URI."""

    def make(name):
        if database_uri.startswith("sqlite"):
            return f"sqlite:///{tmp_path_factory.mktemp(name) / name}.db"
        return mariadb.empty_database(database_uri, name)

    return make


@pytest.fixture(scope="session")
def site(keys, database_uri, tmp_path_factory):
    """What a site sets, as its YAML file would; do not change it, copy it."""
    users = [
        {"login": login, "password": f"{login}-word", "token": f"{login}-token", "name": login}
        for login in USERS
    ]
    dummy = {
        "ENABLED": True,
        "AUTH_MODULE": "services.auth.plugins.dummy",
        "AUTH_CLASS": "DummyAuthentication",
        "CONFIG": {"users": users},
    }
    return {
        "site": {"name": "Test Light Source", "mode": "demo"},
        "database": {"uri": database_uri, "pool_size": 4},
        "tokens": {"issuer": ISSUER, "audience": "ispyb", "keys": str(keys)},
        "services": {
            name: {
                "enabled": True,
                "url": f"http://{name}:8000",
                "dialects": DIALECTS.get(name, []),
            }
            for name in SERVICES
        },
        "AUTH": [{"dummy": dummy}],
        "beamlines": ["i03", "i04", "m02"],
        "beamline_groups": [
            {"name": "MX", "permission": "mx_admin", "beamlines": ["i03"]},
            {"name": "EM", "permission": "em_admin", "beamlines": ["m02"]},
        ],
        "industrial_codes": ["in"],
        "file_roots": ["/data", str(tmp_path_factory.mktemp("files"))],
        "limits": {"requests_per_minute": 1_000_000},
        "cors": {"origins": ["https://ispyb.example.org"]},
    }


@pytest.fixture
def folder(site, tmp_path_factory):
    """A new folder below the last of the site's file roots."""
    root = Path(site["file_roots"][-1]) / tmp_path_factory.mktemp("x").name
    root.mkdir()
    return root


@pytest.fixture(scope="session")
def engine(database_uri):
    """A connection of the tests' own, on a database with every table and no row."""
    with database.opened(database_uri) as engine:
        yield engine


@pytest.fixture
def clean(engine, _forget):
    """Empties the tables that have rows; needed by whatever uses the database."""
    empty(engine)


@pytest.fixture
def _forget():
    """Lets the services forget the rows that they keep in memory."""
    callers.forget()
    paging.forget()
    revocations.note_change()


# ------------------------------------------------------------------ services and their clients


@pytest.fixture
def service(request):
    """The name of the service under test: its folder under tests/, else core."""
    name = request.path.relative_to(ROOT / "tests").parts[0]
    return name if name in SERVICES else "core"


@pytest.fixture(scope="session")
def built(site):
    """``built("core")`` is the app of that service, made at its first use."""
    apps = {}

    def build(name):
        if name not in apps:
            module = importlib.import_module(f"services.{name}.app")
            apps[name] = module.create_app(site)
        apps[name].testing = True
        return apps[name]

    yield build
    for app in apps.values():
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def app(service, built, clean):
    """The service under test, on an empty database."""
    return built(service)


@contextmanager
def serve(site):
    """The URL of the embedded gateway with all services of ``site``, on a real port."""
    from werkzeug.serving import WSGIRequestHandler, make_server

    from gateway.app import create_app

    class Handler(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"  # clients keep their connection, as they do with gunicorn

        def log(self, *_):
            """Say nothing: the services keep their own logs."""

    app = create_app(site)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        for service in app.services.values():
            with service.app_context():
                db.engine.dispose()


@pytest.fixture(scope="session")
def _serving(site, engine):
    with serve(site) as url:
        yield url


@pytest.fixture
def server(_serving, clean):
    """The URL of the embedded gateway with all services, on a real port and an empty database."""
    return _serving


@pytest.fixture
def add(_add, clean):
    """``add(*rows)`` commits rows, parents first; it leaves no context for requests to share."""
    return _add


@pytest.fixture(scope="session")
def _add(built):
    def commit(*rows):
        with built("core").app_context(), transaction_scope():
            for _, alike in groupby(rows, type):
                db.session.add_all(alike)
                db.session.flush()
            db.session.expunge_all()  # what the rows hold can still be read

    return commit


@pytest.fixture
def time_zone(monkeypatch):
    """``time_zone("IST-5:30")`` is the local time of what follows: 5.5 hours before UTC."""

    def move(name):
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield move
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(scope="session")
def operations(built):
    """The operations of all services, as the matrix names them."""
    from tests.operations import by_name

    return by_name(built)


@pytest.fixture(scope="session")
def _content(engine):
    with closing(database.Content(engine)) as content:
        yield content


@pytest.fixture
def add_once(_content, add):
    """``add_once(build, ...)`` adds what ``build(add, ...)`` adds, which runs once per session."""
    return lambda build, *arguments: _content.add_once(build, add, *arguments)


@pytest.fixture
def world(_content, _add, _forget, site):
    """``world()`` has the rows that the matrix speaks of, and no others."""
    from tests.world import build

    return lambda: _content.hold(build, _add, Path(site["file_roots"][-1]))


@pytest.fixture
def content(_content):
    """``content()`` is all that is stored: rows by table. Do not change it."""
    return _content.stored


@pytest.fixture(scope="session")
def call(built, operations, token):
    """``call("leader", "get /proposals")`` calls that operation as the matrix says."""
    from tests.calls import Caller

    return Caller(built, operations, token)


@pytest.fixture
def leaderless(engine, clean):
    """Proposal and session 99 of leader 0, whom nobody is: old databases have such rows."""
    from shared.models import BLSession, Proposal

    with unchecked(engine) as connection:
        connection.execute(insert(Proposal).values(proposalId=99, personId=0))
        connection.execute(insert(BLSession).values(sessionId=99, proposalId=99))


@pytest.fixture(scope="session")
def token(signing):
    """``token("alice", 1, "mx_write")`` is a signed token; keywords replace its claims.

    ``token("zocalo", None, "mx_write", service=True, beamlines=["i03"])`` is one of a program.
    """

    current, private = signing

    def sign(login, person_id=None, *permissions, kid=current, service=False, **claims):
        now = time.time()
        issued = {"sub": login, "personId": person_id, "permissions": permissions}
        issued |= {"iss": ISSUER, "aud": "ispyb", "iat": int(now), "exp": int(now) + 300}
        issued |= {"jti": uuid4().hex}
        if service:
            issued["service"] = True
        return jwt.encode({**issued, **claims}, private, "RS256", headers={"kid": kid})

    return sign


@pytest.fixture
def as_(app, token):
    """``as_("alice", 1, "mx_write")`` is a client that sends alice's token."""

    def client(*args, **claims):
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token(*args, **claims)}"
        return client

    return client


@pytest.fixture
def statements(app):
    """``with statements() as seen:`` collects the SQL that runs."""

    @contextmanager
    def watch():
        with app.app_context():
            engine, seen = db.engine, []

        def note(connection, cursor, statement, *_):
            if "RevokedToken" not in statement:  # which is asked once a second
                seen.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(engine, "before_cursor_execute", note)

    return watch


@pytest.fixture
def count(engine):
    """``count(Person)`` is the number of its rows."""

    def ask(model):
        with engine.connect() as connection:
            return len(connection.execute(model.__table__.select()).all())

    return ask


@pytest.fixture
def same():
    """``same(one, two)``: two answers cannot be told apart, but by the id of their request."""

    def check(one, two):
        assert one.status_code == two.status_code < 500
        texts = [answer.get_data(as_text=True) for answer in (one, two)]
        ids = [answer.headers["X-Request-ID"] for answer in (one, two)]
        assert texts[0].replace(ids[0], "") == texts[1].replace(ids[1], "")

    return check
