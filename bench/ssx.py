"""Hits and unit cells of serial runs: their upload, and statistics of short and long runs."""

from collections.abc import Callable, Iterator
from statistics import median
from time import perf_counter
from typing import Any

import numpy
import orjson
from sqlalchemy import Engine, insert

from bench.pages import caller
from services.ssx.models import SSXDataCollection
from services.ssx.modules import hits, images, statistics
from services.ssx.schemas.images import CELL, ImagesSchema
from shared.columnar import Columns
from shared.db import db, in_transaction
from shared.models import DataCollection, DataCollectionGroup

PIPELINE = caller("zocalo", None, "processing_write", "all_sessions")
COLUMNS = Columns(ImagesSchema())
SHORT, LONG = 100_000, 1_000_000  # images of a run
UPLOAD, SECOND = 20_000, 133  # images of the largest body, and of each second at 133 Hz
REPEATS, ROUNDS = 30, 5
MEANS = (61.9, 107.4, 150.9, 90.0, 96.5, 90.0)


def fill(engine: Engine) -> None:
    """Add runs 9001 and 9002, in session 1."""
    group = {"dataCollectionGroupId": 9001}
    runs = [{"dataCollectionId": key} for key in (9001, 9002)]
    with engine.begin() as connection:
        connection.execute(insert(DataCollectionGroup.__table__), [{**group, "sessionId": 1}])
        connection.execute(insert(DataCollection.__table__), [{**run, **group} for run in runs])
        connection.execute(insert(SSXDataCollection.__table__), runs)


def make_arrays(number: int) -> dict[str, numpy.ndarray]:
    """The columns of the images of a run: 30 % hits, two thirds indexed, a few wrong cells."""
    random = numpy.random.default_rng(1)
    hit = random.random(number) < 0.3
    indexed = hit & (random.random(number) < 0.67)
    arrays: dict[str, numpy.ndarray] = {
        "imageNumber": numpy.arange(1, number + 1),
        "isHit": hit,
        "isIndexed": indexed,
        "spots": random.poisson(numpy.where(hit, 60, 4)),
        "resolution": numpy.where(hit, random.normal(2.1, 0.2, number).round(3), numpy.nan),
    }
    is_wrong = random.random(number) < 0.02
    for name, mean in zip(CELL, MEANS):
        values = random.normal(mean, 0.3, number)
        values = numpy.where(is_wrong, random.uniform(30, 150, number), values).round(3)
        arrays[name] = numpy.where(indexed, values, numpy.nan)
    return arrays


def make_body(arrays: dict[str, numpy.ndarray], first: int, number: int) -> bytes:
    """A part of the columns, as a client sends them."""
    parts = {name: column[first : first + number].tolist() for name, column in arrays.items()}
    return orjson.dumps(parts)  # which writes null for what is not a number


def put(run_id: int, body: bytes) -> None:
    """Store images as the service does: all are checked, in one transaction."""
    in_transaction(lambda: images.put(PIPELINE, run_id, COLUMNS.load(body)))


def read(run_id: int, name: str) -> bytes:
    """The answer to a request for statistics, histograms or the hit rate."""
    document: Any = {
        "statistics": lambda: statistics.get(PIPELINE, run_id),
        "histograms": lambda: statistics.get_histograms(PIPELINE, run_id, 50),
        "hit rate, 200 points": lambda: hits.get_rate(PIPELINE, run_id, 200),
    }[name]()
    db.session.rollback()
    return orjson.dumps(document)


def compute(arrays: dict[str, numpy.ndarray]) -> dict:
    """The same statistics by NumPy from all images."""
    hit, indexed = arrays["isHit"], arrays["isIndexed"]
    resolution = arrays["resolution"][hit]
    return {
        "hits": int(hit.sum()),
        "indexed": int(indexed.sum()),
        "meanSpots": float(arrays["spots"][hit].mean()),
        "meanResolution": float(resolution.mean()),
        "bestResolution": float(resolution.min()),
        "medianResolution": float(numpy.median(resolution)),
        "medianCell": {name: float(numpy.median(arrays[name][indexed])) for name in CELL},
    }


def measure(*works: Callable[[], Any]) -> list[float]:
    """The median milliseconds of each work: rounds alternate, the best of each counts."""
    best = [float("inf")] * len(works)
    for _ in range(ROUNDS):
        for place, work in enumerate(works):
            seconds = []
            for _ in range(REPEATS):
                begin = perf_counter()
                work()
                seconds.append(perf_counter() - begin)
            best[place] = min(best[place], median(seconds) * 1e3)
    return best


def rates() -> Iterator[str]:
    """The upload in large and small bodies, then statistics of short and long runs."""
    arrays = make_arrays(LONG)
    yield "| upload | images per second |"
    yield "|---|---|"
    for key, number in ((9001, SHORT), (9002, LONG)):
        bodies = [make_body(arrays, at, UPLOAD) for at in range(0, number, UPLOAD)]
        begin = perf_counter()
        for body in bodies:
            put(key, body)
        rate = number / (perf_counter() - begin)
        yield f"| a run of {number:,} images, {UPLOAD:,} in each body | {rate:,.0f} |"
    chunk = iter(range(0, SHORT, SECOND))  # images that are stored already

    def send(run_id: int) -> None:
        put(run_id, make_body(arrays, next(chunk), SECOND))

    def send_and_read(run_id: int) -> None:
        send(run_id)
        read(run_id, "hit rate, 200 points")

    check(arrays)
    yield from (
        "",
        f"| | {SHORT:,} images, ms | {LONG:,} images, ms | ratio |",
        "|---|---|---|---|",
    )
    for name in ("statistics", "histograms", "hit rate, 200 points"):
        yield compare(name, *measure(lambda: read(9001, name), lambda: read(9002, name)))
    label = f"{SECOND} images sent"
    yield compare(label, *measure(lambda: send(9001), lambda: send(9002)))
    label = f"{SECOND} images sent, and shown in the hit rate"
    yield compare(label, *measure(lambda: send_and_read(9001), lambda: send_and_read(9002)))
    short = {name: column[:SHORT] for name, column in arrays.items()}
    label = "statistics by NumPy from the arrays in memory"
    yield compare(label, *measure(lambda: compute(short), lambda: compute(arrays)))


def compare(label: str, short: float, long: float) -> str:
    """A row of the table."""
    return f"| {label} | {short:.2f} | {long:.2f} | {long / short:.2f} |"


def check(arrays: dict[str, numpy.ndarray]) -> None:
    """Raise unless the service answers the same as NumPy."""
    answer, expected = statistics.get(PIPELINE, 9002), compute(arrays)
    db.session.rollback()
    expected |= expected.pop("medianCell")
    answer |= answer.pop("medianCell")
    assert all(abs(answer[name] - value) < 1e-9 * value for name, value in expected.items())
