"""The images of serial runs: hits, spots, resolution and unit cells, by columns."""

from typing import Any

import numpy
from sqlalchemy import Select, bindparam, func, select

from services.ssx.models import SSXDataCollection
from services.ssx.modules import image_blocks
from services.ssx.modules.data_collections import data_collections
from services.ssx.modules.image_blocks import ABSENT, GRID, PEAKS, SIZE, VALUES, Blocks
from services.ssx.modules.image_totals import Totals
from services.ssx.schemas.images import CELL, COLUMNS, LARGEST, MOST
from shared import row_checks
from shared.db import db
from shared.errors import BadInput, bad_field
from shared.identity import Identity
from shared.models import DataCollection
from shared.service_tables import SerialBlock
from shared.statements import cache_statements

IMAGE = "imageNumber"
AT_ONCE = 256  # blocks in memory: 36 kB each
SCALES = {name: 1 if name == "spots" else GRID for name in VALUES}
NOTHING = float("nan")


def put(identity: Identity, run_id: int, data: dict) -> dict:
    """Store images of a visible run; absent columns and nulls keep the stored values.

    The lock on the row of the run puts writers of the same run in a row: blocks and totals are
    read after it, so that no writer loses the images of another.
    """
    row_checks.lock_visible(identity, SSXDataCollection, run_id)
    columns = _to_arrays(data)
    images = columns[IMAGE].astype(numpy.int64)
    _check_numbers(run_id, images)
    _complete_states(columns)
    if not images.size:
        return {"upserted": 0}
    totals, numbers = Totals(run_id), images // SIZE
    distinct = numpy.unique(numbers)
    for at in range(0, distinct.size, AT_ONCE):
        blocks = image_blocks.read(run_id, distinct[at : at + AT_ONCE])
        chosen = numpy.isin(numbers, blocks.numbers)
        places = blocks.locate(images[chosen])
        touched = numpy.unique(places)
        totals.add(blocks.states[:, touched], blocks.values[:, touched], -1)
        _merge(blocks, places, {name: column[chosen] for name, column in columns.items()})
        totals.add(blocks.states[:, touched], blocks.values[:, touched])
        image_blocks.store(run_id, blocks)
    totals.store()
    return {"upserted": int(images.size)}


def get(identity: Identity, run_id: int, query: dict) -> dict:
    """The stored images of a visible run in a range of numbers, by columns."""
    data_collections.check_visible(identity, run_id)
    start = query.get("start")
    if start is None:
        start = _get_first(run_id)
    end = query.get("end", min(start + MOST - 1, LARGEST))
    if end - start >= MOST:
        raise bad_field("end", f"Must be at most {MOST - 1} after the start, which is {start}.")
    blocks = image_blocks.read(run_id, range(start // SIZE, end // SIZE + 1))
    images = blocks.list_images()
    chosen = numpy.flatnonzero(blocks.states[0] & (images >= start) & (images <= end))
    answer = {IMAGE: images[chosen].tolist()}
    for name in query["columns"] or COLUMNS:
        answer[name] = _list_values(blocks, chosen, name)
    return answer


def has_any(run_id: int) -> bool:
    """Whether images of a run are stored."""
    return db.session.scalar(_select_first(), {"dataCollectionId": run_id}) is not None


def _to_arrays(data: dict) -> dict[str, numpy.ndarray]:
    """The columns of a document as arrays of floats; an absent value is not a number."""
    arrays = {name: numpy.array(values, float) for name, values in data.items()}
    absent = numpy.full(len(data[IMAGE]), NOTHING)
    return {name: arrays.get(name, absent) for name in (IMAGE, *COLUMNS)}


def _check_numbers(run_id: int, images: numpy.ndarray) -> None:
    """Raise BadInput by the index of each image that the data collection cannot have."""
    start, number = db.session.execute(_select_range(), {"dataCollectionId": run_id}).one()
    if not number:
        return
    first, last = (0, number) if start is None else (start, start + number - 1)
    wrong = numpy.flatnonzero((images < first) | (images > last))
    if wrong.size:
        reason = f"Must be from {first} to {last}, by startImageNumber and numberOfImages."
        raise BadInput("nothing is stored", {IMAGE: {int(at): [reason] for at in wrong}})


def _complete_states(columns: dict[str, numpy.ndarray]) -> None:
    """Set isHit and isIndexed where one follows from the other, or from the cell."""
    hit, indexed = columns["isHit"], columns["isIndexed"].copy()
    has_cell = ~numpy.isnan([columns[name] for name in CELL]).all(axis=0)
    wrong = numpy.flatnonzero(has_cell & (indexed == 0))
    if wrong.size:
        reason = "Must be true or null: the image has a cell."
        raise BadInput("nothing is stored", {"isIndexed": {int(at): [reason] for at in wrong}})
    indexed[has_cell] = 1
    columns["isHit"] = numpy.where(indexed == 1, 1, hit)
    indexed[(columns["isHit"] == 0) & numpy.isnan(indexed)] = 0
    columns["isIndexed"] = indexed


def _merge(blocks: Blocks, places: numpy.ndarray, columns: dict[str, numpy.ndarray]) -> None:
    """Write columns to ``places``; of an image that is there twice the last value stays."""
    blocks.states[0, places] = True
    for row, name in enumerate(("isHit", "isIndexed"), 1):
        given = ~numpy.isnan(columns[name])
        blocks.states[row, places[given]] = columns[name][given] == 1
    for row, name in enumerate(VALUES):
        given = ~numpy.isnan(columns[name])
        blocks.values[row, places[given]] = numpy.rint(columns[name][given] * SCALES[name])
    without_cell = places[~blocks.states[2, places]]
    blocks.values[PEAKS:, without_cell] = ABSENT


def _list_values(blocks: Blocks, chosen: numpy.ndarray, name: str) -> list:
    if name in image_blocks.STATES:
        return blocks.states[image_blocks.STATES.index(name), chosen].tolist()
    values = blocks.values[VALUES.index(name), chosen]
    scale, absent = SCALES[name], values == ABSENT
    listed: list[Any] = (values if scale == 1 else values / scale).tolist()
    for place in numpy.flatnonzero(absent):
        listed[place] = None
    return listed


def _get_first(run_id: int) -> int:
    """The number of the first image of a run, or 0."""
    block = db.session.scalar(_select_first(), {"dataCollectionId": run_id})
    if block is None:
        return 0
    stored = image_blocks.read(run_id, [block]).states[0]
    return block * SIZE + int(stored.argmax())


@cache_statements(1)
def _select_first() -> Select:
    """The first block of a run."""
    return select(func.min(SerialBlock.block)).where(
        SerialBlock.dataCollectionId == bindparam("dataCollectionId")
    )


@cache_statements(1)
def _select_range() -> Select:
    return select(DataCollection.startImageNumber, DataCollection.numberOfImages).where(
        DataCollection.dataCollectionId == bindparam("dataCollectionId")
    )
