"""The rules of processing: a job or a program is visible to callers who see all its data."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, inspect, or_, select, true, union
from sqlalchemy.orm import aliased

from shared.access import Rule, seen_below, seen_collections
from shared.callers import Form, Shape, by_row, described
from shared.identity import Identity
from shared.models import (
    AutoProc,
    AutoProcIntegration,
    AutoProcProgram,
    AutoProcScaling,
    AutoProcScalingHasInt,
    DataCollection,
    DataCollectionGroup,
    ProcessingJob,
    ProcessingJobImageSweep,
)
from shared.statements import cache_statements, make_alias

_Program, _Job = make_alias(AutoProcProgram), make_alias(ProcessingJob)
_Sweep, _Integration = make_alias(ProcessingJobImageSweep), make_alias(AutoProcIntegration)
_Result, _Scaling = make_alias(AutoProc), make_alias(AutoProcScaling)
_Link, _Scaled = make_alias(AutoProcScalingHasInt), make_alias(AutoProcIntegration)
_Row, _Group = make_alias(AutoProcIntegration), make_alias(DataCollectionGroup)
_Collection = make_alias(DataCollection)


class Use(NamedTuple):
    """A way from rows to their data collections.

    ``keys`` is a SELECT of the keys of the rows, ``key`` their column. It has joined ``row``, the
    table that refers to the data collections.
    """

    keys: Select
    key: Any
    row: Any


Uses = Iterable[Use]


def jobs(identity: Identity, job_id: Any = ProcessingJob.processingJobId) -> Rule:
    """Processing jobs with a data collection, of which the caller sees all."""
    shape, values = described(identity)
    return Rule(seen_jobs(shape, job_id), values, shape)


def programs(identity: Identity, program_id: Any = AutoProcProgram.autoProcProgramId) -> Rule:
    """Processing programs with a data collection, of which the caller sees all.

    A program uses the data collections of its job, of the sweeps of its job, of its integrations,
    and of the integrations in its scalings, which may be those of another program.
    """
    shape, values = described(identity)
    return Rule(seen_programs(shape, program_id), values, shape)


@cache_statements(512)
def seen_jobs(shape: Shape, job_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the job."""
    return _uses_visible(shape, job_id, select_job_uses())


@cache_statements(512)
def seen_programs(shape: Shape, program_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the program."""
    return _uses_visible(shape, program_id, select_program_uses())


@cache_statements(512)
def seen_scalings(shape: Shape, scaling_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees all data collections of a scaling and of its program.

    At least one of them is a data collection of the scaling itself.
    """
    scaling, result = aliased(AutoProcScaling), aliased(AutoProc)
    own = select(_Link.autoProcScalingId)
    own = own.join(_Scaled, _Scaled.autoProcIntegrationId == _Link.autoProcIntegrationId)
    of_program = []
    for keys, program_id, row in select_program_uses():
        keys = keys.join(result, result.autoProcProgramId == program_id)
        keys = keys.join(scaling, scaling.autoProcId == result.autoProcId)
        of_program.append(Use(keys, scaling.autoProcScalingId, row))
    return _uses_visible(
        shape, scaling_id, [Use(own, _Link.autoProcScalingId, _Scaled)], of_program
    )


@cache_statements(512)
def seen_integrations(shape: Shape, integration_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees an integration's data collection and program."""
    if shape.sessions:
        return true()
    row, shape = _Row, _as_checked(shape)
    program_id = row.autoProcProgramId
    of_program = or_(program_id.is_(None), _is_visible(shape, program_id, select_program_uses()))
    seen = select(row.autoProcIntegrationId).where(row.autoProcIntegrationId == integration_id)
    seen = seen.where(seen_collections(shape, row.dataCollectionId), of_program)
    return _select_first(seen).is_not(None)


def select_job_uses() -> list[Use]:
    """The ways from jobs to their data collections."""
    return [Use(select(row.processingJobId), row.processingJobId, row) for row in (_Job, _Sweep)]


def select_program_uses() -> list[Use]:
    """The ways from programs to their data collections."""
    key, owner, scaled = (row.autoProcProgramId for row in (_Program, _Integration, _Result))
    of_scaling = select(scaled).join(_Scaling, _Scaling.autoProcId == _Result.autoProcId)
    of_scaling = of_scaling.join(_Link, _Link.autoProcScalingId == _Scaling.autoProcScalingId)
    of_scaling = of_scaling.join(
        _Scaled, _Scaled.autoProcIntegrationId == _Link.autoProcIntegrationId
    )
    return [
        *(
            Use(select(key).join(row, row.processingJobId == _Program.processingJobId), key, row)
            for row in (_Job, _Sweep)
        ),
        Use(select(owner), owner, _Integration),
        Use(of_scaling, scaled, _Scaled),
    ]


def _uses_visible(shape: Shape, key: Any, uses: Uses, others: Uses = ()) -> ColumnElement[bool]:
    """Whether ``key`` is of a row that uses a visible data collection, and no hidden one.

    Those that it uses by ``others`` only must not be hidden. For a caller with few sessions, the
    rows with a visible data collection are gathered; for other callers each row is checked.
    """
    if shape.sessions:
        return true()
    if shape.wide or shape.checks_rows:
        return _is_visible(_as_checked(shape), key, uses, others)
    visible = seen_below(shape, _Group.sessionId, _Group.blSampleId)
    primary, keyed = _by_primary_key(key, uses)
    gathered = [_join_session(use, isouter=False).where(visible) for use in keyed]
    keys = union(*gathered) if len(gathered) > 1 else gathered[0].distinct()
    hidden = _select_hidden(_as_checked(shape), key, [*uses, *others])
    return and_(primary.in_(select(keys.subquery())), *hidden)


def _is_visible(shape: Shape, key: Any, uses: Uses, others: Uses = ()) -> ColumnElement[bool]:
    """The same, checked for each row: where none is hidden, each data collection is visible."""
    used = (use.keys.where(use.key == key, use.row.dataCollectionId.is_not(None)) for use in uses)
    uses_any = or_(*(_select_first(each).is_not(None) for each in used))
    return and_(uses_any, *_select_hidden(shape, key, [*uses, *others]))


def _as_checked(shape: Shape) -> Shape:
    """``shape`` for a condition that is checked for each row: with lists of keys, or none."""
    return shape if shape.form is Form.LISTS else by_row(shape)


def _select_hidden(shape: Shape, key: Any, uses: Uses) -> list[ColumnElement[bool]]:
    """The conditions that the row of ``key`` uses no hidden data collection.

    MariaDB runs a scalar subquery with LIMIT for the rows that are left; for NOT EXISTS it
    materialises whole tables. Outer joins have one order only, and so are planned at once.
    """
    # IS NOT TRUE: the rule is null for a caller with an empty list of sessions.
    seen = seen_below(shape, _Group.sessionId, _Group.blSampleId)
    is_hidden = seen.is_not(true())
    hidden = (
        _join_session(use, isouter=True).where(
            use.key == key, use.row.dataCollectionId.is_not(None), is_hidden
        )
        for use in uses
    )
    return [_select_first(each).is_(None) for each in hidden]


def _join_session(use: Use, isouter: bool) -> Select:
    """``use.keys`` with ``_Group``, which has the session of the data collection."""
    collection, group = _Collection, _Group
    on = collection.dataCollectionId == use.row.dataCollectionId
    keys = use.keys.join(collection, on, isouter=isouter)
    on = group.dataCollectionGroupId == collection.dataCollectionGroupId
    return keys.join(group, on, isouter=isouter)


def _select_first(statement: Select) -> Any:
    """The first value of ``statement``, as a column."""
    return statement.limit(1).scalar_subquery()


def _by_primary_key(key: Any, uses: Uses) -> tuple[Any, Uses]:
    """The primary key of the table of ``key``, and ``uses`` of rows by their primary keys.

    MariaDB sorts the primary keys before it checks the rows: it ends with the page.
    """
    entity = key.parent.entity
    mapper = inspect(entity).mapper
    name = mapper.get_property_by_column(mapper.primary_key[0]).key
    if key.key == name:
        return key, uses
    row = aliased(mapper.class_)
    link, primary = getattr(row, key.key), getattr(row, name)
    return getattr(entity, name), [
        Use(each.keys.join(row, link == each.key).with_only_columns(primary), primary, each.row)
        for each in uses
    ]
