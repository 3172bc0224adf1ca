"""Hits of serial runs over time, and over the chip."""

from typing import Any

import numpy
from sqlalchemy import ColumnElement, Row, Select, bindparam, select

from services.ssx.models import SSXDataCollection
from services.ssx.modules import chips
from services.ssx.modules.image_blocks import ABSENT, GRID, PEAKS, SIZE, unpack, unpack_states
from services.ssx.schemas.images import LARGEST
from shared import visibility
from shared.db import db
from shared.errors import not_found
from shared.identity import Identity
from shared.models import DataCollection
from shared.service_tables import SerialBlock
from shared.statements import cache_statements


def get_rate(identity: Identity, run_id: int, points: int) -> dict:
    """The hits in ``points`` equal parts of a visible run, from its first stored image on."""
    run = _get_run(identity, run_id)
    first, (stored, hits, indexed) = _read_states(run_id)
    numbers = numpy.flatnonzero(stored)
    begin, end = (int(numbers[0]), int(numbers[-1]) + 1) if numbers.size else (0, 0)
    points = min(points, end - begin)
    starts = begin + numpy.arange(points) * (end - begin) // max(points, 1)
    counts = {
        name: numpy.add.reduceat(states[:end], starts, dtype=int) if points else starts
        for name, states in (("images", stored), ("hits", hits), ("indexed", indexed))
    }
    images, period = first + starts, _compute_period(run)
    since = (images - _get_start(run)) * (period or 0)
    return {
        "imageNumber": images.tolist(),
        "time": since.tolist() if period else [None] * points,
        **{name: counted.tolist() for name, counted in counts.items()},
        "hitRate": _divide(counts["hits"], counts["images"]),
        "indexRate": _divide(counts["indexed"], counts["hits"]),
    }


def get_map(identity: Identity, run_id: int, query: dict) -> dict:
    """The hits of each place of the chip of a visible run, or of each block."""
    run = _get_run(identity, run_id)
    chip, exposures = chips.choose(run.chipModel, run.chipPattern, query), query["exposures"]
    order, start = chip.build_order(), _get_start(run)
    first, states = _read_states(run_id)
    numbers = numpy.flatnonzero(states[0])
    steps = (numbers + first - start) // exposures
    is_inside = (steps >= 0) & (steps < order.size)
    inside, places = numbers[is_inside], order[steps[is_inside]]
    resolution = _read_resolution(run_id, first, inside)
    resolved = states[1, inside] & (resolution != ABSENT)
    maps = []
    for column in (*states[:, inside], resolved, numpy.where(resolved, resolution, 0)):
        totals = numpy.bincount(places, column, order.size).astype(int)
        maps.append(_gather(chip, totals, query["by"]))
    images, hits, indexed, counted, total = maps
    return {
        **chip._asdict(),
        "exposures": exposures,
        "by": query["by"],
        "outside": int(numbers.size - inside.size),
        "images": images.tolist(),
        "hits": hits.tolist(),
        "indexed": indexed.tolist(),
        "hitRate": _divide(hits, images),
        "indexRate": _divide(indexed, hits),
        "resolution": _divide(total, counted * GRID),
    }


def get_title(identity: Identity, run_id: int) -> str:
    """The title of pictures of a visible run: its label, if it has one, and its key."""
    name = _get_run(identity, run_id).experimentName
    return f"{name} (run {run_id})" if name else f"Run {run_id}"


def _gather(chip: chips.Chip, places: numpy.ndarray, by: str) -> numpy.ndarray:
    """The values of places as rows from top to bottom, or their sums in each block."""
    if by == "place":
        return places.reshape(chip.rows, chip.columns)
    across, down = chip.columns // chip.blockColumns, chip.rows // chip.blockRows
    return places.reshape(down, chip.blockRows, across, chip.blockColumns).sum(axis=(1, 3))


def _divide(parts: numpy.ndarray, wholes: numpy.ndarray) -> list:
    """``parts / wholes`` as lists, with None without a whole."""
    with numpy.errstate(invalid="ignore"):
        rates = (parts / wholes).astype(object)
    rates[wholes == 0] = None
    return rates.tolist()


def _get_run(identity: Identity, run_id: int) -> Row:
    """The columns of a visible run that say when and where its images were taken."""
    rule = visibility.rule(identity, SSXDataCollection)
    row = db.session.execute(_select_run(rule.condition), {**rule.values, "key": run_id}).first()
    if row is None:
        raise not_found(SSXDataCollection)
    return row


def _get_start(run: Row) -> int:
    """The number of the first image."""
    return 1 if run.startImageNumber is None else run.startImageNumber


def _compute_period(run: Row) -> float | None:
    """The time from one image to the next, s."""
    return 1 / run.repetitionRate if run.repetitionRate else run.exposureTime or None


def _read_states(run_id: int) -> tuple[int, numpy.ndarray]:
    """The number of the first image of the first block, and the states from it to the last block.

    These are 375 bytes of each block: enough for the rates of a million images at once.
    """
    rows = db.session.execute(_select_blocks("states"), {"key": run_id, "last": LARGEST}).all()
    if not rows:
        return 0, numpy.zeros((3, 0), bool)
    first, last = rows[0].block, rows[-1].block
    if len(rows) == last - first + 1:
        return first * SIZE, unpack_states([row.states for row in rows])
    states = numpy.zeros((3, (last - first + 1) * SIZE), bool)
    for row in rows:
        at = (row.block - first) * SIZE
        states[:, at : at + SIZE] = unpack_states([row.states])
    return first * SIZE, states


def _read_resolution(run_id: int, first: int, places: numpy.ndarray) -> numpy.ndarray:
    """The resolution of the images at ``places``, ascending, from number ``first`` on."""
    if not places.size:
        return places
    last = int(places[-1])
    resolution = numpy.full(last + SIZE, ABSENT, numpy.int32)
    values = {"key": run_id, "last": (first + last) // SIZE}
    for row in db.session.execute(_select_blocks("peaks"), values):
        at = row.block * SIZE - first
        resolution[at : at + SIZE] = unpack(row.peaks, PEAKS)[1]
    return resolution[places]


@cache_statements(2)
def _select_blocks(column: str) -> Select:
    return (
        select(SerialBlock.block, getattr(SerialBlock, column))
        .where(SerialBlock.dataCollectionId == bindparam("key"))
        .where(SerialBlock.block <= bindparam("last"))
        .order_by(SerialBlock.block)
    )


@cache_statements(64)
def _select_run(visible: ColumnElement[bool]) -> Select:
    run: Any = SSXDataCollection
    return (
        select(
            run.experimentName,
            run.repetitionRate,
            run.chipModel,
            run.chipPattern,
            DataCollection.startImageNumber,
            DataCollection.exposureTime,
        )
        .join(DataCollection, DataCollection.dataCollectionId == run.dataCollectionId)
        .where(run.dataCollectionId == bindparam("key"), visible)
    )
