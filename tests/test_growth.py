"""No list's first page reads more rows on a database of four times the size, whoever asks.

The numbers do not depend on the machine: on MariaDB they are rows that the storage engine read,
on SQLite steps of its virtual machine. The count of a list is left out, as it ends at 10,000 rows.
``make bench SCALE=full`` measures the same on large databases, with all filters and orders.
"""

import pytest

from bench.facility import growth, seed
from bench.facility.callers import CALLERS, ROOT, build_app, build_site
from bench.facility.sizes import QUICK, Size
from shared.db import db
from tests.database import empty

COLLECTIONS = 1_000, 4_000
FEW = {"sqlite": 4_000, "mysql": 1_000}
FILTERS = ("proposal", "session")  # these narrow a list by tables beside its own
GROWING: dict[str, set[tuple[str, str, str]]] = {"sqlite": set(), "mysql": set()}


@pytest.fixture
def costs(engine, clean, database_uri, tmp_path):
    """The cost of each page on the small and on the large database."""
    app = build_app(build_site(database_uri, tmp_path / "keys"))
    measures = []
    for collections in COLLECTIONS:
        size = Size(collections, **QUICK)
        empty(engine)
        seed.fill(engine, size, progress=False)
        with app.app_context():
            db.engine.dispose()  # SQLite reads the statistics of its planner when it connects
        measures.append(growth.measure_app(app, tmp_path / "keys", size, FILTERS))
    with app.app_context():
        db.engine.dispose()
    yield measures
    empty(engine)
    if engine.dialect.name == "sqlite":
        with engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM sqlite_stat1")


def test_pages_do_not_grow(engine, costs):
    """Each exception stands in ``GROWING``, which has no other."""
    small, large = costs
    kind = engine.dialect.name
    assert {one.status for one in large.values()} <= {200, growth.REFUSED}
    assert len({path for path, _, filter_ in large if not filter_}) > 30
    grown = {
        (path.removeprefix(ROOT), caller, filter_)
        for (path, caller, filter_), one in large.items()
        if growth.is_grown((path, caller, filter_), small[path, caller, filter_], one, FEW[kind])
    }
    assert grown == GROWING[kind]
    assert {caller for _, caller, _ in large} == set(CALLERS)
