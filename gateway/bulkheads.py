"""Bulkheads: a limit on the requests of one kind that run at once, so that other kinds can run.

A request that waits, for a row lock or a slow query, occupies its thread. A worker therefore has
more threads than work at once, and no kind of request occupies more than its share of them.
"""

import re
import time
from collections.abc import Hashable
from http import HTTPStatus
from typing import NamedTuple

from werkzeug.wrappers import Response

from gateway.embedded import name_request, problem
from shared import log

SPARE = 8  # threads beside those that work: with the pool's ten more connections each has its own
SPARE_FOR_WRITES = 4
WORKING_SECONDS = 1  # a request that runs longer counts as waiting
READS = ("GET", "HEAD", "OPTIONS")
RETRY_SECONDS = 2
KEY = re.compile(r"/[^/]*[0-9%][^/]*")


class Kind(NamedTuple):
    """The requests of one route, as far as the path shows it: they wait for the same things."""

    writes: bool
    route: str


def kind_of(method: str, path: str) -> Kind:
    """The kind of a request: whether it writes, and its method and path without keys."""
    return Kind(method not in READS, f"{method} {KEY.sub('/*', path)}")


class _Run(NamedTuple):
    kind: Kind
    started: float


class Bulkheads:
    """The running requests of a worker, by any key.

    At most ``threads`` requests work at once, at most ``threads`` of one kind run, working or
    waiting, and writes never occupy all threads.
    """

    def __init__(self, threads: int):
        self.size = threads + SPARE
        self._threads = threads
        self._runs: dict[Hashable, _Run] = {}

    def __len__(self) -> int:
        return len(self._runs)

    def start(self, key: Hashable, kind: Kind) -> None:
        """Note the start of a request."""
        self._runs[key] = _Run(kind, time.monotonic())

    def finish(self, key: Hashable) -> None:
        """Note the end of a request."""
        del self._runs[key]

    def has_room(self) -> bool:
        """Whether a request of some kind may start now."""
        working = len(self._runs) - len(self._waiting())
        return working < self._threads and len(self._runs) < self.size

    def admits(self, kind: Kind) -> bool:
        """Whether a request of ``kind`` may start now."""
        return self.has_room() and not self._full(kind, list(self._runs.values()))

    def is_held(self, kind: Kind) -> bool:
        """Whether waiting requests occupy all threads that ``kind`` may have."""
        return self._full(kind, self._waiting())

    def _waiting(self) -> list[_Run]:
        begun = time.monotonic() - WORKING_SECONDS
        return [run for run in self._runs.values() if run.started <= begun]

    def _full(self, kind: Kind, runs: list[_Run]) -> bool:
        same = sum(run.kind == kind for run in runs)
        writes = sum(run.kind.writes for run in runs)
        return (
            len(runs) >= self.size
            or same >= self._threads
            or (kind.writes and writes >= self._threads + SPARE_FOR_WRITES)
        )


def refusal(environ: dict) -> Response:
    """The answer to a request that waited too long for a thread; it is logged."""
    name_request(environ)
    status, request_id = HTTPStatus.SERVICE_UNAVAILABLE, environ["HTTP_X_REQUEST_ID"]
    extra = {"method": environ["REQUEST_METHOD"], "path": environ["PATH_INFO"]}
    extra |= {"status": status.value, "requestId": request_id}
    log.configure().warning("refused", extra=extra)
    detail = "requests of this kind wait for something slow: try again in a moment"
    answer = problem(environ, status, detail)
    answer.headers.update({"Retry-After": str(RETRY_SECONDS), "X-Request-ID": request_id})
    return answer
