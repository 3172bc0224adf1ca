"""Fixtures for every service: a test in tests/<name>/ gets the app of services/<name>.

The suite runs on SQLite in a temporary folder, or on the MariaDB that ISPYB_TEST_DATABASE_URI
names. Apps and tables are made once; each test finds the tables empty. With ISPYB_TEST_SCHEMA set
to "official" the tables are those of the official ORM, not of our models.
"""

import importlib
import os
import pkgutil
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import jwt
import pytest
from sqlalchemy import create_engine, event, insert, make_url
from sqlalchemy.engine import Engine

import services
from shared import keys as keyring
from shared.db import OWN, Base, OwnBase, db, engine_options, transaction_scope
from tests import mariadb

ROOT = Path(__file__).parent.parent
SERVICES = sorted(path.parent.name for path in ROOT.glob("services/*/app.py"))
DIALECTS = {"core": ["mxcube", "expeye"]}
ISSUER = "https://ispyb.example.org"
OURS = "made by the tests of ISPyB Services"  # marks the ispyb_services that tests may empty
USERS = ["alice", "bob", "carol", "dave", "erin"]  # of the dummy plugin


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
def database_uri(tmp_path_factory):
    """The database of the tests, which they empty."""
    uri = os.environ.get("ISPYB_TEST_DATABASE_URI")
    if uri is None:
        return f"sqlite:///{tmp_path_factory.mktemp('database') / 'ispyb_test.db'}"
    assert "test" in make_url(uri).database, "the tests empty their database: call it …test…"
    return uri


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
    for module in pkgutil.walk_packages(services.__path__, "services."):
        if ".models." in f"{module.name}.":
            importlib.import_module(module.name)
    importlib.import_module("shared.models")
    importlib.import_module("shared.own")
    if database_uri.startswith("sqlite"):
        event.listen(Engine, "connect", _hurry)
    else:
        _own_database(database_uri)
        mariadb.empty_database(database_uri, make_url(database_uri).database)
    if os.environ.get("ISPYB_TEST_SCHEMA") == "official":
        _official_tables(database_uri)
    engine = create_engine(database_uri, **engine_options(database_uri, 1))
    Base.metadata.create_all(engine)  # of official tables there is none left to make
    OwnBase.metadata.create_all(engine)
    yield engine
    engine.dispose()


def _hurry(connection, _):
    """SQLite need not wait for the disk: nobody reads this database after a crash."""
    for database in ("main", OWN):
        connection.execute(f"PRAGMA {database}.synchronous = OFF")


def _own_database(uri):
    """Make ``ispyb_services`` anew, unless it belongs to somebody else."""
    engine = create_engine(make_url(uri).set(database=None))
    query = "SELECT schema_comment FROM information_schema.schemata WHERE schema_name = %s"
    with engine.begin() as connection:
        found = connection.exec_driver_sql(query, (OWN,)).scalars().all()
        assert found in ([], [OURS]), f"{OWN} of this server is not ours to empty"
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {OWN}")
        connection.exec_driver_sql(f"CREATE DATABASE {OWN} CHARACTER SET utf8mb4 COMMENT '{OURS}'")
    engine.dispose()


def _official_tables(uri):
    """Make the tables as the official ORM has them; its zero dates pass no strict server."""
    from ispyb.sqlalchemy import Base as Official

    engine = create_engine(uri, connect_args={"sql_mode": ""})
    Official.metadata.create_all(engine)
    engine.dispose()


@contextmanager
def unchecked(engine):
    """A connection that minds no foreign keys; it commits at the end."""
    sqlite = engine.dialect.name == "sqlite"
    checks = "PRAGMA foreign_keys = " if sqlite else "SET foreign_key_checks = "
    with engine.connect() as connection:
        raw = connection.connection.driver_connection.cursor()
        raw.execute(checks + "0")
        try:
            yield connection
            connection.commit()
        finally:
            connection.rollback()
            raw.execute(checks + "1")


def empty(engine):
    """Delete all rows."""
    tables = [*Base.metadata.tables.values(), *OwnBase.metadata.tables.values()]
    name = engine.dialect.identifier_preparer.format_table
    with unchecked(engine) as connection:
        ask = " UNION ALL ".join(
            f"SELECT {number} FROM (SELECT 1) one WHERE EXISTS (SELECT 1 FROM {name(table)})"
            for number, table in enumerate(tables)
        )
        for number in connection.exec_driver_sql(ask).scalars().all():
            connection.execute(tables[number].delete())


@pytest.fixture
def clean(engine):
    """Empties the tables that have rows; needed by whatever uses the database."""
    empty(engine)


# ------------------------------------------------------------------ services and their clients


@pytest.fixture
def service(request):
    """The name of the service under test: its folder under tests/, else core."""
    name = request.path.parent.name
    return name if name in SERVICES else "core"


@pytest.fixture(scope="session")
def built(site, engine):
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
def add(built, clean):
    """``add(*rows)`` commits rows, parents first; it leaves no context for requests to share."""

    def commit(*rows):
        with built("core").app_context(), transaction_scope():
            for row in rows:
                db.session.add(row)
                db.session.flush()
            db.session.expunge_all()  # what the rows hold can still be read

    return commit


@pytest.fixture(scope="session")
def operations(built):
    """The operations of all services, as the matrix names them."""
    from tests.operations import by_name

    return by_name(built)


@pytest.fixture
def world(add, engine, site):
    """``world()`` has the rows that the matrix speaks of, and no others."""
    from tests.world import build

    def make():
        empty(engine)
        build(add, Path(site["file_roots"][-1]))

    return make


@pytest.fixture
def leaderless(engine, clean):
    """Proposal and session 99 of leader 0, whom nobody is: old databases have such rows."""
    from shared.models import BLSession, Proposal

    with unchecked(engine) as connection:
        connection.execute(insert(Proposal).values(proposalId=99, personId=0))
        connection.execute(insert(BLSession).values(sessionId=99, proposalId=99))


@pytest.fixture
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
            seen.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(engine, "before_cursor_execute", note)

    return watch
