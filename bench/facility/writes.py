"""Writes of pipelines through REST: results of processing, and the quality of images."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

import orjson

from bench import quality, results
from bench.facility.served import Connection, serve

CLIENTS, DOCUMENTS, IMAGES = 8, 400, 10_000
ROUNDS = 40  # documents of images

Send = Callable[[Connection, int], None]


def rates(uri: str) -> Iterator[str]:
    """CPU of a call, and calls per second by one client and by eight."""
    yield (
        "| call | CPU ms, service + database | calls per second, one client"
        f" | {CLIENTS} clients | p95 of these, ms |"
    )
    yield "|---|---|---|---|---|"
    with serve(uri) as site:
        for name, send, number in (
            ("POST /autoproc/results, 15 rows", _send_result, DOCUMENTS),
            (f"PUT image_quality, {IMAGES:,} rows", _send_quality, ROUNDS),
        ):
            place = iter(range(1, 10 * number))
            connection = site.connect("pipeline")
            for _ in range(3):
                send(connection, next(place))
            before, begin = site.count_cpu(), perf_counter()
            for _ in range(number):
                send(connection, next(place))
            seconds, after = perf_counter() - begin, site.count_cpu()
            connection.close()
            cpu = " + ".join(f"{(b - a) * 1e3 / number:.1f}" for a, b in zip(before, after))
            alone = number / seconds

            def work(connection: Connection) -> list[float]:
                times = []
                for _ in range(number // CLIENTS):
                    start = perf_counter()
                    send(connection, next(place))
                    times.append(perf_counter() - start)
                connection.close()
                return times

            connections = [site.connect("pipeline") for _ in range(CLIENTS)]
            begin = perf_counter()
            with ThreadPoolExecutor(CLIENTS) as pool:
                times = sorted(time for each in pool.map(work, connections) for time in each)
            together = len(times) / (perf_counter() - begin)
            p95 = times[int(len(times) * 0.95)] * 1e3
            yield f"| {name} | {cpu} | {alone:.0f} | {together:.0f} | {p95:.0f} |"


def _send_result(connection: Connection, number: int) -> None:
    connection.send("POST", "/autoproc/results", orjson.dumps(results.document(number)))


def _send_quality(connection: Connection, number: int) -> None:
    path = f"/data_collections/{number}/image_quality"
    connection.send("PUT", path, quality.document(IMAGES))
