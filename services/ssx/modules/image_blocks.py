"""The images of serial runs as arrays, packed in blocks of a thousand."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy
from sqlalchemy import Dialect, Executable, bindparam, select
from sqlalchemy.dialects import mysql, sqlite

from services.ssx.schemas.images import CELL
from shared.db import db
from shared.service_tables import SerialBlock
from shared.statements import cache_statements

SIZE = 1_000  # images of a block
GRID = 1_000  # parts of an ångström and of a degree to which values are stored
ABSENT = -1  # in place of a value
VALUES = ("spots", "resolution", *CELL)
PEAKS = 2  # the number of VALUES before those of the cell
STATES = ("stored", "isHit", "isIndexed")
TABLE: Any = SerialBlock.__table__
KEYS = ("dataCollectionId", "block")
PACKED = ("states", "peaks", "cells")


@dataclass
class Blocks:
    """Blocks, ascending, with the images of all side by side.

    ``states`` has a row of booleans for each of STATES. ``values`` has a row of integers for each
    of VALUES: spots, thousandths of an ångström or of a degree.
    """

    numbers: numpy.ndarray
    states: numpy.ndarray
    values: numpy.ndarray

    def locate(self, images: numpy.ndarray) -> numpy.ndarray:
        """The columns of ``images``, which are of these blocks, in the arrays."""
        return numpy.searchsorted(self.numbers, images // SIZE) * SIZE + images % SIZE

    def list_images(self) -> numpy.ndarray:
        """The number of the image in each column."""
        return (self.numbers[:, None] * SIZE + numpy.arange(SIZE)).ravel()


def read(run_id: int, numbers: Iterable[int]) -> Blocks:
    """The blocks of a run with ``numbers``; images without a row are not stored."""
    keys = [int(number) for number in numbers]
    blocks = _make_empty(keys)
    values = {"numbers": keys, "dataCollectionId": run_id}
    for block, *packed in db.session.execute(_select(), values):
        at = int(numpy.searchsorted(blocks.numbers, block)) * SIZE
        part = slice(at, at + SIZE)
        blocks.states[:, part] = unpack_states(packed[:1])
        blocks.values[:PEAKS, part] = unpack(packed[1], PEAKS)
        blocks.values[PEAKS:, part] = unpack(packed[2], len(CELL))
    return blocks


def store(run_id: int, blocks: Blocks) -> None:
    """Insert the blocks of a run, which is locked, or replace the stored ones."""
    rows = []
    for place, number in enumerate(blocks.numbers):
        part = slice(place * SIZE, (place + 1) * SIZE)
        values = blocks.values[:, part]
        packed = (pack_states(blocks.states[:, part]), pack(values[:PEAKS]), pack(values[PEAKS:]))
        keys = {"dataCollectionId": run_id, "block": int(number)}
        rows.append({**keys, **dict(zip(PACKED, packed))})
    connection = db.session.connection()
    connection.execute(upsert(connection.dialect, TABLE, KEYS), rows)


def pack_states(states: numpy.ndarray) -> bytes:
    """The bits of a block, one row after another."""
    return numpy.packbits(states, axis=-1).tobytes()


def unpack_states(packed: Sequence[bytes]) -> numpy.ndarray:
    """The states of several blocks, side by side: a row of booleans for each of STATES."""
    parts = numpy.frombuffer(b"".join(packed), numpy.uint8).reshape(-1, len(STATES), SIZE // 8)
    bits = numpy.unpackbits(parts, axis=-1).view(bool)
    return bits.transpose(1, 0, 2).reshape(len(STATES), -1)


def pack(values: numpy.ndarray) -> bytes:
    """Integers, compressed: all first bytes, then all second ones, as high bytes are alike."""
    shuffled = numpy.ascontiguousarray(values, "<i4").view(numpy.uint8).reshape(-1, 4).T
    return zlib.compress(shuffled.tobytes(), 1)


def unpack(packed: bytes, rows: int) -> numpy.ndarray:
    """The integers that ``pack`` compressed, in ``rows``."""
    shuffled = numpy.frombuffer(zlib.decompress(packed), numpy.uint8).reshape(4, -1)
    return numpy.ascontiguousarray(shuffled.T).view("<i4").reshape(rows, -1)


@cache_statements(8)
def upsert(dialect: Dialect, table: Any, keys: tuple[str, ...]) -> Executable:
    """The statement that inserts rows, or replaces those with the same ``keys``."""
    others = [column.name for column in table.columns if column.name not in keys]
    if dialect.name == "sqlite":
        insert = sqlite.insert(table)
        changes = {name: insert.excluded[name] for name in others}
        return insert.on_conflict_do_update(index_elements=keys, set_=changes)
    statement = mysql.insert(table)
    return statement.on_duplicate_key_update({n: statement.inserted[n] for n in others})


@cache_statements(1)
def _select() -> Any:
    columns = (SerialBlock.block, SerialBlock.states, SerialBlock.peaks, SerialBlock.cells)
    return select(*columns).where(
        SerialBlock.dataCollectionId == bindparam("dataCollectionId"),
        SerialBlock.block.in_(bindparam("numbers", expanding=True)),
    )


def _make_empty(numbers: list[int]) -> Blocks:
    length = len(numbers) * SIZE
    states = numpy.zeros((len(STATES), length), bool)
    values = numpy.full((len(VALUES), length), ABSENT, numpy.int32)
    return Blocks(numpy.asarray(numbers), states, values)
