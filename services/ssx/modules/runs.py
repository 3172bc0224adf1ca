"""Runs: serial experiments, each stored and read as one document."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import delete, func, select

from services.ssx.models import (
    CrystalComposition,
    EventChain,
    SampleComposition,
    SSXDataCollection,
)
from services.ssx.modules import images, run_samples
from services.ssx.modules.event_chains import complete_events, get_kinds, insert_events
from services.ssx.schemas.data_collections import SSXDataCollectionSchema
from services.ssx.schemas.runs import (
    ListedRunSchema,
    RunCollectionColumnsSchema,
    RunCrystalCompositionSchema,
    RunGroupSchema,
    RunRowSchema,
    RunSampleCompositionSchema,
)
from shared import batches, names, read, row_checks, visibility
from shared.db import db, save
from shared.errors import BadInput, Conflict, not_found
from shared.identity import Identity
from shared.models import (
    BLSample,
    BLSession,
    Crystal,
    DataCollection,
    DataCollectionGroup,
    ExperimentType,
    Protein,
)
from shared.spelling import EXPLAINED
from shared.table_service import TableService

GROUP = "dataCollectionGroupId"
FILES = ("imageDirectory", "imagePrefix", "fileTemplate", "dataCollectionNumber")
SPAN = ("startTime", "endTime")


class Runs(TableService):
    """Serial experiments."""

    def store(self, identity: Identity, document: dict, check: bool = True) -> tuple[int, bool]:
        """Create a run with all rows in ``document``; return its key, and whether it is new.

        A run with the session, start and files of a stored one was sent again. The times of events
        are not looked at without ``check``.
        """
        data = dict(document)
        collection = dict(data.pop("collection"))
        chains = _complete_chains(data.pop("chains", None) or [], check)
        group_data, group_id = collection.pop("group", None), collection.pop(GROUP, None)
        if group_id is not None:
            group = row_checks.lock_visible(identity, DataCollectionGroup, group_id)
            session_id = group.sessionId
        elif group_data is None:
            raise _in_collection({GROUP: ["Must name a group, or DataCollectionGroup be there."]})
        else:
            session_id = _get_session(identity, group_data)
        if (stored := _find_again(session_id, collection)) is not None:
            return stored, False
        if group_id is None:
            group = self._insert_group(identity, session_id, group_data or {})
        collections.check_data(identity, collection)
        links = {GROUP: group.dataCollectionGroupId, **group.copied_columns}
        row = save(DataCollection(), {**collection, **links})
        save(SSXDataCollection(), {**data, "dataCollectionId": row.dataCollectionId})
        insert_chains(identity, row.dataCollectionId, chains)
        return row.dataCollectionId, True

    def insert_group(self, identity: Identity, data: dict) -> DataCollectionGroup:
        """Create the group of runs that ``data`` describes."""
        return self._insert_group(identity, _get_session(identity, data), data)

    def _insert_group(
        self, identity: Identity, session_id: int, data: dict
    ) -> DataCollectionGroup:
        session = row_checks.lock_visible(identity, BLSession, session_id)
        columns = {n: v for n, v in data.items() if n not in ("sample", "session_name")}
        columns |= {"sessionId": session_id}
        if columns.get("blSampleId") is not None:
            _check_sample(identity, columns["blSampleId"], session.proposalId)
        elif sample := data.get("sample"):
            try:
                key = run_samples.find_or_create(identity, session.proposalId, sample)
            except BadInput as error:
                raise _in_group({"BLSample": error.errors}) from None
            columns["blSampleId"] = key
        columns["experimentTypeId"] = db.session.scalar(
            select(func.min(ExperimentType.experimentTypeId)).where(
                ExperimentType.name == columns["experimentType"]
            )
        )
        groups.check_data(identity, columns)
        return save(DataCollectionGroup(), columns)

    def get(self, identity: Identity, key: Any, only: Any = ()) -> dict:
        """A visible run with its group, sample and event chains."""
        rule = visibility.rule(identity, SSXDataCollection)
        run = read.one(RunRowSchema, rule, _list_paths(), dataCollectionId=key)
        return _add_compositions(identity, run)

    def update(self, identity: Identity, key: Any, data: dict) -> dict:
        """Change the columns of a visible run, and of its data collection, that ``data`` names.

        The end of the data collection is that of its group, if that ends earlier or not at all, or
        ended with it before.
        """
        row = self.lock(identity, key)
        changes = dict(data)
        collection = changes.pop("collection", {})
        stored = row_checks.locked(DataCollection, key)
        collections.check_data(identity, collection, stored)
        former_end = stored.endTime
        save(row, changes)
        save(stored, collection)
        if end := collection.get("endTime"):
            group = row_checks.locked(DataCollectionGroup, stored.dataCollectionGroupId)
            if group.endTime in (None, former_end) or group.endTime < end:
                save(group, {"endTime": end})
        return self.get(identity, key)

    def delete(self, identity: Identity, key: Any) -> dict:
        """Delete a visible run without results or images; return it as it was.

        Its group goes too, if it has no other rows.
        """
        run = self.get(identity, key)
        row_checks.locked(SSXDataCollection, key)
        if images.has_any(key):
            raise Conflict("run still has images")
        db.session.execute(delete(SSXDataCollection).filter_by(dataCollectionId=key))
        row_checks.remove(DataCollection, key, along=("EventChain",))
        try:
            with db.session.begin_nested():
                row_checks.remove(DataCollectionGroup, run["DataCollection"][GROUP])
        except Conflict:
            pass  # other data collections, or a robot action
        return run


runs = Runs(SSXDataCollectionSchema, listed=ListedRunSchema)
groups = TableService(RunGroupSchema, span=SPAN)
collections = TableService(RunCollectionColumnsSchema, span=SPAN)


@cache
def _list_paths() -> tuple[str, ...]:
    """The paths of the fields of a run, but for lists of rows below a parent of it."""

    def list_below(schema: Schema, prefix: str) -> Iterator[str]:
        for name, field in schema.dump_fields.items():
            if not isinstance(field, fields.Nested) or (field.many and not prefix):
                yield f"{prefix}{name}"
            elif not field.many:
                yield from list_below(field.schema, f"{prefix}{name}.")

    return tuple(list_below(RunRowSchema(), ""))


def insert_chains(identity: Identity, collection_id: int, chains: list[tuple[dict, list]]) -> None:
    """Insert chains, each with its columns and its events, of a new data collection."""
    rows = [{**columns, "dataCollectionId": collection_id} for columns, _ in chains]
    keys = batches.insert_with_keys(EventChain, rows)
    insert_events(identity, [(key, events) for key, (_, events) in zip(keys, chains)])


def _complete_chains(chains: list[dict], check: bool) -> list[tuple[dict, list[dict]]]:
    """The columns of each chain, and its events; BadInput by the index of each that cannot be."""
    completed, faults = [], {}
    kinds = get_kinds() if chains else {}
    for at, chain in enumerate(chains):
        columns = {name: value for name, value in chain.items() if name != "events"}
        try:
            completed.append((columns, complete_events(chain.get("events") or [], kinds, check)))
        except BadInput as error:
            faults[at] = error.errors
            if len(faults) == EXPLAINED:
                break
    if faults:
        raise BadInput("invalid input", {"EventChain": faults})
    return completed


def _get_session(identity: Identity, group: dict) -> int:
    """The key of the visible session that the document of a group names."""
    if "session_name" in group:
        return names.session_key(identity, group["session_name"])
    if "sessionId" not in group:
        raise _in_group({"sessionId": ["Is needed, or session."]})
    return names.session_key(identity, group["sessionId"])


def _find_again(session_id: int, collection: dict) -> int | None:
    """The key of the run of a session, which is locked, with this start and these files."""
    files = {name: collection.get(name) for name in FILES}
    if files["imageDirectory"] is None:
        return None
    lock = select(BLSession.sessionId).filter_by(sessionId=session_id).with_for_update()
    db.session.execute(lock).all()
    statement = (
        select(SSXDataCollection.dataCollectionId)
        .join(
            DataCollection, DataCollection.dataCollectionId == SSXDataCollection.dataCollectionId
        )
        .join(DataCollectionGroup)
        .where(
            DataCollectionGroup.sessionId == session_id,
            DataCollection.startTime == collection["startTime"],
            *(getattr(DataCollection, name).is_not_distinct_from(v) for name, v in files.items()),
        )
    )
    return db.session.scalar(statement.limit(1))


def _check_sample(identity: Identity, key: int, proposal_id: int) -> None:
    """Raise NotFound unless the sample is visible, BadInput unless it is of the proposal."""
    rule = visibility.rule(identity, BLSample)
    statement = (
        select(BLSample.blSampleId, Protein.proposalId)
        .outerjoin(Crystal, Crystal.crystalId == BLSample.crystalId)
        .outerjoin(Protein, Protein.proteinId == Crystal.proteinId)
        .where(BLSample.blSampleId == key, rule.condition)
    )
    row = db.session.execute(statement, rule.values).first()
    if row is None:
        raise not_found(BLSample)
    if row.proposalId not in (None, proposal_id):
        raise _in_group({"blSampleId": ["Must be a sample of the proposal of the session."]})


def _add_compositions(identity: Identity, run: dict) -> dict:
    """``run`` with the components of its sample and of the crystals."""
    sample = run["DataCollection"]["DataCollectionGroup"]["BLSample"]
    if sample is None:
        return run
    rule = visibility.rule(identity, SampleComposition)
    sample["SampleComposition"] = read.some(
        RunSampleCompositionSchema, rule, parent=sample["blSampleId"]
    )
    if crystal := sample["Crystal"]:
        rule = visibility.rule(identity, CrystalComposition)
        crystal["CrystalComposition"] = read.some(
            RunCrystalCompositionSchema, rule, parent=crystal["crystalId"]
        )
    return run


def _in_collection(errors: Any) -> BadInput:
    return BadInput("invalid input", {"DataCollection": errors})


def _in_group(errors: Any) -> BadInput:
    return _in_collection({"DataCollectionGroup": errors})
