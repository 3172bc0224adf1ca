"""Metrics for Prometheus: requests and their seconds, by service, route, method and status.

The figures of a server are in memory that its processes share. Each process writes to a part of
its own; a process that replaces another one continues that one's part. They are in no file, so a
full disk cannot fail a request that is already committed.
"""

import mmap
import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import accumulate
from operator import add
from threading import Lock

from flask import Flask, Response, request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from shared import request_context

LABELS = ("service", "route", "method", "status")
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}  # others: "other"
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, float("inf"))
ROWS = 4096  # of a part: combinations of labels; later ones are not counted
NAME_BYTES = 256  # of a row: the length of the labels, and the labels
NUMBERS = len(BUCKETS) + 1  # of a row: requests by bucket, and their seconds
ROW_BYTES = NAME_BYTES + 8 * NUMBERS
SEPARATOR = "\0"


class Figures(Collector):
    """Histograms of seconds, in memory that the processes forked from this one share."""

    def __init__(self) -> None:
        self.divide(1)

    def divide(self, parts: int) -> None:
        """Clear all figures, and make room for so many processes; unused pages cost no memory."""
        self._bytes = mmap.mmap(-1, parts * ROWS * ROW_BYTES)
        self._doubles = memoryview(self._bytes).cast("d")
        self._parts = parts
        self.enter(0)

    def enter(self, part: int | None) -> None:
        """Continue the figures of ``part``; None if all parts are in use: nothing is counted."""
        self._lock = Lock()
        self._first = 0 if part is None else part * ROWS
        self._free = self._first  # a row; behind the last one if there is no room
        self._end = self._first if part is None else self._first + ROWS
        self._rows: dict[str, int] = {}
        if part is not None:
            self._rows = {name: row for row, name in self._names(part)}
            self._free += len(self._rows)

    def note(self, labels: Iterable[object], seconds: float) -> None:
        """Count one request."""
        name = SEPARATOR.join(map(str, labels))
        with self._lock:
            row = self._rows.get(name)
            if row is None:
                row = self._add(name)
            if row is not None:
                first = _first_number(row)
                self._doubles[first + bisect_left(BUCKETS, seconds)] += 1
                self._doubles[first + len(BUCKETS)] += seconds

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """The sums over all processes, including ended ones."""
        sums: dict[str, list[float]] = {}
        for part in range(self._parts):
            for row, name in self._names(part):
                first = _first_number(row)
                numbers: list = self._doubles[first : first + NUMBERS].tolist()
                sums[name] = [*map(add, sums[name], numbers)] if name in sums else numbers
        family = HistogramMetricFamily(
            "ispyb_request_seconds", "Seconds per request", labels=LABELS
        )
        bounds = [floatToGoString(bound) for bound in BUCKETS]
        for name, (*counts, seconds) in sums.items():
            buckets = list(zip(bounds, accumulate(counts)))
            family.add_metric(name.split(SEPARATOR), buckets, seconds)
        yield family

    def _add(self, name: str) -> int | None:
        """Take the next row for ``name``; its length is written last, as others may read it."""
        encoded, row = name.encode(), self._free
        if row >= self._end or len(encoded) >= NAME_BYTES:
            return None
        start = row * ROW_BYTES
        self._bytes[start + 1 : start + 1 + len(encoded)] = encoded
        self._bytes[start] = len(encoded)
        self._rows[name] = row
        self._free += 1
        return row

    def _names(self, part: int) -> Iterator[tuple[int, str]]:
        for row in range(part * ROWS, (part + 1) * ROWS):
            start = row * ROW_BYTES
            length = self._bytes[start]
            if not length:
                return
            yield row, self._bytes[start + 1 : start + 1 + length].decode()


def _first_number(row: int) -> int:
    """The place of the numbers of ``row`` among all doubles."""
    return (row * ROW_BYTES + NAME_BYTES) // 8


FIGURES = Figures()  # of this process and of those that it forks


def measure(app: Flask) -> None:
    """Measure every request of ``app`` and show the figures of all processes at ``/metrics``."""

    def note(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "none"
        method = request.method if request.method in METHODS else "other"
        context = request_context.current()
        labels = (context.service, route, method, response.status_code)
        FIGURES.note(labels, time.perf_counter() - context.started)
        return response

    def show() -> Response:
        return Response(generate_latest(FIGURES), content_type=CONTENT_TYPE_LATEST)

    app.after_request(note)
    app.add_url_rule("/metrics", view_func=show)
