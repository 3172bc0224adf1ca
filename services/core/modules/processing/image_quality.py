"""The quality of the images of a data collection, by columns.

No other table has as many rows: they are written and read as arrays, never as objects.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Dialect, Executable, bindparam, func, select, text
from sqlalchemy.dialects import sqlite

from services.core.modules.acquisition.data_collections import data_collections
from services.core.modules.processing import programs
from services.core.schemas.processing.image_quality import COLUMNS
from shared.db import db
from shared.errors import BadInput
from shared.identity import Identity
from shared.models import ImageQualityIndicators
from shared.records import NO_VALUE
from shared.statements import cache_statements

TABLE = ImageQualityIndicators.__table__
COLLECTION, IMAGE, PROGRAM = "dataCollectionId", "imageNumber", "autoProcProgramId"
STAMP = "recordTimeStamp"
SHARED = (COLLECTION, PROGRAM, STAMP)  # columns with one value for all images of a request


def put(identity: Identity, collection_id: int, data: dict) -> dict:
    """Store the values of images in ``data``; absent columns and nulls keep the stored ones."""
    data_collections.check_visible(identity, collection_id)
    programs.check_visible(identity, data.get(PROGRAM))
    arrays = {name: values for name, values in data.items() if name != PROGRAM}
    for name, values in arrays.items():
        if NO_VALUE in values:
            arrays[name] = [None if value == NO_VALUE else value for value in values]
    shared = {COLLECTION: collection_id, PROGRAM: data.get(PROGRAM), STAMP: datetime.now()}
    _store(shared, arrays)
    return {"upserted": len(arrays[IMAGE])}


def get(
    identity: Identity, collection_id: int, columns: Sequence[str] = (), points: int | None = None
) -> dict:
    """The images of a visible data collection; with ``points`` at most so many of them."""
    data_collections.check_visible(identity, collection_id)
    names = (IMAGE, PROGRAM, *(columns or COLUMNS))
    rows = db.session.execute(_select(names), {COLLECTION: collection_id}).all()
    arrays = dict(zip(names, map(list, zip(*rows)))) if rows else {name: [] for name in names}
    program_ids = set(arrays.pop(PROGRAM)) - {None}
    if points is not None:
        arrays = _thin_out(arrays, points)
    return {PROGRAM: program_ids.pop() if len(program_ids) == 1 else None, **arrays}


def _store(shared: dict[str, Any], arrays: dict[str, list]) -> None:
    """Store images; all of them get the values ``shared``.

    MariaDB takes them as one JSON text: to write each value as SQL takes longer than to store it.
    """
    connection, rows = db.session.connection(), zip(*arrays.values())
    statement = _upsert(connection.dialect, tuple(arrays))
    if connection.dialect.name != "sqlite":
        document = orjson.dumps([*rows]).decode()
        connection.execute(statement, {**shared, "rows": document})
    elif parameters := [{**shared, **dict(zip(arrays, row))} for row in rows]:
        connection.execute(statement, parameters)


@cache_statements(128)
def _upsert(dialect: Dialect, names: tuple[str, ...]) -> Executable:
    """The upsert of images; ``names`` are the columns that are sent as arrays."""
    merged = [PROGRAM, *(name for name in names if name != IMAGE)]
    if dialect.name == "sqlite":
        insert = sqlite.insert(TABLE)
        new = {n: func.coalesce(insert.excluded[n], TABLE.c[n]) for n in merged}
        return insert.on_conflict_do_update(index_elements=[COLLECTION, IMAGE], set_=new)
    types = [f"{n} {TABLE.c[n].type.compile(dialect)}" for n in names]
    columns = ", ".join(f"{each} PATH '$[{place}]'" for place, each in enumerate(types))
    updates = (f"{n} = COALESCE(VALUES({n}), {TABLE.name}.{n})" for n in merged)
    return text(
        f"INSERT INTO {TABLE.name} ({', '.join([*SHARED, *names])})"
        f" SELECT {', '.join([*(f':{n}' for n in SHARED), *(f'sent.{n}' for n in names)])}"
        f" FROM JSON_TABLE(:rows, '$[*]' COLUMNS ({columns})) sent"
        f" ON DUPLICATE KEY UPDATE {', '.join(updates)}"
    )


@cache_statements(128)
def _select(names: tuple[str, ...]):
    statement = select(*(TABLE.c[name] for name in names))
    return statement.where(TABLE.c[COLLECTION] == bindparam(COLLECTION)).order_by(TABLE.c[IMAGE])


def _thin_out(arrays: dict[str, list], points: int) -> dict[str, list]:
    """``points`` of the images, or all if there are fewer.

    The images are divided into equal parts. Each part keeps those with the least and the greatest
    value of each column.
    """
    number = len(arrays[IMAGE])
    if number <= points:
        return arrays
    columns = [v for name, v in arrays.items() if name != IMAGE and v.count(None) < number]
    parts = points // (2 * len(columns)) if columns else points
    if not parts:
        raise BadInput("invalid input", {"points": [f"{2 * len(columns)} are needed at least"]})
    kept: set[int] = set()
    for part in range(parts):
        images = range(number * part // parts, number * (part + 1) // parts)
        if not columns:
            kept.add(images[0])
        for values in columns:
            places = [place for place in images if values[place] is not None]
            if places:
                kept |= {min(places, key=values.__getitem__), max(places, key=values.__getitem__)}
    return {name: [values[place] for place in sorted(kept)] for name, values in arrays.items()}
