"""The quality of images, stored by columns by the service, and image by image as before."""

from collections.abc import Iterator
from time import perf_counter

import orjson
from sqlalchemy import Engine, func, insert
from sqlalchemy.dialects import mysql

from bench.pages import caller
from services.core.modules.processing import image_quality
from services.core.schemas.processing.image_quality import ImageQualitySchema
from shared.columnar import Columns
from shared.db import db, in_transaction
from shared.models import DataCollection, DataCollectionGroup, ImageQualityIndicators

ZOCALO = caller("zocalo", None, "processing_write", "all_sessions")
COLUMNS = Columns(ImageQualitySchema())
TABLE = ImageQualityIndicators.__table__
ROUNDS = 5
SINGLE = 2_000  # images of a round that are stored one by one
STORED = ("spotTotal", "goodBraggCandidates", "method1Res", "method2Res")
STORED += ("totalIntegratedSignal", "dozor_score")


def fill(engine: Engine) -> None:
    """Add data collections for the images: two for each round, in session 1."""
    group = {"dataCollectionGroupId": 1}
    many = [{"dataCollectionId": n, **group} for n in range(1, 2 * ROUNDS + 1)]
    with engine.begin() as connection:
        connection.execute(insert(DataCollectionGroup.__table__), [{**group, "sessionId": 1}])
        connection.execute(insert(DataCollection.__table__), many)


def document(rows: int) -> bytes:
    """The first images of a collection, as a client sends them."""
    arrays: dict[str, list] = {"imageNumber": list(range(1, rows + 1))}
    for place, name in enumerate(STORED):
        scale = 1 if place < 2 else 0.137
        arrays[name] = [(number * (place + 7)) % 997 * scale for number in range(rows)]
    return orjson.dumps(arrays)


def by_columns(collection: int, body: bytes) -> bytes:
    """Store images as the service does: all are checked, in one transaction."""

    def work():
        return image_quality.put(ZOCALO, collection, COLUMNS.load(body))

    return orjson.dumps(in_transaction(work))


def by_rows(collection: int, body: bytes) -> None:
    """Store each image in a transaction of its own, without checks; nulls keep stored values."""
    columns = orjson.loads(body)
    upsert = mysql.insert(TABLE)
    kept = {n: func.coalesce(upsert.inserted[n], TABLE.c[n]) for n in STORED}
    upsert = upsert.on_duplicate_key_update(kept)
    for values in zip(*columns.values(), strict=True):
        row = {"dataCollectionId": collection, **dict(zip(columns, values))}
        with db.engine.begin() as connection:
            connection.execute(upsert, row)


def rates(rows: int) -> Iterator[str]:
    """Images per second of both ways; rounds alternate, the best of each counts."""
    best, ways = {}, (("one by one", by_rows, SINGLE), ("by columns", by_columns, rows))
    for turn in range(ROUNDS):
        for place, (name, work, number) in enumerate(ways):
            body = document(number)
            begin = perf_counter()
            work(2 * turn + place + 1, body)
            rate = number / (perf_counter() - begin)
            best[name] = max(best.get(name, 0.0), rate)
    yield "| way | images in a transaction | images per second | ratio |"
    yield "|---|---|---|---|"
    for name, _, number in ways:
        each = 1 if name == "one by one" else number
        yield f"| {name} | {each:,} | {best[name]:,.0f} | {best[name] / best['one by one']:.1f} |"
