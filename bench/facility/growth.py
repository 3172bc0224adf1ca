"""The growth of each list with the database: by caller, filter and order."""

import sys
import tempfile
from collections.abc import Container
from pathlib import Path
from typing import NamedTuple

from flask import Flask

from bench.facility import lists
from bench.facility.callers import CALLERS, Client, build_app, build_site, sign_token
from bench.facility.observed import observe
from bench.facility.sizes import Size
from shared.db import db

MOST_SECONDS = 3  # of a statement: then the answer is a 503
FEW_ROWS = 1_000  # examined rows that do not matter, whatever they were before
LIMIT, FILTERED_LIMIT = 1.3, 1.5
REFUSED, SLOW = 422, 503

Key = tuple[str, str, str]  # path, caller, and the filter with its value or the order


class Measure(NamedTuple):
    """The cost of a request for the database."""

    status: int
    seconds: float
    rows: int


def measure(uri: str, size: Size) -> dict[Key, Measure]:
    """The cost of each list for each caller, plain and with each filter and order."""
    with tempfile.TemporaryDirectory(prefix="ispyb-bench-") as folder:
        app = build_app(build_site(uri, folder, MOST_SECONDS))
        try:
            return measure_app(app, folder, size)
        finally:
            with app.app_context():
                db.engine.dispose()


def measure_app(
    app: Flask,
    folder: str | Path,
    size: Size,
    filters: Container[str] | None = None,
    only: Container[Key] | None = None,
) -> dict[Key, Measure]:
    """The same of an app on a facility of ``size``, whose keys are in ``folder``.

    Paths are those of the specification: the keys in them differ from size to size. With
    ``filters``, only these are measured, without the rows of the count of the list; with ``only``,
    the pages of these keys.
    """
    costs: dict[Key, Measure] = {}
    clients = {name: Client(app, sign_token(folder, name)) for name in CALLERS}
    paths = lists.list_paths(app)
    with app.app_context():
        engine = db.engine
    with engine.connect() as connection:
        keys = {name: lists.list_keys(connection, size, name) for name in CALLERS}
    with observe(engine) as cost:
        for place, (path, operation) in enumerate(paths.items()):
            for name, client in clients.items():
                if filters is None:
                    _report(size, place / len(paths), path, name)
                for query in lists.list_queries(client, path, operation, keys[name]):
                    if filters is not None and query.kind and query.kind not in filters:
                        continue
                    key = (path, name, _describe(query))
                    if only is not None and key not in only:
                        continue
                    cost.clear()
                    status = client.get(query.path, query.parameters).status
                    rows = cost.count_rows(counts=filters is None)
                    costs[key] = Measure(status, cost.seconds, rows)
    return costs


def _describe(query: lists.Query) -> str:
    if query.kind == "sort":
        return f"sort={query.parameters['sort']}"
    return query.kind


def _report(size: Size, share: float, path: str, caller: str) -> None:
    line = f"bench: {size.collections:,} data collections: {share:.0%}, {caller}, {path}"
    sys.stderr.write(f"\r\033[K{line}")
    sys.stderr.flush()


def compare(small: Measure, large: Measure, few: int = FEW_ROWS) -> float:
    """The factor by which the rows examined grew; 1 while they are ``few``."""
    if large.status == REFUSED or large.rows <= few:
        return 1.0
    return large.rows / max(small.rows, few / 2)


def is_grown(key: Key, small: Measure, large: Measure, few: int = FEW_ROWS) -> bool:
    """Whether a page costs more on a large database than allowed; too slow counts as that."""
    limit = FILTERED_LIMIT if key[2] else LIMIT
    return large.status == SLOW or compare(small, large, few) > limit
