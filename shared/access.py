"""The rules of access: the SQL condition from which every query starts.

The rule of processing is in ``access_processing``, the rule of each table in ``visibility``.

The rows of a person are a union of ids, each part of it served by an index: for one WHERE with OR
the database scans all sessions. The rows of beamline staff are too many to collect: their
condition is checked for each row, beside the union. A condition is cached for each shape of
caller (a person, a person with beamlines, a service token…); ids are bind parameters.
"""

from collections.abc import Callable, Iterable, Iterator
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

from shared.errors import Forbidden
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


EVERYTHING = Rule(true(), {})  # of tables that show no rows of others: no caller is needed


def everything(identity: Identity) -> Rule:
    """All rows of a table; rows of other tables beside them by the rules for the caller."""
    shape, values = described(identity)
    return Rule(true(), values, shape)


def sessions(identity: Identity, session_id: Any = BLSession.sessionId) -> Rule:
    """Sessions on the caller's beamlines, sessions of the caller, and those of its proposals.

    For other tables, ``session_id`` is the column that refers to the session.
    """
    shape, values = described(identity)
    return Rule(seen_sessions(shape, session_id), values, shape)


def proposals(identity: Identity, proposal_id: Any = Proposal.proposalId) -> Rule:
    """Proposals that the caller leads or is on, and those with a visible session."""
    shape, values = described(identity)
    return Rule(seen_proposals(shape, proposal_id), values, shape)


def groups(identity: Identity, group_id: Any = DataCollectionGroup.dataCollectionGroupId) -> Rule:
    """Groups of data collections in visible sessions."""
    shape, values = described(identity)
    return Rule(seen_groups(shape, group_id), values, shape)


def collections(identity: Identity, collection_id: Any = DataCollection.dataCollectionId) -> Rule:
    """Data collections of visible groups; their own ``SESSIONID`` is only a copy."""
    shape, values = described(identity)
    return Rule(seen_collections(shape, collection_id), values, shape)


def proteins(identity: Identity, protein_id: Any = Protein.proteinId) -> Rule:
    """Proteins of visible proposals."""
    shape, values = described(identity)
    return Rule(seen_proteins(shape, protein_id), values, shape)


def crystals(identity: Identity, crystal_id: Any = Crystal.crystalId) -> Rule:
    """Crystals of visible proteins."""
    shape, values = described(identity)
    return Rule(seen_crystals(shape, crystal_id), values, shape)


def containers(identity: Identity, container_id: Any = Container.containerId) -> Rule:
    """Containers in shipments of visible proposals, in such containers, or of visible sessions.

    A container without any of these is visible to its owner and to the staff of its beamline.
    """
    shape, values = described(identity)
    return Rule(seen_containers(shape, container_id), values, shape)


def samples(identity: Identity, sample_id: Any = BLSample.blSampleId) -> Rule:
    """Samples of visible crystals; without a crystal, samples in visible containers."""
    shape, values = described(identity)
    return Rule(seen_samples(shape, sample_id), values, shape)


def subsamples(identity: Identity) -> Rule:
    """Subsamples of visible samples."""
    return samples(identity, BLSubSample.blSampleId)


def plans(identity: Identity, plan_id: Any = DiffractionPlan.diffractionPlanId) -> Rule:
    """Diffraction plans of visible proposals, samples and crystals.

    A plan with a beamline and without a proposal, which nothing uses, is visible to everybody.
    """
    shape, values = described(identity)
    return Rule(seen_plans(shape, plan_id), values, shape)


def recorded(identity: Identity, collection_id: Any, group_id: Any) -> Rule:
    """Rows of visible data collections; without a data collection, rows of visible groups."""
    shape, values = described(identity)
    return Rule(seen_recorded(shape, collection_id, group_id), values, shape)


def grids(identity: Identity, grid_id: Any = GridInfo.gridInfoId) -> Rule:
    """Grids of visible data collections or groups."""
    shape, values = described(identity)
    return Rule(seen_grids(shape, grid_id), values, shape)


def persons(identity: Identity, person_id: Any = Person.personId) -> Rule:
    """Persons of visible proposals and sessions, and the caller; all for the user office.

    The rule is about names: contact data are shown to the user office and to the person only.
    """
    shape, values = described(identity)
    return Rule(seen_persons(shape, person_id), values, shape)


def check_beamline(identity: Identity, beamline: str | None) -> None:
    """Raise Forbidden if the caller's service token is limited to other beamlines."""
    if identity.beamline_limit is not None and beamline not in identity.beamline_limit:
        raise Forbidden(f"this token is limited to {', '.join(sorted(identity.beamline_limit))}")


def described(identity: Identity) -> tuple[Shape, dict]:
    """The shape of a caller and the values of its conditions.

    A service token that is limited to beamlines sees their sessions, and nothing by permissions.
    """
    if identity.beamline_limit is not None:
        shape = Shape(False, False, False, beamlines=True, persons=False)
        return shape, {"my_beamlines": sorted(identity.beamline_limit)}
    shape = Shape(
        proposals=identity.can("all_proposals"),
        sessions=identity.can("all_proposals", "all_sessions"),
        person=bool(identity.personId),  # a service token must not match a missing leader, 0
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
        me, keys = bindparam("me"), select(BLSession.sessionId)
        on_proposal = keys.join(
            ProposalHasPerson, ProposalHasPerson.proposalId == BLSession.proposalId
        )
        leads = keys.join(Proposal, Proposal.proposalId == BLSession.proposalId)
        rules = [
            select(SessionHasPerson.sessionId).where(SessionHasPerson.personId == me),
            on_proposal.where(ProposalHasPerson.personId == me),
            leads.where(Proposal.personId == me),
        ]
    if not shape.beamlines:
        return session_id.in_(_union(rules))
    own = or_(_on_beamlines(BLSession), BLSession.sessionId.in_(_union(rules)))
    if session_id is BLSession.sessionId:
        return own
    return session_id.in_(select(BLSession.sessionId).where(own))


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
        return proposal_id.in_(_union(rules))
    visit = aliased(BLSession)
    has_visible_session = exists().where(visit.proposalId == proposal_id)
    if not shape.sessions:
        has_visible_session = has_visible_session.where(_on_beamlines(visit))
    return or_(has_visible_session, proposal_id.in_(_union(rules)))


@cache_statements(512)
def seen_groups(shape: Shape, group_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the group of data collections."""
    if shape.sessions:
        return true()
    keys = select(DataCollectionGroup.dataCollectionGroupId)
    return group_id.in_(keys.where(seen_sessions(shape, DataCollectionGroup.sessionId)))


@cache_statements(512)
def seen_collections(shape: Shape, collection_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the data collection."""
    if shape.sessions:
        return true()
    keys = select(DataCollection.dataCollectionId)
    return collection_id.in_(keys.where(seen_groups(shape, DataCollection.dataCollectionGroupId)))


def _by_parents(shape: Shape, link: Any, paths: Callable[[Shape], Iterable[Select]]) -> Any:
    """Whether ``link`` is a key that one of ``paths`` selects.

    ``paths`` are the joins from a row to a visible proposal or session. The keys of a person are
    collected; for staff the condition is checked for each row: see ``_by_shared_membership``.
    """
    personal, staff = shape._replace(beamlines=False, sessions=False), shape._replace(person=False)
    gathered = link.in_(_union([*paths(personal)])) if shape.person else false()
    if shape == personal:
        return gathered
    selects = (path.where(path.selected_columns[0] == link).limit(1) for path in paths(staff))
    return or_(gathered, *(subquery.scalar_subquery().is_not(None) for subquery in selects))


@cache_statements(512)
def seen_proteins(shape: Shape, protein_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the protein."""
    if shape.proposals:
        return true()
    protein = aliased(Protein)
    keys = select(protein.proteinId)
    return _by_parents(
        shape, protein_id, lambda caller: [keys.where(seen_proposals(caller, protein.proposalId))]
    )


@cache_statements(512)
def seen_crystals(shape: Shape, crystal_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the crystal."""
    if shape.proposals:
        return true()
    crystal = aliased(Crystal)
    keys = select(crystal.crystalId)
    return _by_parents(
        shape, crystal_id, lambda caller: [_by_protein(caller, keys, crystal.proteinId)]
    )


@cache_statements(512)
def seen_containers(shape: Shape, container_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the container."""
    if shape.proposals:
        return true()
    container = aliased(Container)
    return _by_parents(
        shape,
        container_id,
        lambda caller: _by_container(caller, select(container.containerId), container),
    )


@cache_statements(512)
def seen_samples(shape: Shape, sample_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the sample."""
    if shape.proposals:
        return true()
    sample = aliased(BLSample)
    return _by_parents(
        shape, sample_id, lambda caller: _by_sample(caller, select(sample.blSampleId), sample)
    )


@cache_statements(512)
def seen_plans(shape: Shape, plan_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the diffraction plan."""
    if shape.proposals:
        return true()
    plan, sample, crystal = aliased(DiffractionPlan), aliased(BLSample), aliased(Crystal)
    key, free = plan.diffractionPlanId, plan.presetForProposalId.is_(None)
    plans = select(key)

    def paths(caller: Shape) -> Iterator[Select]:
        yield plans.where(seen_proposals(caller, plan.presetForProposalId))
        of_crystal = plans.join(crystal, crystal.diffractionPlanId == key).where(free)
        yield _by_protein(caller, of_crystal, crystal.proteinId)
        of_sample = plans.join(sample, sample.diffractionPlanId == key).where(free)
        yield from _by_sample(caller, of_sample, sample)

    used = (link.diffractionPlanId for link in (aliased(BLSubSample), sample, crystal))
    for_all = plans.where(
        free, plan.beamLineName.is_not(None), *(~exists().where(link == key) for link in used)
    )
    return or_(plan_id.in_(_union([for_all])), _by_parents(shape, plan_id, paths))


def _by_protein(shape: Shape, keys: Select, protein_id: Any) -> Select:
    """``keys`` of rows whose protein is of a visible proposal."""
    protein = aliased(Protein)
    return keys.join(protein, protein.proteinId == protein_id).where(
        seen_proposals(shape, protein.proposalId)
    )


def _by_sample(shape: Shape, keys: Select, sample: Any) -> Iterator[Select]:
    """``keys`` of rows with a visible sample: by its crystal, without one by its container."""
    crystal, container = aliased(Crystal), aliased(Container)
    of_crystal = keys.join(crystal, crystal.crystalId == sample.crystalId)
    yield _by_protein(shape, of_crystal, crystal.proteinId)
    bare = keys.join(container, container.containerId == sample.containerId)
    yield from _by_container(shape, bare.where(sample.crystalId.is_(None)), container)


def _by_container(shape: Shape, keys: Select, container: Any, depth: int = 2) -> Iterator[Select]:
    """``keys`` of rows with a visible container, which is ``depth`` containers deep at most."""
    dewar, shipping = aliased(Dewar), aliased(Shipping)
    sent = keys.join(dewar, dewar.dewarId == container.dewarId)
    sent = sent.join(shipping, shipping.shippingId == dewar.shippingId)
    yield sent.where(seen_proposals(shape, shipping.proposalId))
    keys = keys.where(container.dewarId.is_(None))
    if depth:
        outer = aliased(Container)
        inside = keys.join(outer, outer.containerId == container.parentContainerId)
        yield from _by_container(shape, inside, outer, depth - 1)
    keys = keys.where(container.parentContainerId.is_(None))
    yield keys.where(container.sessionId.is_not(None), seen_sessions(shape, container.sessionId))
    nowhere = keys.where(container.sessionId.is_(None))
    if shape.person:
        yield nowhere.where(container.ownerId == bindparam("me"))
    if shape.sessions:
        yield nowhere
    elif shape.beamlines:
        beamlines = bindparam("my_beamlines", expanding=True)
        yield nowhere.where(container.beamlineLocation.in_(beamlines))


@cache_statements(512)
def seen_recorded(shape: Shape, collection_id: Any, group_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees a row of the collection, or without one of the group."""
    if shape.sessions:
        return true()
    of_group = and_(collection_id.is_(None), seen_groups(shape, group_id))
    return or_(seen_collections(shape, collection_id), of_group)


@cache_statements(512)
def seen_grids(shape: Shape, grid_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the grid."""
    if shape.sessions:
        return true()
    visible = seen_recorded(shape, GridInfo.dataCollectionId, GridInfo.dataCollectionGroupId)
    if grid_id is GridInfo.gridInfoId:
        return visible
    return grid_id.in_(select(GridInfo.gridInfoId).where(visible))


def _on_beamlines(session: Any) -> ColumnElement[bool]:
    """Whether the session is on the caller's beamlines: by name, as they have too many ids."""
    return session.beamLineName.in_(bindparam("my_beamlines", expanding=True))


@cache_statements(512)
def seen_persons(shape: Shape, person_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the name of the person."""
    if shape.persons:
        return true()
    personal = shape._replace(beamlines=False, sessions=False)
    rules = []
    if shape.person:
        on_proposal, on_session = ProposalHasPerson, SessionHasPerson
        rules = [
            select(Person.personId).where(Person.personId == bindparam("me")),
            select(Proposal.personId).where(seen_proposals(personal, Proposal.proposalId)),
            select(on_proposal.personId).where(seen_proposals(personal, on_proposal.proposalId)),
            select(on_session.personId).where(seen_sessions(personal, on_session.sessionId)),
        ]
    if shape == personal:
        return person_id.in_(_union(rules))
    conditions = (
        _by_shared_membership(shape, person_id, Proposal, "proposalId"),
        _by_shared_membership(shape, person_id, ProposalHasPerson, "proposalId"),
        _by_shared_membership(shape, person_id, SessionHasPerson, "sessionId"),
    )
    return or_(person_id.in_(_union(rules)), *conditions)


def _by_shared_membership(
    shape: Shape, person_id: Any, table: Any, shared: str
) -> ColumnElement[bool]:
    """Whether the person is in a row of ``table`` with the proposal or session of visible ones.

    With LIMIT, MariaDB checks row by row instead of materialising all such persons first.
    """
    link, visit = aliased(table), aliased(BLSession)
    keys = select(visit.sessionId).where(link.personId == person_id)
    keys = keys.where(getattr(link, shared) == getattr(visit, shared))
    if not shape.sessions:
        keys = keys.where(_on_beamlines(visit))
    return keys.correlate(person_id.class_).limit(1).scalar_subquery().is_not(None)


def _union(rules: list[Select]) -> Any:
    """The union of ``rules`` in a derived table: MariaDB runs a bare union for each row."""
    if not rules:
        return ()
    return select(union(*rules).subquery())
