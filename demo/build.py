"""Fills an empty database with the simulated facility."""

from collections.abc import Mapping
from datetime import date
from importlib import import_module
from itertools import chain, count
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, func, insert, inspect, make_url, select
from tqdm import tqdm

from demo import files
from demo.acquisitions import acquire
from demo.beamlines import beamlines
from demo.experiments import experiments
from demo.lookups import lookups
from demo.people import people
from demo.proposals import proposal
from demo.rows import Rows, World
from demo.serials import measure
from shared import config, dbcheck
from shared.db import Base, engine_options, own_file
from shared.errors import Conflict
from shared.models import BLSession, Laboratory, Person, Proposal
from shared.settings import ROOT_WORDS, known_services

PROPOSALS = 20  # at scale 1
CHUNK = 200  # proposals that are inserted together


def build(site: Mapping, scale: int = 1, seed: int = 1, reset: bool = False) -> dict[str, int]:
    """Fill the database of ``site``; ``reset`` removes an existing SQLite database.

    Pictures and log files go to the first of the site's file roots that holds those of all.
    """
    uri = config.database_uri(site)
    if reset:
        _remove(uri)
    engine = create_engine(uri, **engine_options(uri, 1))
    try:
        roots = (Path(root) for root in site.get("file_roots", ()))
        plain = (root for root in roots if not {*root.parts} & {*ROOT_WORDS})
        return fill(engine, scale, seed, folder=next(plain, None))
    finally:
        engine.dispose()


def fill(
    engine: Engine,
    scale: int = 1,
    seed: int = 1,
    today: date | None = None,
    folder: Path | None = None,
) -> dict[str, int]:
    """Fill the empty database of ``engine``, in one transaction; return rows by table.

    A database without any table gets ISPyB's; one that has tables must have those we need.
    Scale 1 has 20 proposals and about 200 sessions. The rows depend on nothing but ``scale``,
    ``seed``, ``today`` and ``folder``, where the files are written that rows name.
    """
    _prepare(engine)
    with engine.execution_options(writes=True).begin() as connection:
        _refuse_rows(connection)
        kinds = lookups(connection)
        world = World(seed, today or date.today(), _keys(connection), kinds)
        if folder:
            files.write(folder)
            world.folder = str(folder)
        sizes = _insert(connection, people(world, scale))
        sizes |= _insert(connection, beamlines(world))
        rows: Rows = {}
        total = PROPOSALS * scale
        for number in tqdm(range(total), "Simulating", unit=" proposals", disable=None):
            visits = proposal(world, rows, number)
            experiments(world, rows, [v for v in visits if v.beamline.technique == "mx"])
            used = [visit for visit in visits if visit.used]
            measure(world, rows, [v for v in used if v.beamline.technique == "ssx"])
            for visit in used:
                if visit.beamline.technique == "em":
                    acquire(world, rows, visit)
            if number % CHUNK == CHUNK - 1 or number == total - 1:
                for table, size in _insert(connection, rows).items():
                    sizes[table] = sizes.get(table, 0) + size
                rows.clear()
    return sizes


def _remove(uri: str) -> None:
    """Remove both files of an SQLite database; Conflict for a database of a server."""
    url = make_url(uri)
    if not url.drivername.startswith("sqlite"):
        raise Conflict("only an SQLite database can be reset: empty that of a server by hand")
    if url.database and url.database != ":memory:":
        for file in (url.database, own_file(url.database)):
            for end in ("", "-journal", "-wal", "-shm"):
                Path(f"{file}{end}").unlink(missing_ok=True)


def _prepare(engine: Engine) -> None:
    """Create all tables in an empty database, also those of services without rows here."""
    for service in known_services():
        import_module(f"services.{service}.models")
    if not inspect(engine).get_table_names():
        Base.metadata.create_all(engine)
        return
    gaps = dbcheck.missing(engine, {"the demo": Base.metadata.tables.values()})
    if gaps:
        raise Conflict(f"the database is not complete: {'; '.join(map(str, gaps))}")


def _refuse_rows(connection: Connection) -> None:
    for model in (Proposal, BLSession, Person, Laboratory):
        if connection.execute(select(model.__table__).limit(1)).first():
            raise Conflict(
                f"the database is not empty, its table {model.__tablename__} has rows: "
                "the simulated facility only fills an empty one"
            )


def _keys(connection: Connection) -> dict:
    """Counters of the primary keys, which begin after the stored rows."""
    keys = {}
    for mapper in Base.registry.mappers:
        first, *others = mapper.primary_key
        if not others:
            keys[mapper.class_] = count((connection.scalar(select(func.max(first))) or 0) + 1)
    return keys


def _insert(connection: Connection, rows: Rows) -> dict[str, int]:
    """Insert ``rows``, parents first, and return their number by table."""
    by_table = {model.__table__: values for model, values in rows.items()}
    sizes = {}
    for table in Base.metadata.sorted_tables:
        if values := by_table.get(table):
            blank = dict.fromkeys(chain.from_iterable(values))
            connection.execute(insert(table), [blank | row for row in values])
            sizes[table.name] = len(values)
    return sizes
