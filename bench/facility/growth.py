"""The growth of each list with the database: by caller, filter and order."""

import sys
import tempfile
from typing import NamedTuple

from sqlalchemy import create_engine

from bench.facility import lists
from bench.facility.callers import CALLERS, Client, build_app, build_site, sign_token
from bench.facility.observed import observe
from bench.facility.sizes import Size
from shared.db import db, engine_options

MOST_SECONDS = 3  # of a statement: then the answer is a 503
FEW_ROWS = 1_000  # examined rows that do not matter, whatever they were before
FEW_SECONDS = 0.003
LIMIT, FILTERED_LIMIT = 1.3, 1.5
REFUSED, SLOW = 422, 503

Key = tuple[str, str, str]  # path, caller, and the filter with its value or the order


class Measure(NamedTuple):
    """The cost of a request for the database."""

    status: int
    seconds: float
    rows: int
    statements: int


def measure(uri: str, size: Size, show_progress: bool = True) -> dict[Key, Measure]:
    """The cost of each list for each caller, plain and with each filter and order.

    Paths are those of the specification: the keys in them differ from size to size.
    """
    costs: dict[Key, Measure] = {}
    with tempfile.TemporaryDirectory(prefix="ispyb-bench-") as folder:
        app = build_app(build_site(uri, folder, MOST_SECONDS))
        clients = {name: Client(app, sign_token(folder, name)) for name in CALLERS}
        paths = lists.list_paths(app)
        engine = create_engine(uri, **engine_options(uri, 1))
        with engine.connect() as connection:
            keys = {name: lists.list_keys(connection, size, name) for name in CALLERS}
        engine.dispose()
        with app.app_context():
            engine = db.engine
        with observe(engine) as cost:
            for place, (path, operation) in enumerate(paths.items()):
                for name, client in clients.items():
                    if show_progress:
                        _report(size, place / len(paths), path, name)
                    for query in lists.list_queries(client, path, operation, keys[name]):
                        cost.clear()
                        status = client.get(query.path, query.parameters).status
                        key = (path, name, _describe(query))
                        costs[key] = Measure(status, cost.seconds, cost.rows, cost.statements)
        engine.dispose()
    return costs


def _describe(query: lists.Query) -> str:
    if query.kind == "sort":
        return f"sort={query.parameters['sort']}"
    return query.kind


def _report(size: Size, share: float, path: str, caller: str) -> None:
    line = f"bench: {size.collections:,} data collections: {share:.0%}, {caller}, {path}"
    sys.stderr.write(f"\r\033[K{line}")
    sys.stderr.flush()


def compare(small: Measure, large: Measure) -> float:
    """The factor by which the rows examined grew; 1 while they are few."""
    if large.status == REFUSED or large.rows <= FEW_ROWS:
        return 1.0
    return large.rows / max(small.rows, FEW_ROWS / 2)


def is_grown(key: Key, small: Measure, large: Measure) -> bool:
    """Whether a page costs more on a large database than allowed; too slow counts as that."""
    if large.status == SLOW:
        return True
    return compare(small, large) > (FILTERED_LIMIT if key[2] else LIMIT)
