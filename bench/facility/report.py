"""The parts of the page of figures that need whole facilities, and their databases."""

import gc
import logging
import os
import sys
from collections.abc import Iterator
from time import monotonic

from bench.facility import calls, growth, seed, writes
from bench.facility.callers import CALLERS, ROOT
from bench.facility.growth import Key, Measure
from bench.facility.sizes import Size
from shared.log import LOGGER
from tests import database, mariadb

SCALES = {"full": (100_000, 1_000_000), "huge": (100_000, 1_000_000, 10_000_000)}
CALLS = 300_000  # data collections of the facility whose calls are measured
WRITTEN = 20_000  # of the facility that pipelines write to
MEMORY = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
OPTIONS = [
    *mariadb.FAST,
    f"--innodb-buffer-pool-size={max(1 << 28, MEMORY // 4)}",
    "--innodb-log-file-size=1G",
]
NAME = "ispyb_facility_test"


def measure(scale: str) -> Iterator[tuple[str, list[str]]]:
    """The names of the parts of the page, and their lines."""
    logging.getLogger(LOGGER).setLevel(logging.WARNING)  # of core in this process
    lines = ["| data collections | rows | seconds to fill |", "|---|---|---|"]
    with mariadb.running(NAME, OPTIONS) as uri:
        size = Size(CALLS)
        lines.append(_fill(uri, size))
        _say("calling as interfaces do")
        figures = calls.measure(uri, size)
        yield "calls", list(calls.build_table(figures))
        yield "driver", list(calls.compare_with_driver(uri))
        costs = {}
        for collections in SCALES[scale]:
            size = Size(collections)
            lines.append(_fill(uri, size))
            costs[collections] = growth.measure(uri, size)
            gc.collect()
    with mariadb.running(NAME, mariadb.SAFE) as uri:
        _fill(uri, Size(WRITTEN))
        _say("writing as pipelines do")
        yield "writes", list(writes.rates(uri))
    yield "facility", lines
    yield "lists", list(_build_lists(costs))
    yield "growing", list(_build_growing(costs))
    yield "refused", list(_build_refused(costs))


def _fill(uri: str, size: Size) -> str:
    """Make the facility in place of the one before, and return its line of the table."""
    begin = monotonic()
    with database.opened(uri) as engine:
        seed.fill(engine, size)
    seconds = monotonic() - begin
    return f"| {2 * size.groups:,} | {seed.count_rows(size):,} | {seconds:.0f} |"


def _build_lists(costs: dict[int, dict[Key, Measure]]) -> Iterator[str]:
    """The first page of each list, the dearest first, for each caller."""
    first, *_, last = costs.values()
    names = CALLERS
    yield f"| list | {' | '.join(names)} |"
    yield f"|---|{'---|' * len(names)}"
    paths = dict.fromkeys(path for path, _, _ in first)
    plain = {path: [(path, name, "") for name in names] for path in paths}

    def dearest(path: str) -> float:
        return max(last[key].seconds for key in plain[path])

    for path in sorted(paths, key=dearest, reverse=True):
        cells = (_build_cell([one[key] for one in costs.values()], key) for key in plain[path])
        yield f"| {path.removeprefix(ROOT)} | {' | '.join(cells)} |"


def _build_cell(measures: list[Measure], key: Key) -> str:
    """CPU ms and rows examined at each size; bold where they grow too much."""
    text = ", ".join(f"{_format(one)} ({one.rows:,})" for one in measures)
    grown = growth.is_grown(key, measures[0], measures[-1])
    return f"**{text}**" if grown else text


def _format(one: Measure) -> str:
    return f"{one.seconds * 1e3:.1f}" if one.status == 200 else f"error {one.status}"


def _build_growing(costs: dict[int, dict[Key, Measure]]) -> Iterator[str]:
    """The filters and orders with which a page grows too much."""
    first, *_, last = costs.values()
    yield "| list | filter or order | caller | CPU ms | rows examined | growth |"
    yield "|---|---|---|---|---|---|"
    for key, small in first.items():
        large = last.get(key)
        if key[2] and large is not None and growth.is_grown(key, small, large):
            path, name, kind = key
            seconds = f"{_format(small)} → {_format(large)}"
            rows = f"{small.rows:,} → {large.rows:,}"
            factor = f"{growth.compare(small, large):.1f}"
            place = path.removeprefix(ROOT)
            yield f"| {place} | {kind} | {name} | {seconds} | {rows} | {factor} |"


def _build_refused(costs: dict[int, dict[Key, Measure]]) -> Iterator[str]:
    """The filters and orders that are refused on the largest database."""
    *_, last = costs.values()
    refused: dict[tuple[str, str], list[str]] = {}
    for (path, name, kind), one in last.items():
        if one.status == growth.REFUSED:
            refused.setdefault((path.removeprefix(ROOT), name), []).append(kind)
    yield "| list | caller | refused |"
    yield "|---|---|---|"
    for (path, name), kinds in refused.items():
        yield f"| {path} | {name} | {', '.join(kinds)} |"


def _say(text: str) -> None:
    sys.stderr.write(f"bench: {text} ...\n")
