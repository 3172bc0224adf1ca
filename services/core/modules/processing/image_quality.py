"""The quality of the images of a data collection, by columns.

No other table has as many rows: they come and go as arrays, never as objects.
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
from services.core.schemas.records import NO_VALUE
from shared.db import db
from shared.errors import BadInput
from shared.identity import Identity
from shared.models import ImageQualityIndicators
from shared.statements import cache_statements

TABLE = ImageQualityIndicators.__table__
COLLECTION, IMAGE, PROGRAM = "dataCollectionId", "imageNumber", "autoProcProgramId"
STAMP = "recordTimeStamp"
ALIKE = (COLLECTION, PROGRAM, STAMP)


def put(identity: Identity, collection_id: int, data: dict) -> dict:
    """Store what ``data`` knows of images; what it leaves out, or has no value of, stays."""
    data_collections.check_visible(identity, collection_id)
    programs.check_visible(identity, data.get(PROGRAM))
    arrays = {name: values for name, values in data.items() if name != PROGRAM}
    for name, values in arrays.items():
        if NO_VALUE in values:
            arrays[name] = [None if value == NO_VALUE else value for value in values]
    alike = {COLLECTION: collection_id, PROGRAM: data.get(PROGRAM), STAMP: datetime.now()}
    _store(alike, arrays)
    return {"upserted": len(arrays[IMAGE])}


def get(
    identity: Identity, collection_id: int, columns: Sequence[str] = (), points: int | None = None
) -> dict:
    """The images of a visible data collection, and with ``points`` no more than so many."""
    data_collections.check_visible(identity, collection_id)
    names = (IMAGE, PROGRAM, *(columns or COLUMNS))
    rows = db.session.execute(_select(names), {COLLECTION: collection_id}).all()
    found = dict(zip(names, map(list, zip(*rows)))) if rows else {name: [] for name in names}
    programs = set(found.pop(PROGRAM)) - {None}
    if points is not None:
        found = _thinned(found, points)
    return {PROGRAM: programs.pop() if len(programs) == 1 else None, **found}


def _store(alike: dict[str, Any], arrays: dict[str, list]) -> None:
    """Store images of which ``alike`` is the same for all.

    MariaDB takes them as one JSON text: to write each value as SQL takes longer than to store it.
    """
    connection, rows = db.session.connection(), zip(*arrays.values())
    statement = _upsert(connection.dialect, tuple(arrays))
    if connection.dialect.name != "sqlite":
        document = orjson.dumps([*rows]).decode()
        connection.execute(statement, {**alike, "rows": document})
    elif found := [{**alike, **dict(zip(arrays, row))} for row in rows]:
        connection.execute(statement, found)


@cache_statements(128)
def _upsert(dialect: Dialect, names: tuple[str, ...]) -> Executable:
    """The statement that stores images; ``names`` are the columns that come as arrays."""
    merged = [PROGRAM, *(name for name in names if name != IMAGE)]
    if dialect.name == "sqlite":
        insert = sqlite.insert(TABLE)
        new = {n: func.coalesce(insert.excluded[n], TABLE.c[n]) for n in merged}
        return insert.on_conflict_do_update(index_elements=[COLLECTION, IMAGE], set_=new)
    kinds = [f"{n} {TABLE.c[n].type.compile(dialect)}" for n in names]
    columns = ", ".join(f"{kind} PATH '$[{at}]'" for at, kind in enumerate(kinds))
    known = (f"{n} = COALESCE(VALUES({n}), {TABLE.name}.{n})" for n in merged)
    return text(
        f"INSERT INTO {TABLE.name} ({', '.join([*ALIKE, *names])})"
        f" SELECT {', '.join([*(f':{n}' for n in ALIKE), *(f'sent.{n}' for n in names)])}"
        f" FROM JSON_TABLE(:rows, '$[*]' COLUMNS ({columns})) sent"
        f" ON DUPLICATE KEY UPDATE {', '.join(known)}"
    )


@cache_statements(128)
def _select(names: tuple[str, ...]):
    found = select(*(TABLE.c[name] for name in names))
    return found.where(TABLE.c[COLLECTION] == bindparam(COLLECTION)).order_by(TABLE.c[IMAGE])


def _thinned(found: dict[str, list], points: int) -> dict[str, list]:
    """Of equal parts of the rows, those with the least and the greatest value of each column."""
    rows = len(found[IMAGE])
    if rows <= points:
        return found
    shown = [v for name, v in found.items() if name != IMAGE and v.count(None) < rows]
    parts = points // (2 * len(shown)) if shown else points
    if not parts:
        raise BadInput("invalid input", {"points": [f"{2 * len(shown)} are needed at least"]})
    kept: set[int] = set()
    for part in range(parts):
        within = range(rows * part // parts, rows * (part + 1) // parts)
        if not shown:
            kept.add(within[0])
        for values in shown:
            known = [at for at in within if values[at] is not None]
            if known:
                kept |= {min(known, key=values.__getitem__), max(known, key=values.__getitem__)}
    places = sorted(kept)
    return {name: [values[at] for at in places] for name, values in found.items()}
