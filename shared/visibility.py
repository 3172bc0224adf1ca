"""The rule of each table: the rows that a caller sees, in every statement that shows them.

A model of a service has its rule in ``visible_by``; the rules of the spine are in ``SPINE``. A
table without a rule that is read or referred to is refused when the app is built: see ``entry``.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from marshmallow import fields
from sqlalchemy import ColumnElement, and_, inspect, select, true

from shared import access, access_persons, access_processing, access_registries, models
from shared.access import Rule
from shared.access_forms import is_among
from shared.access_sharing import is_shared, unless_closed
from shared.callers import Shape, described, is_any
from shared.identity import Identity
from shared.statements import cache_statements, make_alias


class Entry(NamedTuple):
    """The rule of a table.

    A row is visible to callers who see its parent: the row to which the first of ``links`` that
    is not null refers. ``shows`` are links to rows that are visible with the row. ``rule`` is
    the SQL for a key of the table, if the links are not the whole rule, or are slow. ``uses`` are
    the ways from a row to its data collections, if it has several: see ``access_processing``.
    ``used_rule`` is the SQL for a row that a visible row of one of the models ``users`` shows.
    """

    links: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()
    rule: Callable[[Shape, Any], ColumnElement[bool]] | None = None
    uses: Callable[[], access_processing.Uses] | None = None
    users: tuple[type, ...] = ()
    used_rule: Callable[[Shape, Any], ColumnElement[bool]] | None = None


def by(*links: str, shows: tuple[str, ...] = ()) -> Entry:
    """The rule of rows that are visible with the row to which the first of ``links`` refers."""
    return Entry(links, shows)


def _everybody(shape: Shape, key: Any) -> ColumnElement[bool]:
    return true()


PUBLIC = Entry(rule=_everybody)  # rows that belong to nobody, or that the route alone protects
PART = Entry()  # rows without a link to a parent, each visible with the row that refers to it

SPINE: dict[type, Entry] = {
    models.Person: Entry(rule=access_persons.seen_persons),
    models.Proposal: Entry(shows=("personId",), rule=access.seen_proposals),
    models.ProposalHasPerson: by("proposalId", shows=("personId",)),
    # A proposal is visible through each of its sessions.
    models.BLSession: Entry(shows=("proposalId",), rule=access.seen_sessions),
    models.SessionHasPerson: by("sessionId", shows=("personId",)),
    models.SessionType: by("sessionId"),
    models.DataCollectionGroup: Entry(("sessionId",), rule=access.seen_groups),
    models.DataCollection: Entry(("dataCollectionGroupId",), rule=access.seen_collections),
    models.GridInfo: Entry(("dataCollectionId", "dataCollectionGroupId"), rule=access.seen_grids),
    models.DataCollectionFileAttachment: by("dataCollectionId"),
    # The author of a comment is visible to its readers.
    models.DataCollectionComment: by("dataCollectionId", shows=("personId",)),
    models.Protein: Entry(("proposalId",), rule=access.seen_proteins),
    models.Crystal: Entry(("proteinId",), rule=access.seen_crystals),
    models.BLSample: Entry(("crystalId", "containerId"), rule=access.seen_samples),
    models.BLSubSample: by("blSampleId"),
    models.LabContact: by("proposalId", shows=("personId",)),
    models.BLSampleGroup: Entry(rule=access_registries.seen_sample_groups),
    models.BLSampleGroupHasBLSample: by("blSampleGroupId"),
    models.BLSampleImage: by("blSampleId"),
    models.ContainerInspection: by("containerId"),
    models.DewarRegistry: Entry(rule=access_registries.seen_dewar_registry),
    models.DewarRegistryHasProposal: by("proposalId", shows=("personId",)),
    models.ContainerRegistry: Entry(rule=access_registries.seen_container_registry),
    models.ContainerRegistryHasProposal: by("proposalId", shows=("personId",)),
    models.Shipping: by("proposalId"),
    models.Dewar: by("shippingId"),
    models.Container: Entry(
        ("dewarId", "parentContainerId", "sessionId"), rule=access.seen_containers
    ),
    models.DiffractionPlan: Entry(
        rule=access.seen_plans,
        users=(models.BLSample, models.Crystal),
        used_rule=access.seen_used_plans,
    ),
    models.ProcessingJob: Entry(
        rule=access_processing.seen_jobs, uses=access_processing.select_job_uses
    ),
    models.ProcessingJobParameter: by("processingJobId"),
    models.ProcessingJobImageSweep: by("processingJobId"),
    models.AutoProcProgram: Entry(
        rule=access_processing.seen_programs, uses=access_processing.select_program_uses
    ),
    models.AutoProcProgramAttachment: by("autoProcProgramId"),
    models.AutoProcProgramMessage: by("autoProcProgramId"),
    models.AutoProc: by("autoProcProgramId"),
    models.AutoProcScaling: by("autoProcId"),
    models.AutoProcScalingStatistics: by("autoProcScalingId"),
    models.AutoProcScalingHasInt: by("autoProcScalingId"),
    models.AutoProcIntegration: Entry(rule=access_processing.seen_integrations),
    models.Position: PART,
    models.AdminVar: PUBLIC,
    models.BLSampleImageScore: PUBLIC,
    models.BeamCalendar: PUBLIC,
    models.BeamLineSetup: PUBLIC,
    models.ComponentType: PUBLIC,
    models.ConcentrationType: PUBLIC,
    models.ContainerType: PUBLIC,
    models.Detector: PUBLIC,
    models.ExperimentType: PUBLIC,
    models.Imager: PUBLIC,
    models.InspectionType: PUBLIC,
    models.Laboratory: PUBLIC,
    models.MotorPosition: PUBLIC,  # no answer shows one
    models.ProcessingPipeline: PUBLIC,
    models.ProcessingPipelineCategory: PUBLIC,
    # The routes of the auth service decide who reads these.
    models.Permission: PUBLIC,
    models.UserGroup: PUBLIC,
    models.UserGroupHasPermission: PUBLIC,
    models.UserGroupHasPerson: by("userGroupId", shows=("personId",)),
}


def entry(entity: Any) -> Entry:
    """The rule of the table of ``entity``, a model or an alias; TypeError if it has none."""
    model, table_rule = inspect(entity).mapper.class_, find_entry(entity)
    if table_rule is None:
        raise TypeError(
            f"{model.__name__} has no rule that says who sees its rows: set visible_by in the"
            " model to by(<link>), or to PUBLIC if its rows belong to nobody"
        )
    return table_rule


def find_entry(entity: Any) -> Entry | None:
    """The rule of the table of ``entity``, or None."""
    model = inspect(entity).mapper.class_
    return SPINE.get(model) or getattr(model, "visible_by", None)


def below(identity: Identity, entity: Any) -> Rule:
    """The rows of ``entity`` below a row that the caller sees, by the first links of their rules.

    They are all visible, unless samples are closed to the caller.
    """
    is_closed = described(identity)[0].closed
    return rule(identity, entity) if is_closed else access.everything(identity)


def rule(identity: Identity, entity: Any) -> Rule:
    """The rows of ``entity`` that the caller sees, by the rule of their table."""
    shape, values = described(identity)
    return Rule(condition(shape, entity), values, shape)


def rule_of_link(identity: Identity, link: Any) -> Rule:
    """The rows whose ``link`` refers to a row that the caller sees: each is checked."""
    shape, values = described(identity)
    return Rule(_followed(shape._replace(few=True), link), values, shape)


@cache_statements(1024)
def condition(shape: Shape, entity: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees a row of ``entity``."""
    if may_be_closed(shape, entity):
        open_sample = is_shared(sample_link(entity))
        return unless_closed(shape, open_sample, lambda caller: condition(caller, entity))
    table_rule = entry(entity)
    links, sql = table_rule.links, table_rule.rule
    if sql is not None and len(links) != 1:
        return sql(shape, key_of(entity))
    if not links:
        raise TypeError(f"{entity.__name__}: a part is only seen with the row that names it")
    *others, last = (getattr(entity, name) for name in links)
    visible = _followed(shape, last)
    for link in reversed(others):
        visible = is_any([_followed(shape, link), and_(link.is_(None), visible)])
    return visible


def parent_condition(shape: Shape, source: Any, parent: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees ``parent``, an alias of the target of ``source``.

    The caller sees the row that has the relationship ``source``.
    """
    above = entry(parent)
    if above.used_rule is not None and source.class_ in above.users:
        return above.used_rule(shape, parent)
    return condition(shape, parent)


def _followed(shape: Shape, link: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the row that ``link`` refers to."""
    parent = target(link)
    if (sql := entry(parent).rule) is not None:
        return sql(shape, link)
    row = make_kept_alias(parent)
    visible = condition(shape, row)
    if access.is_unrestricted(visible):
        return visible
    return is_among(shape, link, select(key_of(row)).where(visible))


def hidden_parent(source: Any) -> bool:
    """Whether the parent by the relationship ``source`` may be hidden from a caller.

    It may not, if the rule of the child follows the same link.
    """
    above, below = entry(source.property.mapper.class_), entry(source.class_)
    if above in (PUBLIC, PART):
        return False
    names = {_name(source, column) for column in source.property.local_columns}
    return not any(names == {name} for name in (*below.links[:1], *below.shows))


def hidden_children(link: Any, shape: Shape | None = None) -> bool:
    """Whether a child may be hidden from a caller who sees the parent that ``link`` refers to.

    It may not, if ``link`` is the first one that the rule of the child follows; but for a caller
    of a ``shape`` to whom samples are closed, with the rows that hang on them.
    """
    if may_be_closed(shape, link.class_):
        return True
    below = entry(link.class_)
    if below is PART:
        raise TypeError(f"{link.class_.__name__} is listed below a row, and has no link to it")
    return below is not PUBLIC and link.key not in below.links[:1]


def targets(schema: Any) -> dict[str, Any]:
    """The models to whose rows a body of ``schema`` can refer, by the names of fields."""
    models = {}
    for name, field in schema.load_fields.items():
        attribute = getattr(schema.opts.model, field.attribute or name, None)
        if attribute is None or isinstance(field, fields.Nested):
            continue
        if (parent := target(attribute)) is not None:
            models[name] = parent
    return models


def check_links(schema: Any) -> None:
    """Raise TypeError if a body of ``schema`` can refer to a row of a table without a rule."""
    for name, parent in targets(schema).items():
        if entry(parent) is PART:
            raise TypeError(f"{name}: a client cannot name a row that is part of another")


def may_be_closed(shape: Shape | None, entity: Any) -> bool:
    """Whether samples are closed to a caller of that shape, and ``entity`` hangs on one."""
    return shape is not None and shape.closed and sample_link(entity) is not None


def sample_link(entity: Any) -> Any:
    """The column of ``entity`` by which its rows are hidden with a closed sample, or None.

    It is the key of a sample, or refers to one. Rows whose rule follows it need no more.
    """
    model = inspect(entity).mapper.class_
    name = _find_sample_link(model)
    return None if name is None else getattr(entity, name)


@cache
def _find_sample_link(model: Any) -> str | None:
    if model is models.BLSample or find_entry(model) in (None, PUBLIC, PART):
        return "blSampleId" if model is models.BLSample else None
    names = (each.key for each in inspect(model).column_attrs)
    links = [name for name in names if target(getattr(model, name)) is models.BLSample]
    return next((name for name in links if name not in entry(model).links[:1]), None)


@cache
def target(link: Any) -> Any:
    """The model that a column refers to, or None."""
    for key in inspect(link).expression.base_columns:
        for foreign in key.foreign_keys:
            table = foreign.column.table
            mappers = link.parent.mapper.registry.mappers
            return next(m.class_ for m in mappers if m.local_table is table)
    return None


def key_of(entity: Any, column: Any = None) -> Any:
    """The attribute of ``entity`` that maps ``column``, or its primary key."""
    mapper = inspect(entity).mapper
    column = mapper.primary_key[0] if column is None else column
    return getattr(entity, mapper.get_property_by_column(column).key)


def _name(source: Any, column: Any) -> str:
    return source.parent.mapper.get_property_by_column(column).key


@cache
def make_kept_alias(model: Any) -> Any:
    """The alias of a model; always the same one, as conditions are cached by their columns."""
    return make_alias(model)
