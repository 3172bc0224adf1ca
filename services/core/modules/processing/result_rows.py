"""The rows below a program, written in bulk: one statement for each table.

Rows that others may refer to (results, scalings, integrations) are written over the stored ones
in their order, so that they keep their keys; all others are deleted and inserted.
"""

import struct
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from typing import Any

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
from shared import visibility
from shared.db import db
from shared.errors import Conflict
from shared.identity import Identity
from shared.inserts import insert
from shared.models import AutoProcProgramAttachment, AutoProcProgramMessage
from shared.schemas import columns_of

SINGLE = struct.Struct("f")
USERS: dict[Any, tuple] = {
    AutoProcScaling: (PhasingHasScaling.phasingHasScalingId, PhasingHasScaling.autoProcScalingId),
    AutoProcIntegration: (
        AutoProcScalingHasInt.autoProcScaling_has_IntId,
        AutoProcScalingHasInt.autoProcIntegrationId,
    ),
}  # the dependent rows that the database deletes with a row: their key, their foreign key


def write_files(above: dict, files: list[dict], messages: list[dict], is_new: bool) -> dict:
    """Attachments, which keep their keys by path and name, and messages; return both as stored.

    ``above`` has the columns that all new rows share: the key of the program, and the time.
    """
    by_name = {(file["filePath"], file["fileName"]): file for file in files}  # the last one counts
    stored = {} if is_new else _attachments_by_name(above["autoProcProgramId"])
    rows = [fill_columns(AttachmentSchema, file, above) for file in by_name.values()]
    pairs = [(stored.pop((row["filePath"], row["fileName"]), None), row) for row in rows]
    kept = [(key, row) for key, row in pairs if key]
    added = [row for key, row in pairs if not key]
    _update(AutoProcProgramAttachment, kept)
    delete_by(AutoProcProgramAttachment.autoProcProgramAttachmentId, stored.values())
    written = dict([*kept, *zip(insert(AutoProcProgramAttachment.__table__, added), added)])
    if not is_new:
        delete_by(AutoProcProgramMessage.autoProcProgramId, [above["autoProcProgramId"]])
    rows = [fill_columns(MessageSchema, each, above) for each in messages]
    keys = sorted(written)
    return {
        "attachments": as_read(AttachmentSchema, keys, [written[key] for key in keys]),
        "messages": as_read(MessageSchema, insert(AutoProcProgramMessage.__table__, rows), rows),
    }


def _attachments_by_name(program_id: int) -> dict[tuple, int]:
    """The keys of the stored attachments of a program by their path and name."""
    model = AutoProcProgramAttachment
    statement = select(model.filePath, model.fileName, model.autoProcProgramAttachmentId)
    rows = _execute(statement.where(model.autoProcProgramId == program_id))
    return {(path, name): key for path, name, key in rows}


def write_results(
    above: dict, results: list[dict], collection_id: int | None, is_new: bool
) -> tuple[list[int], list[dict]]:
    """Results with all that is below them; return the keys of the scalings, and all as stored.

    A program without an integration gets one on the data collection, if that is given.
    """
    stored = _StoredKeys(above["autoProcProgramId"], is_new)
    rows = [fill_columns(schemas.AutoProcSchema, each, above) for each in results]
    autoproc_ids = stored.put(AutoProc, rows)
    scalings = [result.get("scalings", []) for result in results]
    written = _write_scalings(stored, above, autoproc_ids, scalings, collection_id)
    stored.delete_rest()
    answers = as_read(schemas.AutoProcSchema, autoproc_ids, rows)
    groups = _regroup(written, scalings)
    return (
        [scaling["autoProcScalingId"] for scaling in written],
        [{**answer, "scalings": group} for answer, group in zip(answers, groups)],
    )


def _write_scalings(
    stored: "_StoredKeys",
    above: dict,
    autoproc_ids: list[int],
    scalings: list[list[dict]],
    collection_id: int | None,
) -> list[dict]:
    """The scalings of each result, with their shells and integrations; return all as stored."""
    created = {"recordTimeStamp": above["recordTimeStamp"]}
    delete_by(AutoProcScalingStatistics.autoProcScalingId, stored.keys[AutoProcScaling])
    delete_by(AutoProcScalingHasInt.autoProcScalingId, stored.keys[AutoProcScaling])
    rows = [
        {**created, **_time_of(scaling), "autoProcId": key}
        for key, group in zip(autoproc_ids, scalings)
        for scaling in group
    ]
    keys = stored.put(AutoProcScaling, rows)
    documents = [scaling for group in scalings for scaling in group]
    shells = write_shells(keys, documents, created)
    integrations = _write_integrations(stored, above, documents, collection_id)
    links = [
        {"autoProcScalingId": key, "autoProcIntegrationId": each["autoProcIntegrationId"]}
        for key, group in zip(keys, integrations)
        for each in group
    ]
    insert(AutoProcScalingHasInt.__table__, [{**link, **created} for link in links])
    return [
        {**scaling, "statistics": statistics, "integrations": group}
        for scaling, statistics, group in zip(
            as_read(schemas.ScalingSchema, keys, rows), shells, integrations
        )
    ]


def write_shells(keys: list[int], scalings: list[dict], created: dict) -> list[list[dict]]:
    """The shells of the scalings with these keys; return those of each as stored."""
    rows = [
        fill_columns(schemas.ScalingStatisticsSchema, each, {**created, "autoProcScalingId": key})
        for key, scaling in zip(keys, scalings)
        for each in scaling["statistics"]
    ]
    written = as_read(
        schemas.ScalingStatisticsSchema, insert(AutoProcScalingStatistics.__table__, rows), rows
    )
    return _regroup(written, [scaling["statistics"] for scaling in scalings])


def _write_integrations(
    stored: "_StoredKeys", above: dict, scalings: list[dict], collection_id: int | None
) -> list[list[dict]]:
    """The integrations of the scalings; return those of each scaling as stored.

    Without any, the program gets one on the data collection, which belongs to no scaling.
    """
    groups = [scaling.get("integrations", []) for scaling in scalings]
    documents = [each for group in groups for each in group]
    if collection_id is not None and not documents:
        documents = [{"dataCollectionId": collection_id}]
    rows = [fill_columns(schemas.IntegrationSchema, each, above) for each in documents]
    keys = stored.put(AutoProcIntegration, rows)
    return _regroup(as_read(schemas.IntegrationSchema, keys, rows), groups)


def _regroup(rows: list[dict], groups: list[list]) -> list[list[dict]]:
    """``rows`` in lists as long as those of ``groups``."""
    rest = iter(rows)
    return [[next(rest) for _ in group] for group in groups]


def write_runs(program_id: int, runs: list[dict]) -> None:
    """Runs of molecular replacement with their blobs; each names its scaling."""
    above = {"autoProcProgramId": program_id}
    rows = [fill_columns(schemas.MRRunSchema, each, above) for each in runs]
    blobs = [
        fill_columns(schemas.MRBlobSchema, blob, {"mxMRRunId": key})
        for key, run in zip(insert(MXMRRun.__table__, rows), runs)
        for blob in run.get("blobs", ())
    ]
    insert(MXMRRunBlob.__table__, blobs)


def check_links(identity: Identity, program_id: int) -> None:
    """Raise Conflict if a scaling of the program has an integration the caller does not see."""
    link, rule = AutoProcScalingHasInt, visibility.rule(identity, AutoProcIntegration)
    if rule.unrestricted:
        return
    statement = select(link.autoProcScalingId).join(link.integration).join(link.scaling)
    statement = statement.join(AutoProcScaling.autoproc)
    statement = statement.where(AutoProc.autoProcProgramId == program_id, ~rule.condition).limit(1)
    if (key := _execute(statement, **rule.values).scalar()) is not None:
        raise Conflict(f"scaling {key} has an integration of a program that is hidden from you")


def delete_runs(identity: Identity, program_id: int) -> None:
    """Delete the runs of a program that the caller sees: they refer to scalings."""
    rule = visibility.rule(identity, MXMRRun)
    statement = select(MXMRRun.mxMRRunId).where(MXMRRun.autoProcProgramId == program_id)
    keys = list(_execute(statement.where(rule.condition), **rule.values).scalars())
    delete_by(MXMRRunBlob.mxMRRunId, keys)
    delete_by(MXMRRun.mxMRRunId, keys)


class _StoredKeys:
    """The keys that a program has in the tables of results; ``put`` reuses them in their order."""

    def __init__(self, program_id: int, is_new: bool):
        self.keys: dict[Any, list[int]] = {
            AutoProc: [],
            AutoProcScaling: [],
            AutoProcIntegration: [],
        }
        if is_new:
            return
        result, scaling, integration = self.keys
        self.keys[result] = _keys(result.autoProcId, result.autoProcProgramId, [program_id])
        self.keys[scaling] = _keys(
            scaling.autoProcScalingId, scaling.autoProcId, self.keys[result]
        )
        self.keys[integration] = _keys(
            integration.autoProcIntegrationId, integration.autoProcProgramId, [program_id]
        )

    def put(self, model: Any, rows: list[dict]) -> list[int]:
        """Write ``rows`` over the stored ones, and insert the others; return the keys of all."""
        stored, number = self.keys[model], len(rows)
        kept, self.keys[model] = stored[:number], stored[number:]
        _update(model, list(zip(kept, rows)))
        return kept + insert(model.__table__, rows[len(kept) :])

    def delete_rest(self) -> None:
        """Delete the rows that were not written over, and by foreign keys those below them.

        Conflict if rows of other programs depend on them.
        """
        for model, keys in self.keys.items():
            key, link = USERS.get(model, (None, None))
            if key is not None and _keys(key, link, keys):
                raise Conflict(f"another program uses a {model.__name__} that is to be deleted")
            delete_by(inspect(model).primary_key[0], keys)


def fill_columns(schema: type[Schema], data: dict, above: dict) -> dict:
    """``data`` with every column that ``schema`` loads, and the columns ``above``.

    A time of its own, which some writers have, comes before that of ``above``.
    """
    columns = {name: data[name] for name in data.keys() & _blank(schema).keys()}
    return {**_blank(schema), **columns, **above, **_time_of(data)}


def model_of(schema: type[Schema]) -> Any:
    """The model whose rows ``schema`` describes."""
    return schema.Meta.model  # type: ignore[attr-defined]


def as_read(schema: type[Schema], keys: Iterable[int], rows: Iterable[dict]) -> list[dict]:
    """``rows`` that were written with these keys, as a GET shows them by ``schema``."""
    (primary,) = model_of(schema).__table__.primary_key
    columns, converters = _as_read(schema, db.session.connection().dialect.name)
    answers = []
    for key, row in zip(keys, rows):
        answer = {primary.name: key, **{name: row.get(name) for name in columns}}
        for name, convert in converters:
            answer[name] = convert(answer[name])
        answers.append(answer)
    return answers


def delete_by(column: Any, values: Iterable) -> None:
    """Delete the rows that have one of ``values`` in ``column``, by their keys.

    A DELETE by another index locks also the gaps in it, where INSERTs of others would wait.
    """
    (by,) = inspect(column).expression.base_columns
    (key,) = by.table.primary_key
    keys = list(values)
    if keys and by is not key:
        statement = select(key).where(by.in_(bindparam("values", expanding=True)))
        keys = list(_execute(statement, values=keys).scalars())
    if keys:
        _execute(delete(key.table).where(key.in_(bindparam("keys", expanding=True))), keys=keys)


def _update(model: Any, rows: list[tuple[int, dict]]) -> None:
    """Write each row over the one with its key; all name the same columns."""
    if rows:
        (key,) = model.__table__.primary_key
        statement = update(model.__table__).where(key == bindparam("stored_key"))
        statement = statement.values({name: bindparam(name) for name in rows[0][1]})
        parameters = [{**row, "stored_key": stored_key} for stored_key, row in rows]
        db.session.connection().execute(statement, parameters)


def _keys(key: Any, by: Any, values: list[int]) -> list[int]:
    """The keys of the rows that have one of ``values`` in the column ``by``, in order."""
    if not values:
        return []
    statement = select(key).where(by.in_(bindparam("values", expanding=True))).order_by(key)
    return list(_execute(statement, values=values).scalars())


@cache
def _blank(schema: type[Schema]) -> dict:
    """The columns that ``schema`` loads, with their values in a row that names none of them."""
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
def _as_read(schema: type[Schema], server: str) -> tuple[list[str], list[tuple[str, Callable]]]:
    """The columns of ``schema``, and the functions that turn a value into the server's answer."""
    table = model_of(schema).__table__
    columns = [n for n in columns_of(schema) if n in table.c and not table.c[n].primary_key]
    converters: list[tuple[str, Callable]] = []
    for name in columns:
        kind = table.c[name].type
        if isinstance(kind, DateTime):
            converters.append((name, _in_seconds))
        if isinstance(kind, Float) and not isinstance(kind, Double) and server != "sqlite":
            converters.append((name, _single))
    return columns, converters


def _in_seconds(value: datetime | None) -> str | None:
    return value.isoformat(timespec="seconds") if value else None


def _single(value: float | None) -> float | None:
    """The value of a FLOAT of MariaDB: stored in four bytes, answered with six digits."""
    return value and float(f"{SINGLE.unpack(SINGLE.pack(value))[0]:.6g}")


def _time_of(part: dict) -> dict:
    """The time at which a part of a document was made, to the second, if the document has it."""
    time = part.get("recordTimeStamp")
    return {"recordTimeStamp": time.replace(microsecond=0)} if time else {}


def _execute(statement: Any, **parameters: Any) -> Any:
    return db.session.connection().execute(statement, parameters)
