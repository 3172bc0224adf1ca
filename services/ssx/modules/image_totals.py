"""The totals of the images of serial runs: each chunk of images changes them by the difference.

The totals hold each value of resolution and unit cell with its number. So medians and histograms
are those of all images, and to compute them takes as long as there are different values.
"""

from typing import Any, NamedTuple

import numpy
from sqlalchemy import bindparam, select

from services.ssx.modules.histograms import compute_quantiles
from services.ssx.modules.image_blocks import (
    ABSENT,
    CELL,
    GRID,
    PEAKS,
    VALUES,
    pack,
    unpack,
    upsert,
)
from shared.db import db
from shared.service_tables import SerialTotals
from shared.statements import cache_statements

TABLE: Any = SerialTotals.__table__
COUNTED = VALUES[1:]  # resolution and cell
COUNTS = ("images", "hits", "indexed", "spots", "spotted")


class Counter(NamedTuple):
    """Integers, ascending, and how often each is there."""

    values: numpy.ndarray
    counts: numpy.ndarray

    def add(self, values: numpy.ndarray, counts: numpy.ndarray) -> "Counter":
        """The counter with ``counts`` more of ``values``, or fewer where they are negative."""
        at = numpy.searchsorted(self.values, values)
        is_there = at < self.values.size
        is_there[is_there] = self.values[at[is_there]] == values[is_there]
        sums, new = self.counts.copy(), ~is_there
        sums[at[is_there]] += counts[is_there]
        merged = Counter(
            numpy.insert(self.values, at[new], values[new]),
            numpy.insert(sums, at[new], counts[new]),
        )
        kept = merged.counts != 0
        return merged if kept.all() else Counter(merged.values[kept], merged.counts[kept])


EMPTY = Counter(numpy.zeros(0, numpy.int64), numpy.zeros(0, numpy.int64))


class Totals:
    """The totals of one run, which is locked while they change."""

    def __init__(self, run_id: int):
        self._run_id = run_id
        row = db.session.execute(_select(), {"dataCollectionId": run_id}).first()
        self._numbers: dict[str, int] = dict.fromkeys(COUNTS, 0)
        self._counters = [EMPTY] * len(COUNTED)
        if row is not None:
            *numbers, packed = row
            self._numbers.update(zip(COUNTS, numbers))
            self._counters = unpack_counters(packed)

    def add(self, states: numpy.ndarray, values: numpy.ndarray, sign: int = 1) -> None:
        """Add images, or remove them with ``sign`` -1; the arrays are those of ``Blocks``."""
        _, hits, indexed = states
        spots = values[0][hits & (values[0] != ABSENT)]
        numbers = (*states.sum(axis=1), spots.sum(), spots.size)
        for name, number in zip(COUNTS, numbers):
            self._numbers[name] += sign * int(number)
        for place, column in enumerate(values[1:]):
            counted = hits if place + 1 < PEAKS else indexed
            distinct, counts = numpy.unique(
                column[counted & (column != ABSENT)], return_counts=True
            )
            if distinct.size:
                self._counters[place] = self._counters[place].add(distinct, sign * counts)

    def store(self) -> None:
        """Insert the totals, or replace the stored ones."""
        resolution = self._counters[0]
        row = {
            "dataCollectionId": self._run_id,
            **self._numbers,
            "resolution": int(resolution.values @ resolution.counts),
            "resolved": int(resolution.counts.sum()),
            "bestResolution": int(resolution.values[0]) if resolution.values.size else None,
            "medians": {
                name: compute_quantiles(counter.values / GRID, counter.counts, (0.5,))[0]
                for name, counter in zip(COUNTED, self._counters)
                if counter.values.size
            },
            "histograms": pack_counters(self._counters),
        }
        connection = db.session.connection()
        connection.execute(upsert(connection.dialect, TABLE, ("dataCollectionId",)), [row])


def pack_counters(counters: list[Counter]) -> bytes:
    """The bytes of counters: their lengths, then the steps between values, and the counts."""
    parts: list[Any] = [[counter.values.size for counter in counters]]
    for counter in counters:
        parts += [numpy.diff(counter.values, prepend=0), counter.counts]
    return pack(numpy.concatenate(parts))


def unpack_counters(packed: bytes) -> list[Counter]:
    """The counters that ``pack_counters`` packed, in the order of COUNTED."""
    numbers, counters = unpack(packed, 1)[0].astype(numpy.int64), []
    at = len(COUNTED)
    for length in numbers[: len(COUNTED)]:
        steps, counts = numbers[at : at + 2 * length].reshape(2, length)
        counters.append(Counter(numpy.cumsum(steps), counts))
        at += 2 * length
    return counters


def merge_cells(packed: list[bytes]) -> dict[str, Counter]:
    """The counters of the six parameters of unit cells, of several runs together."""
    runs = [unpack_counters(each)[PEAKS - 1 :] for each in packed]
    merged = {}
    for name, counters in zip(CELL, zip(*runs) if runs else [[]] * len(CELL)):
        total, *others = sorted(counters, key=lambda each: -each.values.size) or [EMPTY]
        for counter in others:
            total = total.add(*counter)
        merged[name] = total
    return merged


@cache_statements(1)
def _select() -> Any:
    names = (*COUNTS, "histograms")
    return select(*(TABLE.c[name] for name in names)).where(
        TABLE.c.dataCollectionId == bindparam("dataCollectionId")
    )
