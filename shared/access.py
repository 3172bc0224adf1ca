"""The rules of access: the SQL condition from which every query starts.

The rules of processing and of persons are in ``access_processing`` and ``access_persons``, the
rule of each table is in ``visibility``.

The proposals and sessions of a caller are bound as lists of keys, which ``callers.look_up`` makes
once for a list. If they are too many, subqueries gather those of a person; those of beamline staff
are checked for each row. Single rows are checked by correlated subqueries: see ``access_forms``. A
condition is cached for each shape of caller (a person, a person with beamlines, a service token…).
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    false,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.orm import aliased

from shared.access_forms import (
    by_parents,
    if_possible,
    is_among,
    is_own,
    is_selected,
    union_keys,
)
from shared.access_sharing import is_shared, unless_closed
from shared.callers import Form, Reach, Shape, by_row, described, is_any, is_open
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
    Proposal,
    ProposalHasPerson,
    Protein,
    SessionHasPerson,
    Shipping,
)
from shared.statements import cache_statements


class Rule(NamedTuple):
    """The rows of one table that a caller sees, and the values to run ``condition`` with.

    ``shape`` is that of the caller, for the rows that are read beside those of the table; ``size``
    the number of rows, if it is known.
    """

    condition: ColumnElement[bool]
    values: dict[str, Any]
    shape: Shape | None = None
    size: int | None = None

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


def check_beamline(identity: Identity, beamline: str | None) -> None:
    """Raise Forbidden if the caller's service token is limited to other beamlines."""
    if identity.beamline_limit is not None and beamline not in identity.beamline_limit:
        raise Forbidden(f"this token is limited to {', '.join(sorted(identity.beamline_limit))}")


@cache_statements(512)
def seen_sessions(shape: Shape, session_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the session.

    Permissions show it: it is on the caller's beamlines, and of no closed industrial proposal. Or
    the caller is on it, on its proposal, or leads that.
    """
    if shape.sessions:
        return true()
    me, visit, rules = bindparam("me"), aliased(BLSession), []
    if shape.person:
        on_session, on_proposal = aliased(SessionHasPerson), aliased(ProposalHasPerson)
        proposal = aliased(Proposal)
        keys, link = select(visit.sessionId), visit.proposalId
        rules = [
            select(on_session.sessionId).where(on_session.personId == me),
            keys.join(on_proposal, on_proposal.proposalId == link).where(
                on_proposal.personId == me
            ),
            keys.join(proposal, proposal.proposalId == link).where(proposal.personId == me),
        ]
    own = is_own(shape, session_id, rules, "my_sessions")
    if not shape.wide:
        return own
    if session_id is BLSession.sessionId:
        return is_any([is_of_staff(shape, BLSession), own])
    keys = select(visit.sessionId).where(is_of_staff(shape, visit))
    return is_any([is_selected(session_id, keys), own])


@cache_statements(512)
def seen_proposals(shape: Shape, proposal_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the proposal.

    The caller leads it, is on it, or sees a session of it.
    """
    if shape.proposals:
        return true()
    me, visit, rules = bindparam("me"), aliased(BLSession), []
    if shape.person:
        on_session, on_proposal = aliased(SessionHasPerson), aliased(ProposalHasPerson)
        proposal = aliased(Proposal)
        rules = [
            select(on_proposal.proposalId).where(on_proposal.personId == me),
            select(proposal.proposalId).where(proposal.personId == me),
            select(visit.proposalId)
            .join(on_session, on_session.sessionId == visit.sessionId)
            .where(on_session.personId == me),
        ]
    own = is_own(shape, proposal_id, rules, "my_proposals")
    if not shape.wide and not shape.sessions:
        return own
    if shape.reach is Reach.PROPOSALS:
        return is_any([_is_open(proposal_id), own])
    sessions = select(visit.proposalId)
    if not shape.sessions:
        sessions = sessions.where(is_of_staff(shape, visit))
    return is_any([is_selected(proposal_id, sessions), own])


@cache_statements(512)
def owns_proposal(shape: Shape, proposal_id: Any) -> ColumnElement[bool]:
    """Whether the caller leads the proposal or is on it, and so sees all its sessions."""
    if shape.proposals:
        return true()
    if not shape.person:
        return false()
    me, on_proposal, proposal = bindparam("me"), aliased(ProposalHasPerson), aliased(Proposal)
    rules = (
        select(on_proposal.proposalId).where(on_proposal.personId == me),
        select(proposal.proposalId).where(proposal.personId == me),
    )
    return is_any(is_selected(proposal_id, rule) for rule in rules)


@cache_statements(512)
def seen_below(shape: Shape, session_id: Any, sample_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees a row of the session that hangs on the sample too."""
    return unless_closed(
        shape, is_shared(sample_id), lambda caller: seen_sessions(caller, session_id)
    )


@cache_statements(512)
def seen_groups(shape: Shape, group_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees session and sample of the group of data collections."""
    if shape.sessions:
        return true()
    group = aliased(DataCollectionGroup)
    keys = select(group.dataCollectionGroupId)
    return is_among(
        shape, group_id, keys.where(seen_below(shape, group.sessionId, group.blSampleId))
    )


@cache_statements(512)
def seen_collections(shape: Shape, collection_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the group of the data collection.

    Its own ``SESSIONID`` is only a copy.
    """
    if shape.sessions:
        return true()
    collection, group = aliased(DataCollection), aliased(DataCollectionGroup)
    keys = select(collection.dataCollectionId)
    keys = keys.join(group, group.dataCollectionGroupId == collection.dataCollectionGroupId)
    return is_among(
        shape, collection_id, keys.where(seen_below(shape, group.sessionId, group.blSampleId))
    )


@cache_statements(512)
def seen_proteins(shape: Shape, protein_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the proposal of the protein."""
    if shape.proposals:
        return true()
    protein = aliased(Protein)
    keys = select(protein.proteinId)
    return by_parents(
        *(shape, protein_id),
        lambda caller: if_possible(keys, seen_proposals(caller, protein.proposalId)),
    )


@cache_statements(512)
def seen_crystals(shape: Shape, crystal_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the protein of the crystal."""
    if shape.proposals:
        return true()
    crystal = aliased(Crystal)
    keys = select(crystal.crystalId)
    return by_parents(
        shape, crystal_id, lambda caller: _by_protein(caller, keys, crystal.proteinId)
    )


@cache_statements(512)
def seen_containers(shape: Shape, container_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the container.

    It is in a shipment of a visible proposal, in such a container, or of a visible session. One
    without any of these is visible to its owner and to the staff of its beamline.
    """
    if shape.proposals:
        return true()
    container = aliased(Container)
    return by_parents(
        shape,
        container_id,
        lambda caller: _by_container(caller, select(container.containerId), container),
    )


@cache_statements(512)
def seen_samples(shape: Shape, sample_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the sample: its crystal, without one its container.

    No group hides it that is shared with others only.
    """
    if shape.proposals:
        return true()
    sample = aliased(BLSample)
    keys = select(sample.blSampleId)
    return unless_closed(
        *(shape, is_shared(sample_id)),
        lambda caller: by_parents(caller, sample_id, lambda form: _by_sample(form, keys, sample)),
    )


@cache_statements(512)
def seen_plans(shape: Shape, plan_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the proposal, a sample or a crystal of the plan.

    A plan with a beamline and without a proposal, which nothing uses, is visible to everybody. One
    of closed samples, and of no other, is hidden with them.
    """
    if shape.proposals:
        return true()
    sample = aliased(BLSample)
    users, is_open = select(sample.diffractionPlanId), is_shared(sample.blSampleId)
    is_usable = or_(
        ~is_selected(plan_id, users.where(~is_open)), is_selected(plan_id, users.where(is_open))
    )

    def seen(caller: Shape) -> ColumnElement[bool]:
        # A member sees no plan by a closed sample, even if a hidden sample makes it usable.
        return _seen_plans(caller._replace(closed=shape.closed and caller.person), plan_id)

    return unless_closed(shape, is_usable, seen)


def _seen_plans(shape: Shape, plan_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees proposal, sample or crystal, or nothing uses it."""
    plan, sample, crystal = aliased(DiffractionPlan), aliased(BLSample), aliased(Crystal)
    key, free = plan.diffractionPlanId, plan.presetForProposalId.is_(None)
    plans = select(key)
    uses = (
        select(link.diffractionPlanId).where(link.diffractionPlanId == key).limit(1)
        for link in (aliased(BLSubSample), sample, crystal)
    )
    unused = (each.correlate(plan).scalar_subquery().is_(None) for each in uses)
    for_all = and_(free, *unused)
    if shape.reach is not Reach.PROPOSALS:
        for_all = and_(plan.beamLineName.is_not(None), for_all)

    def paths() -> Iterator[Select]:
        yield from if_possible(plans, seen_proposals(shape, plan.presetForProposalId))
        of_crystal = plans.join(crystal, crystal.diffractionPlanId == key).where(free)
        yield from _by_protein(shape, of_crystal, crystal.proteinId)
        of_sample = plans.join(sample, sample.diffractionPlanId == key).where(free)
        yield from _by_sample(shape, of_sample, sample)
        yield plans.where(for_all)

    if not (shape.checks_rows or shape.wide or shape.sessions):
        return plan_id.in_(union_keys([*paths()]))
    shape = shape._replace(few=True) if shape.form is Form.LISTS else by_row(shape)
    visible = or_(
        seen_proposals(shape, plan.presetForProposalId),
        and_(free, _has_plan(key, crystal, seen_crystals(shape, crystal.crystalId))),
        and_(free, _has_plan(key, sample, seen_samples(shape, sample.blSampleId))),
        for_all,
    )
    return is_selected(plan_id, plans.where(visible))


def _has_plan(key: Any, user: Any, visible: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a visible row of ``user`` has the plan ``key``.

    An index serves it alone: in a join, MariaDB counts on many rows for each plan, as it counts
    those without a plan.
    """
    return is_selected(key, select(user.diffractionPlanId).where(visible))


def seen_used_plans(shape: Shape, plan: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees a plan that a visible sample or crystal uses.

    ``plan`` is the model or an alias of it.
    """
    proposal_id = plan.presetForProposalId
    return is_any([proposal_id.is_(None), seen_proposals(shape, proposal_id)])


def _by_protein(shape: Shape, keys: Select, protein_id: Any) -> Iterator[Select]:
    """``keys`` of rows whose protein is of a visible proposal."""
    protein = aliased(Protein)
    keys = keys.join(protein, protein.proteinId == protein_id)
    yield from if_possible(keys, seen_proposals(shape, protein.proposalId))


def _by_sample(shape: Shape, keys: Select, sample: Any) -> Iterator[Select]:
    """``keys`` of rows with a visible sample: by its crystal, without one by its container."""
    crystal, container = aliased(Crystal), aliased(Container)
    if shape.closed:
        keys = keys.where(is_shared(sample.blSampleId))
    of_crystal = keys.join(crystal, crystal.crystalId == sample.crystalId)
    yield from _by_protein(shape, of_crystal, crystal.proteinId)
    bare = keys.join(container, container.containerId == sample.containerId)
    yield from _by_container(shape, bare.where(sample.crystalId.is_(None)), container)
    if shape.reach is Reach.PROPOSALS:
        yield keys.where(sample.crystalId.is_(None), sample.containerId.is_(None))


def _by_container(shape: Shape, keys: Select, container: Any, depth: int = 2) -> Iterator[Select]:
    """``keys`` of rows with a visible container, which is ``depth`` containers deep at most."""
    if shape.checks_rows:
        yield from _by_outermost(shape, keys, container, depth)
        return
    dewar, shipping = aliased(Dewar), aliased(Shipping)
    sent = keys.join(dewar, dewar.dewarId == container.dewarId)
    sent = sent.join(shipping, shipping.shippingId == dewar.shippingId)
    yield from if_possible(sent, seen_proposals(shape, shipping.proposalId))
    keys = keys.where(container.dewarId.is_(None))
    if depth:
        outer = aliased(Container)
        inside = keys.join(outer, outer.containerId == container.parentContainerId)
        yield from _by_container(shape, inside, outer, depth - 1)
    keys = keys.where(container.parentContainerId.is_(None))
    used = keys.where(container.sessionId.is_not(None))
    yield from if_possible(used, seen_sessions(shape, container.sessionId))
    nowhere = keys.where(container.sessionId.is_(None))
    if shape.person:
        yield nowhere.where(container.ownerId == bindparam("me"))
    if shape.is_everywhere:
        yield nowhere
    elif shape.beamlines:
        beamlines = bindparam("my_beamlines", expanding=True)
        yield nowhere.where(container.beamlineLocation.in_(beamlines))


def _by_outermost(shape: Shape, keys: Select, container: Any, depth: int) -> Iterator[Select]:
    """The same in one SELECT, for single rows: each path would be planned for itself."""
    boxes = [container]
    for _ in range(depth):
        inner, outer = boxes[-1], aliased(Container)
        inside = and_(inner.dewarId.is_(None), outer.containerId == inner.parentContainerId)
        keys = keys.outerjoin(outer, inside)
        boxes.append(outer)
    outermost = [
        and_(box.containerId.is_not(None), box.dewarId.is_(None), box.parentContainerId.is_(None))
        for box in boxes
    ]

    def get(name: str) -> Any:
        return case(*((top, getattr(box, name)) for top, box in zip(outermost, boxes)))

    dewar, shipping, visit = aliased(Dewar), aliased(Shipping), aliased(BLSession)
    dewar_id = func.coalesce(*(box.dewarId for box in boxes))
    keys = keys.outerjoin(dewar, dewar.dewarId == dewar_id)
    keys = keys.outerjoin(shipping, shipping.shippingId == dewar.shippingId)
    keys = keys.outerjoin(visit, visit.sessionId == get("sessionId"))
    owned = [get("ownerId") == bindparam("me")] if shape.person else []
    if shape.is_everywhere:
        owned = [or_(*outermost)]
    elif shape.beamlines:
        beamlines = bindparam("my_beamlines", expanding=True)
        owned.append(get("beamlineLocation").in_(beamlines))
    rules = [seen_proposals(shape, shipping.proposalId)]
    if (seen := seen_sessions(shape, visit.sessionId)) is not false():
        rules.append(and_(visit.sessionId.is_not(None), seen))
    if owned:
        rules.append(and_(get("sessionId").is_(None), is_any(owned)))
    yield from if_possible(keys, is_any(rules))


@cache_statements(512)
def seen_recorded(shape: Shape, collection_id: Any, group_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees a row of the collection, or without one of the group."""
    if shape.sessions:
        return true()
    of_group = and_(collection_id.is_(None), seen_groups(shape, group_id))
    return or_(seen_collections(shape, collection_id), of_group)


@cache_statements(512)
def seen_grids(shape: Shape, grid_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the data collection or group of the grid."""
    if shape.sessions:
        return true()
    visible = seen_recorded(shape, GridInfo.dataCollectionId, GridInfo.dataCollectionGroupId)
    if grid_id is GridInfo.gridInfoId:
        return visible
    return is_among(shape, grid_id, select(GridInfo.gridInfoId).where(visible))


def is_of_staff(shape: Shape, session: Any) -> ColumnElement[bool]:
    """Whether permissions make the session visible.

    It is on the caller's beamlines, by name, as they have too many ids; its proposal is open.
    """
    conditions = [_is_open(session.proposalId)] if shape.reach else []
    if shape.beamlines:
        beamlines = bindparam("my_beamlines", expanding=True)
        conditions.insert(0, session.beamLineName.in_(beamlines))
    return and_(*conditions)


def _is_open(proposal_id: Any) -> ColumnElement[bool]:
    """Whether the proposal is none of the industrial ones that are closed to the caller."""
    proposal = aliased(Proposal)
    return is_selected(proposal_id, select(proposal.proposalId).where(is_open(proposal)))


def below_session(identity: Identity, session_id: Any, sample_id: Any) -> Rule:
    """Rows of visible sessions that hang on a sample too, by their columns."""
    shape, values = described(identity)
    return Rule(seen_below(shape, session_id, sample_id), values, shape)


def _make_rule(seen: Callable[[Shape, Any], ColumnElement[bool]], primary_key: Any) -> Any:
    """A function of an identity that returns the rule of a table.

    Its second argument is the column of another table that refers to the row.
    """

    def rule(identity: Identity, key: Any = primary_key) -> Rule:
        shape, values = described(identity)
        return Rule(seen(shape, key), values, shape)

    return rule


sessions = _make_rule(seen_sessions, BLSession.sessionId)
proposals = _make_rule(seen_proposals, Proposal.proposalId)
groups = _make_rule(seen_groups, DataCollectionGroup.dataCollectionGroupId)
collections = _make_rule(seen_collections, DataCollection.dataCollectionId)
proteins = _make_rule(seen_proteins, Protein.proteinId)
containers = _make_rule(seen_containers, Container.containerId)
samples = _make_rule(seen_samples, BLSample.blSampleId)
plans = _make_rule(seen_plans, DiffractionPlan.diffractionPlanId)


def recorded(identity: Identity, collection_id: Any, group_id: Any) -> Rule:
    """Rows of visible data collections; without a data collection, rows of visible groups."""
    shape, values = described(identity)
    return Rule(seen_recorded(shape, collection_id, group_id), values, shape)
