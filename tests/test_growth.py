"""No list's first page reads more rows on a database of four times the size, whoever asks.

The numbers are steps of SQLite's virtual machine, which do not depend on load. The count of a list
is left out, as it ends at 10,000 rows. ``make bench SCALE=full`` measures the same on large
databases of MariaDB, with all filters and orders.
"""

import pytest

from bench.facility import growth, seed
from bench.facility.callers import CALLERS, ROOT, build_app, build_site
from bench.facility.sizes import QUICK, Size
from shared import callers
from shared.db import db
from tests.database import empty

pytestmark = pytest.mark.sqlite  # MariaDB scans small tables whatever the index
SMALL, LARGE = 1_000, 4_000  # data collections
MOST_KEYS = 30  # so that staff of half of the sessions have too many for a list of keys here too
FEW = 4_000  # steps of SQLite
FILTERS = ("proposal", "session")  # these narrow a list by tables beside its own
GROWING: dict[tuple[str, str], list[str]] = {  # the lists, by caller and filter
    ("big beamline", ""): [
        *("/containers", "/dewars", "/events/types", "/proposals", "/samples/proteins"),
        *("/screenings", "/shipments"),
    ],
    ("big beamline", "proposal"): [
        "/beamline/robot_actions",
        "/data_collections/groups",
    ],
    ("big beamline", "session"): [
        *("/containers", "/samples", "/shipments"),
    ],
    ("manager", ""): [
        *("/containers", "/events/types", "/processing_jobs", "/proposals", "/samples/proteins"),
        *("/screenings", "/shipments"),
    ],
    ("manager", "proposal"): [
        "/beamline/robot_actions",
        "/data_collections/groups",
        "/samples/diffraction_plans",
    ],
    ("manager", "session"): [
        "/samples",
    ],
    ("small beamline", ""): [
        "/containers/{container_id}/results",
        "/screenings",
    ],
    ("small beamline", "proposal"): [
        "/events",
    ],
    ("user", ""): [
        "/beamline/robot_actions",
        "/data_collections/groups",
    ],
    ("user", "proposal"): [
        "/beamline/robot_actions",
        "/data_collections/groups",
        "/samples/diffraction_plans",
    ],
}


@pytest.fixture
def costs(engine, clean, database_uri, tmp_path, monkeypatch):
    """The cost of each page on the large database, and on the small one where it is not small."""
    monkeypatch.setattr(callers, "MOST_KEYS", MOST_KEYS)
    app = build_app(build_site(database_uri, tmp_path / "keys"))

    def measure(collections, only=None):
        size = Size(collections, **QUICK)
        empty(engine)
        seed.fill(engine, size, progress=False)
        with app.app_context():
            db.engine.dispose()  # SQLite reads the statistics of its planner when it connects
        return growth.measure_app(app, tmp_path / "keys", size, FILTERS, only)

    large = measure(LARGE)
    yield measure(SMALL, {key for key, one in large.items() if one.rows > FEW}), large
    with app.app_context():
        db.engine.dispose()
    empty(engine)
    with engine.begin() as connection:  # other tests have no statistics
        connection.exec_driver_sql("DELETE FROM sqlite_stat1")


def test_pages_do_not_grow(costs):
    """Each exception stands in ``GROWING``, which has no other."""
    small, large = costs
    assert {one.status for one in large.values()} <= {200, growth.REFUSED}
    assert len({path for path, _, filter_ in large if not filter_}) > 30
    grown: dict[tuple[str, str], list[str]] = {}
    for key, one in large.items():
        if growth.is_grown(key, small.get(key, one), one, FEW):
            path, caller, filter_ = key
            grown.setdefault((caller, filter_), []).append(path.removeprefix(ROOT))
    assert {key: sorted(paths) for key, paths in grown.items()} == GROWING
    assert {caller for _, caller, _ in large} == set(CALLERS)
