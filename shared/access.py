"""Who sees what: the conditions every query starts from.

The rule of processing is in ``access_processing``, the rule of each table in ``visibility``.

What a person sees is a union of ids, each part of it served by an index. Written as one WHERE
with OR, the database walks all sessions instead. What staff see of their beamlines is too much
to gather: it is asked of each row, beside the union. A condition is made once for each shape of
caller (someone, a person with beamlines, a program…); who it is, is bound when it runs.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    exists,
    false,
    or_,
    select,
    true,
    union,
)
from sqlalchemy.orm import aliased

from shared.db import db
from shared.errors import Forbidden, NotFound
from shared.identity import Identity
from shared.models import (
    BLSample,
    BLSession,
    BLSubSample,
    Container,
    Crystal,
    DataCollection,
    DataCollectionGroup,
    Dewar,
    DiffractionPlan,
    GridInfo,
    Person,
    Proposal,
    ProposalHasPerson,
    Protein,
    SessionHasPerson,
    Shipping,
)
from shared.statements import cache_statements


class Shape(NamedTuple):
    """The properties of a caller that decide how the SQL of its conditions looks."""

    proposals: bool
    sessions: bool
    person: bool
    beamlines: bool
    persons: bool


class Rule(NamedTuple):
    """The rows of one table that a caller sees, and the values to run ``condition`` with.

    ``shape`` is that of the caller, for the rows that are read beside those of the table.
    """

    condition: ColumnElement[bool]
    values: dict[str, Any]
    shape: Shape | None = None

    @property
    def unrestricted(self) -> bool:
        """Whether the caller sees every row of the table."""
        return is_unrestricted(self.condition)


def is_unrestricted(condition: ColumnElement[bool]) -> bool:
    """Whether ``condition`` holds for every row: as a rule without conditions it is ``true()``."""
    return condition is true()


EVERYTHING = Rule(true(), {})  # of tables that show no rows of others: the caller is unknown


def everything(identity: Identity) -> Rule:
    """All rows of a table; the rows that they show beside themselves as the caller sees them."""
    shape, values = described(identity)
    return Rule(true(), values, shape)


def sessions(identity: Identity, session_id: Any = BLSession.sessionId) -> Rule:
    """Sessions on the caller's beamlines, or it is on them, or on or leads their proposal.

    For other tables, ``session_id`` is the column that points at the session.
    """
    shape, values = described(identity)
    return Rule(seen_sessions(shape, session_id), values, shape)


def proposals(identity: Identity, proposal_id: Any = Proposal.proposalId) -> Rule:
    """Proposals the caller leads, is on, or sees a session of."""
    shape, values = described(identity)
    return Rule(seen_proposals(shape, proposal_id), values, shape)


def groups(identity: Identity, group_id: Any = DataCollectionGroup.dataCollectionGroupId) -> Rule:
    """Groups of data collections in the sessions the caller sees."""
    shape, values = described(identity)
    return Rule(seen_groups(shape, group_id), values, shape)


def collections(identity: Identity, collection_id: Any = DataCollection.dataCollectionId) -> Rule:
    """Data collections of those groups: what they say of a session themselves is only a copy."""
    shape, values = described(identity)
    return Rule(seen_collections(shape, collection_id), values, shape)


def proteins(identity: Identity, protein_id: Any = Protein.proteinId) -> Rule:
    """Proteins of the proposals the caller sees."""
    shape, values = described(identity)
    return Rule(seen_proteins(shape, protein_id), values, shape)


def crystals(identity: Identity, crystal_id: Any = Crystal.crystalId) -> Rule:
    """Crystals of those proteins."""
    shape, values = described(identity)
    return Rule(seen_crystals(shape, crystal_id), values, shape)


def containers(identity: Identity, container_id: Any = Container.containerId) -> Rule:
    """Containers in shipments of those proposals, else in such a container, else of a session.

    One that is nowhere belongs to its owner, and to the staff of the beamline it is at.
    """
    shape, values = described(identity)
    return Rule(seen_containers(shape, container_id), values, shape)


def samples(identity: Identity, sample_id: Any = BLSample.blSampleId) -> Rule:
    """Samples of those crystals, and of those containers if they have no crystal."""
    shape, values = described(identity)
    return Rule(seen_samples(shape, sample_id), values, shape)


def subsamples(identity: Identity) -> Rule:
    """Parts that are marked on those samples."""
    return samples(identity, BLSubSample.blSampleId)


def plans(identity: Identity, plan_id: Any = DiffractionPlan.diffractionPlanId) -> Rule:
    """Plans of those proposals, samples and crystals.

    A plan that names a beamline and no proposal, and that nothing uses, is for everybody.
    """
    shape, values = described(identity)
    return Rule(seen_plans(shape, plan_id), values, shape)


def recorded(identity: Identity, collection_id: Any, group_id: Any) -> Rule:
    """Rows of those data collections, and of those groups if they name no data collection."""
    shape, values = described(identity)
    return Rule(seen_recorded(shape, collection_id, group_id), values, shape)


def grids(identity: Identity, grid_id: Any = GridInfo.gridInfoId) -> Rule:
    """Grids of those data collections or groups."""
    shape, values = described(identity)
    return Rule(seen_grids(shape, grid_id), values, shape)


def persons(identity: Identity, person_id: Any = Person.personId) -> Rule:
    """Persons on what the caller sees, and the caller itself; the user office knows all.

    It is about their names: contact data are shown to the user office and to oneself only.
    """
    shape, values = described(identity)
    return Rule(seen_persons(shape, person_id), values, shape)


def check_sessions(identity: Identity, ids: Collection[int]) -> None:
    """Raise unless the caller sees every session of ``ids``: the first step of a write."""
    rule = sessions(identity)
    wanted = select(BLSession.sessionId).where(BLSession.sessionId.in_(ids), rule.condition)
    if set(ids).difference(db.session.scalars(wanted, rule.values)):
        raise NotFound("BLSession not found")


def check_beamline(identity: Identity, beamline: str | None) -> None:
    """Raise unless the caller may write to ``beamline``, as all may but limited programs."""
    if identity.beamline_limit is not None and beamline not in identity.beamline_limit:
        raise Forbidden(f"this token is limited to {', '.join(sorted(identity.beamline_limit))}")


def described(identity: Identity) -> tuple[Shape, dict]:
    """The shape of a caller and the values of its conditions.

    A program limited to beamlines sees their sessions, whatever else it may do.
    """
    if identity.beamline_limit is not None:
        shape = Shape(False, False, False, beamlines=True, persons=False)
        return shape, {"my_beamlines": sorted(identity.beamline_limit)}
    shape = Shape(
        proposals=identity.can("all_proposals"),
        sessions=identity.can("all_proposals", "all_sessions"),
        person=bool(identity.personId),  # a machine must not match the missing leader, 0
        beamlines=bool(identity.beamlines),
        persons=identity.can("all_proposals", "uportal_sync"),
    )
    if shape.proposals:
        return shape, {}
    values: dict[str, Any] = {}
    if shape.person:
        values["me"] = identity.personId
    if shape.beamlines and not shape.sessions:
        values["my_beamlines"] = sorted(identity.beamlines)
    return shape, values


@cache_statements(512)
def seen_sessions(shape: Shape, session_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the session."""
    if shape.sessions:
        return true()
    rules: list[Select] = []
    if shape.person:
        me, found = bindparam("me"), select(BLSession.sessionId)
        on_proposal = found.join(
            ProposalHasPerson, ProposalHasPerson.proposalId == BLSession.proposalId
        )
        leads = found.join(Proposal, Proposal.proposalId == BLSession.proposalId)
        rules = [
            select(SessionHasPerson.sessionId).where(SessionHasPerson.personId == me),
            on_proposal.where(ProposalHasPerson.personId == me),
            leads.where(Proposal.personId == me),
        ]
    if not shape.beamlines:
        return session_id.in_(_any(rules))
    mine = or_(_on_beamlines(BLSession), BLSession.sessionId.in_(_any(rules)))
    if session_id is BLSession.sessionId:
        return mine
    return session_id.in_(select(BLSession.sessionId).where(mine))


@cache_statements(512)
def seen_proposals(shape: Shape, proposal_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the proposal."""
    if shape.proposals:
        return true()
    rules: list[Select] = []
    if shape.person:
        me = bindparam("me")
        rules = [
            select(ProposalHasPerson.proposalId).where(ProposalHasPerson.personId == me),
            select(Proposal.proposalId).where(Proposal.personId == me),
            select(BLSession.proposalId)
            .join(SessionHasPerson, SessionHasPerson.sessionId == BLSession.sessionId)
            .where(SessionHasPerson.personId == me),
        ]
    if not shape.beamlines and not shape.sessions:
        return proposal_id.in_(_any(rules))
    visit = aliased(BLSession)
    held = exists().where(visit.proposalId == proposal_id)
    if not shape.sessions:
        held = held.where(_on_beamlines(visit))
    return or_(held, proposal_id.in_(_any(rules)))


@cache_statements(512)
def seen_groups(shape: Shape, group_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the group of data collections."""
    if shape.sessions:
        return true()
    found = select(DataCollectionGroup.dataCollectionGroupId)
    return group_id.in_(found.where(seen_sessions(shape, DataCollectionGroup.sessionId)))


@cache_statements(512)
def seen_collections(shape: Shape, collection_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the data collection."""
    if shape.sessions:
        return true()
    found = select(DataCollection.dataCollectionId)
    return collection_id.in_(found.where(seen_groups(shape, DataCollection.dataCollectionGroupId)))


def _by_parents(shape: Shape, link: Any, ways: Callable[[Shape], Iterable[Select]]) -> Any:
    """``link`` is among the keys that ``ways`` select, each of a row by one of its ways upwards.

    The keys that a person sees are gathered; for staff each row is asked: see
    ``_by_shared_membership``.
    """
    narrow, staff = shape._replace(beamlines=False, sessions=False), shape._replace(person=False)
    mine = link.in_(_any([*ways(narrow)])) if shape.person else false()
    if shape == narrow:
        return mine
    asked = (way.where(way.selected_columns[0] == link).limit(1) for way in ways(staff))
    return or_(mine, *(found.scalar_subquery().is_not(None) for found in asked))


@cache_statements(512)
def seen_proteins(shape: Shape, protein_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the protein."""
    if shape.proposals:
        return true()
    of = aliased(Protein)
    found = select(of.proteinId)
    return _by_parents(
        shape, protein_id, lambda who: [found.where(seen_proposals(who, of.proposalId))]
    )


@cache_statements(512)
def seen_crystals(shape: Shape, crystal_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the crystal."""
    if shape.proposals:
        return true()
    of = aliased(Crystal)
    found = select(of.crystalId)
    return _by_parents(shape, crystal_id, lambda who: [_by_protein(who, found, of.proteinId)])


@cache_statements(512)
def seen_containers(shape: Shape, container_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the container."""
    if shape.proposals:
        return true()
    of = aliased(Container)
    return _by_parents(
        shape, container_id, lambda who: _by_container(who, select(of.containerId), of)
    )


@cache_statements(512)
def seen_samples(shape: Shape, sample_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the sample."""
    if shape.proposals:
        return true()
    of = aliased(BLSample)
    return _by_parents(shape, sample_id, lambda who: _by_sample(who, select(of.blSampleId), of))


@cache_statements(512)
def seen_plans(shape: Shape, plan_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the diffraction plan."""
    if shape.proposals:
        return true()
    of, sample, crystal = aliased(DiffractionPlan), aliased(BLSample), aliased(Crystal)
    key, free = of.diffractionPlanId, of.presetForProposalId.is_(None)
    found = select(key)

    def ways(who: Shape) -> Iterator[Select]:
        yield found.where(seen_proposals(who, of.presetForProposalId))
        of_crystal = found.join(crystal, crystal.diffractionPlanId == key).where(free)
        yield _by_protein(who, of_crystal, crystal.proteinId)
        of_sample = found.join(sample, sample.diffractionPlanId == key).where(free)
        yield from _by_sample(who, of_sample, sample)

    used = (link.diffractionPlanId for link in (aliased(BLSubSample), sample, crystal))
    for_all = found.where(
        free, of.beamLineName.is_not(None), *(~exists().where(link == key) for link in used)
    )
    return or_(plan_id.in_(_any([for_all])), _by_parents(shape, plan_id, ways))


def _by_protein(who: Shape, found: Select, protein_id: Any) -> Select:
    """Those of ``found`` whose protein is of a visible proposal."""
    of = aliased(Protein)
    return found.join(of, of.proteinId == protein_id).where(seen_proposals(who, of.proposalId))


def _by_sample(who: Shape, found: Select, sample: Any) -> Iterator[Select]:
    """Those of ``found`` whose sample is visible: by its crystal, without one by its container."""
    crystal, box = aliased(Crystal), aliased(Container)
    of_crystal = found.join(crystal, crystal.crystalId == sample.crystalId)
    yield _by_protein(who, of_crystal, crystal.proteinId)
    bare = found.join(box, box.containerId == sample.containerId)
    yield from _by_container(who, bare.where(sample.crystalId.is_(None)), box)


def _by_container(who: Shape, found: Select, box: Any, around: int = 2) -> Iterator[Select]:
    """Those of ``found`` whose container is visible; there may be ``around`` more around it."""
    dewar, of = aliased(Dewar), aliased(Shipping)
    sent = found.join(dewar, dewar.dewarId == box.dewarId)
    sent = sent.join(of, of.shippingId == dewar.shippingId)
    yield sent.where(seen_proposals(who, of.proposalId))
    found = found.where(box.dewarId.is_(None))
    if around:
        outer = aliased(Container)
        inside = found.join(outer, outer.containerId == box.parentContainerId)
        yield from _by_container(who, inside, outer, around - 1)
    found = found.where(box.parentContainerId.is_(None))
    yield found.where(box.sessionId.is_not(None), seen_sessions(who, box.sessionId))
    nowhere = found.where(box.sessionId.is_(None))
    if who.person:
        yield nowhere.where(box.ownerId == bindparam("me"))
    if who.sessions:
        yield nowhere
    elif who.beamlines:
        here = bindparam("my_beamlines", expanding=True)
        yield nowhere.where(box.beamlineLocation.in_(here))


@cache_statements(512)
def seen_recorded(shape: Shape, collection_id: Any, group_id: Any) -> ColumnElement[bool]:
    """Visible through their data collection, or through their group if they have none."""
    if shape.sessions:
        return true()
    of_group = and_(collection_id.is_(None), seen_groups(shape, group_id))
    return or_(seen_collections(shape, collection_id), of_group)


@cache_statements(512)
def seen_grids(shape: Shape, grid_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the grid."""
    if shape.sessions:
        return true()
    found = seen_recorded(shape, GridInfo.dataCollectionId, GridInfo.dataCollectionGroupId)
    if grid_id is GridInfo.gridInfoId:
        return found
    return grid_id.in_(select(GridInfo.gridInfoId).where(found))


def _on_beamlines(session: Any) -> ColumnElement[bool]:
    """Beamlines hold most of the table: asked row by row, a page need not gather their ids."""
    return session.beamLineName.in_(bindparam("my_beamlines", expanding=True))


@cache_statements(512)
def seen_persons(shape: Shape, person_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the name of the person."""
    if shape.persons:
        return true()
    narrow = shape._replace(beamlines=False, sessions=False)
    rules = []
    if shape.person:
        on_proposal, on_session = ProposalHasPerson, SessionHasPerson
        rules = [
            select(Person.personId).where(Person.personId == bindparam("me")),
            select(Proposal.personId).where(seen_proposals(narrow, Proposal.proposalId)),
            select(on_proposal.personId).where(seen_proposals(narrow, on_proposal.proposalId)),
            select(on_session.personId).where(seen_sessions(narrow, on_session.sessionId)),
        ]
    if shape == narrow:
        return person_id.in_(_any(rules))
    asked = (
        _by_shared_membership(shape, person_id, Proposal, "proposalId"),
        _by_shared_membership(shape, person_id, ProposalHasPerson, "proposalId"),
        _by_shared_membership(shape, person_id, SessionHasPerson, "sessionId"),
    )
    return or_(person_id.in_(_any(rules)), *asked)


def _by_shared_membership(
    shape: Shape, person_id: Any, table: Any, shared: str
) -> ColumnElement[bool]:
    """The person is in a row of ``table`` that shares its key with a session staff see.

    The limit keeps MariaDB from gathering all such persons before the first one is shown.
    """
    link, visit = aliased(table), aliased(BLSession)
    found = select(visit.sessionId).where(link.personId == person_id)
    found = found.where(getattr(link, shared) == getattr(visit, shared))
    if not shape.sessions:
        found = found.where(_on_beamlines(visit))
    return found.correlate(person_id.class_).limit(1).scalar_subquery().is_not(None)


def _any(rules: list[Select]) -> Any:
    """All ids, in a derived table: MariaDB fills that once, but runs a bare union per row."""
    if not rules:
        return ()
    return select(union(*rules).subquery())
