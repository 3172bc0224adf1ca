"""Writes the rows below a program: few statements, whatever the size of the result.

Rows that others may refer to (results, scalings, integrations) are written over the stored ones
in their order, so that their keys stay; all others are made anew.
"""

import struct
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy
from marshmallow import Schema, fields
from sqlalchemy import (
    Boolean,
    DateTime,
    Double,
    Float,
    bindparam,
    delete,
    inspect,
    select,
    update,
)

from services.core.models import (
    AutoProc,
    AutoProcIntegration,
    AutoProcScaling,
    AutoProcScalingHasInt,
    AutoProcScalingStatistics,
    MXMRRun,
    MXMRRunBlob,
    PhasingHasScaling,
)
from services.core.schemas.processing import results as schemas
from services.core.schemas.processing.programs import AttachmentSchema, MessageSchema
from shared import batches, visibility
from shared.db import db
from shared.errors import Conflict
from shared.identity import Identity
from shared.models import AutoProcProgramAttachment, AutoProcProgramMessage
from shared.schemas import columns_of

SINGLE = struct.Struct("f")
USERS: dict[Any, tuple] = {
    AutoProcScaling: (PhasingHasScaling.phasingHasScalingId, PhasingHasScaling.autoProcScalingId),
    AutoProcIntegration: (
        AutoProcScalingHasInt.autoProcScaling_has_IntId,
        AutoProcScalingHasInt.autoProcIntegrationId,
    ),
}  # rows that the database deletes with a row: their keys, and their links to it


def write_files(of: dict, files: list[dict], said: list[dict], is_new: bool) -> dict:
    """Attachments, which keep their keys by path and name, and messages; return both as stored.

    ``of`` names the program, and the present.
    """
    program_id = of["autoProcProgramId"]
    named = {(file["filePath"], file["fileName"]): file for file in files}  # the last one counts
    found = [fill_columns(AttachmentSchema, file, of) for file in named.values()]
    stored: dict[tuple, int] = {}
    if not is_new:
        model = AutoProcProgramAttachment
        wanted = select(model.filePath, model.fileName, model.autoProcProgramAttachmentId)
        wanted = wanted.where(model.autoProcProgramId == program_id)
        stored = {(path, name): key for path, name, key in _execute(wanted)}
        delete_by(AutoProcProgramMessage.autoProcProgramId, [program_id])
    pairs = [(stored.pop((one["filePath"], one["fileName"]), None), one) for one in found]
    kept = [(key, one) for key, one in pairs if key]
    fresh = [one for key, one in pairs if not key]
    _update(AutoProcProgramAttachment, kept)
    delete_by(AutoProcProgramAttachment.autoProcProgramAttachmentId, stored.values())
    messages = [fill_columns(MessageSchema, each, of) for each in said]
    attached = {**dict(kept), **dict(zip(insert(AutoProcProgramAttachment, fresh), fresh))}
    keys = sorted(attached)
    return {
        "attachments": as_read(AttachmentSchema, keys, [attached[key] for key in keys]),
        "messages": as_read(MessageSchema, insert(AutoProcProgramMessage, messages), messages),
    }


def write_results(
    of: dict, results: list[dict], linked: int | None, is_new: bool
) -> tuple[list[int], list[dict]]:
    """Results with all that is below them; return the keys of the scalings, and all as stored.

    ``linked`` is the data collection of a program that has no integration.
    """
    program_id, when = of["autoProcProgramId"], {"recordTimeStamp": of["recordTimeStamp"]}
    old = _Stored(program_id, is_new)
    rows = [fill_columns(schemas.AutoProcSchema, each, of) for each in results]
    keys = old.put(AutoProc, old.autoprocs, rows)
    trees = [{**tree, "scalings": []} for tree in as_read(schemas.AutoProcSchema, keys, rows)]
    found = [
        (tree, scaling)
        for tree, result in zip(trees, results)
        for scaling in result.get("scalings", ())
    ]
    rows = [
        {
            "recordTimeStamp": _made(scaling) or of["recordTimeStamp"],
            "autoProcId": tree["autoProcId"],
        }
        for tree, scaling in found
    ]
    scaling_ids = old.put(AutoProcScaling, old.scalings, rows)
    delete_by(AutoProcScalingStatistics.autoProcScalingId, old.scalings)
    delete_by(AutoProcScalingHasInt.autoProcScalingId, old.scalings)
    shells, integrations = [], []
    for key, (_, scaling) in zip(scaling_ids, found):
        above = {**when, "autoProcScalingId": key}
        for each in scaling["statistics"]:
            shells.append(fill_columns(schemas.ScalingStatisticsSchema, each, above))
        for each in scaling.get("integrations", ()):
            integrations.append(fill_columns(schemas.IntegrationSchema, each, of))
    if linked is not None and not integrations:
        integrations.append(
            fill_columns(schemas.IntegrationSchema, {"dataCollectionId": linked}, of)
        )
    shell_ids = insert(AutoProcScalingStatistics, shells)
    integration_ids = old.put(AutoProcIntegration, old.integrations, integrations)
    left = iter(as_read(schemas.ScalingStatisticsSchema, shell_ids, shells))
    mine = iter(as_read(schemas.IntegrationSchema, integration_ids, integrations))
    links = []
    for (tree, scaling), one in zip(found, as_read(schemas.ScalingSchema, scaling_ids, rows)):
        one["statistics"] = [next(left) for _ in scaling["statistics"]]
        one["integrations"] = [next(mine) for _ in scaling.get("integrations", ())]
        tree["scalings"].append(one)
        above = {**when, "autoProcScalingId": one["autoProcScalingId"]}
        for each in one["integrations"]:
            links.append({**above, "autoProcIntegrationId": each["autoProcIntegrationId"]})
    batches.insert(AutoProcScalingHasInt, links)
    old.drop()
    return scaling_ids, trees


def write_runs(program_id: int, runs: list[dict]) -> None:
    """Runs of molecular replacement with their blobs; each names its scaling."""
    rows = [
        {**fill_columns(schemas.MRRunSchema, each, {}), "autoProcProgramId": program_id}
        for each in runs
    ]
    blobs = [
        fill_columns(schemas.MRBlobSchema, blob, {"mxMRRunId": key})
        for key, run in zip(insert(MXMRRun, rows), runs)
        for blob in run.get("blobs", ())
    ]
    batches.insert(MXMRRunBlob, blobs)


def check_links(identity: Identity, program_id: int) -> None:
    """Raise Conflict if a scaling of the program has an integration the caller does not see."""
    link, rule = AutoProcScalingHasInt, visibility.rule(identity, AutoProcIntegration)
    if rule.unrestricted:
        return
    wanted = select(link.autoProcScalingId).join(link.integration).join(link.scaling)
    wanted = wanted.join(AutoProcScaling.autoproc)
    wanted = wanted.where(AutoProc.autoProcProgramId == program_id, ~rule.condition).limit(1)
    if (key := _execute(wanted, **rule.values).scalar()) is not None:
        raise Conflict(f"scaling {key} has an integration of a program that is hidden from you")


def drop_runs(identity: Identity, program_id: int) -> None:
    """Delete the runs of a program that the caller sees; scalings cannot go before them."""
    rule, of = visibility.rule(identity, MXMRRun), MXMRRun.autoProcProgramId
    mine = select(MXMRRun.mxMRRunId).where(of == program_id, rule.condition)
    if found := list(_execute(mine, **rule.values).scalars()):
        delete_by(MXMRRunBlob.mxMRRunId, found)
        delete_by(MXMRRun.mxMRRunId, found)


class _Stored:
    """The keys a program has in the tables of results; ``put`` uses them up in their order."""

    def __init__(self, program_id: int, is_new: bool):
        self._left: list[tuple[Any, list[int]]] = []
        self.autoprocs: list[int] = []
        self.scalings: list[int] = []
        self.integrations: list[int] = []
        if is_new:
            return
        self.autoprocs = _keys(AutoProc.autoProcId, AutoProc.autoProcProgramId, [program_id])
        self.scalings = _keys(
            AutoProcScaling.autoProcScalingId, AutoProcScaling.autoProcId, self.autoprocs
        )
        self.integrations = _keys(
            AutoProcIntegration.autoProcIntegrationId,
            AutoProcIntegration.autoProcProgramId,
            [program_id],
        )

    def put(self, model: Any, stored: list[int], rows: list[dict]) -> list[int]:
        """Write ``rows`` over those ``stored``, add what is more; return all their keys."""
        kept = stored[: len(rows)]
        _update(model, list(zip(kept, rows)))
        self._left.append((model, stored[len(rows) :]))
        return kept + insert(model, rows[len(kept) :])

    def drop(self) -> None:
        """Delete the rows that were not used, from the top: the database takes those below.

        Conflict if rows of other programs would go with them.
        """
        for model, keys in self._left:
            key, link = USERS.get(model, (None, None))
            if key is not None and _keys(key, link, keys):
                raise Conflict(f"another program uses a {model.__name__} that is to go")
            delete_by(inspect(model).primary_key[0], keys)


def fill_columns(schema: type[Schema], data: dict, above: dict) -> dict:
    """``data`` with every column ``schema`` loads, and those of ``above``."""
    return {**_blank(schema), **{n: data[n] for n in data.keys() & _blank(schema).keys()}, **above}


def model_of(schema: type[Schema]) -> Any:
    """The model whose rows ``schema`` describes."""
    return schema.Meta.model  # type: ignore[attr-defined]


def as_read(schema: type[Schema], keys: Iterable[int], rows: Iterable[dict]) -> list[dict]:
    """``rows`` that were written, and have ``keys`` now, as a GET shows them by ``schema``."""
    (primary,) = model_of(schema).__table__.primary_key
    server = db.session.connection().dialect.name
    columns = {n: _as_read(schema, n, server) for n in columns_of(schema) if n != primary.name}
    return [
        {primary.name: key, **{name: read(each.get(name)) for name, read in columns.items()}}
        for key, each in zip(keys, rows)
    ]


def insert(model: Any, rows: list[dict]) -> list[int]:
    """Insert rows that all name the same columns; return their keys, in order.

    It is one statement where the server returns the keys, which it gives out in order.
    """
    stmt, connection = sqlalchemy.insert(model.__table__), db.session.connection()
    if len(rows) > 1 and connection.dialect.insert_executemany_returning:
        (key,) = model.__table__.primary_key
        return sorted(connection.execute(stmt.returning(key), rows).scalars())
    made = [connection.execute(stmt, each).inserted_primary_key for each in rows]
    return [key for keys in made for key in keys or ()]


def delete_by(column: Any, values: Iterable) -> None:
    """Delete the rows that have one of ``values`` in ``column``, by their keys.

    To delete by another index is to lock the gaps in it, where rows of others are to go.
    """
    (found,) = inspect(column).expression.base_columns
    (key,) = found.table.primary_key
    keys = list(values)
    if keys and found is not key:
        wanted = select(key).where(found.in_(bindparam("found", expanding=True)))
        keys = list(_execute(wanted, found=keys).scalars())
    if keys:
        _execute(delete(key.table).where(key.in_(bindparam("keys", expanding=True))), keys=keys)


def _update(model: Any, rows: list[tuple[int, dict]]) -> None:
    """Write each row over the one with its key; all name the same columns."""
    if rows:
        (key,) = model.__table__.primary_key
        stmt = update(model.__table__).where(key == bindparam("the_key"))
        stmt = stmt.values({name: bindparam(name) for name in rows[0][1]})
        db.session.connection().execute(stmt, [{**each, "the_key": at} for at, each in rows])


def _keys(key: Any, by: Any, values: list[int]) -> list[int]:
    if not values:
        return []
    wanted = select(key).where(by.in_(bindparam("found", expanding=True))).order_by(key)
    return list(_execute(wanted, found=values).scalars())


@cache
def _blank(schema: type[Schema]) -> dict:
    """The columns that ``schema`` loads, as they are when nothing is said of them."""
    table = model_of(schema).__table__
    loaded = {
        name: table.c[name]
        for name, field in schema().load_fields.items()
        if not isinstance(field, fields.Nested) and name in table.c
    }
    return {
        name: (
            False
            if column.server_default is not None and isinstance(column.type, Boolean)
            else None
        )
        for name, column in loaded.items()
        if not column.primary_key
    }


@cache
def _as_read(schema: type[Schema], name: str, server: str) -> Callable[[Any], Any]:
    """What makes a value that was written what the server answers to a SELECT."""
    kind = model_of(schema).__table__.c[name].type
    if isinstance(kind, DateTime):
        return lambda value: value and value.isoformat(timespec="seconds")
    if isinstance(kind, Float) and not isinstance(kind, Double) and server != "sqlite":
        return _single
    return lambda value: value


def _single(value: float | None) -> float | None:
    """A FLOAT of MariaDB: kept in four bytes, shown with six digits."""
    return value and float(f"{SINGLE.unpack(SINGLE.pack(value))[0]:.6g}")


def _made(scaling: dict) -> datetime | None:
    """When a scaling was made, as it says itself, to the second."""
    said = scaling.get("recordTimeStamp")
    return said and said.replace(microsecond=0)


def _execute(stmt: Any, **values: Any) -> Any:
    return db.session.connection().execute(stmt, values)
