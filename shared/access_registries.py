"""The rules of rows that proposals share: registered dewars and pucks, groups of samples."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, select, true
from sqlalchemy.orm import aliased

from shared.access import seen_proposals, seen_samples
from shared.access_forms import by_parents, if_possible
from shared.access_sharing import is_own_group, unless_closed
from shared.callers import Reach, Shape
from shared.models import (
    BLSampleGroup,
    BLSampleGroupHasBLSample,
    ContainerRegistry,
    ContainerRegistryHasProposal,
    DewarRegistry,
    DewarRegistryHasProposal,
)
from shared.statements import cache_statements


@cache_statements(512)
def seen_dewar_registry(shape: Shape, registry_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees a proposal that owns or may use the registered dewar."""
    if shape.proposals:
        return true()
    item, link = aliased(DewarRegistry), aliased(DewarRegistryHasProposal)

    def paths(caller: Shape) -> Iterator[Select]:
        owned = select(item.dewarRegistryId)
        yield from if_possible(owned, seen_proposals(caller, item.proposalId))
        linked = select(link.dewarRegistryId)
        yield from if_possible(linked, seen_proposals(caller, link.proposalId))
        if caller.reach is Reach.PROPOSALS:
            free = owned.outerjoin(link, link.dewarRegistryId == item.dewarRegistryId)
            yield free.where(item.proposalId.is_(None), link.proposalId.is_(None))

    return by_parents(shape, registry_id, paths)


@cache_statements(512)
def seen_container_registry(shape: Shape, registry_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees a proposal that may use the registered container."""
    if shape.proposals:
        return true()
    item, link = aliased(ContainerRegistry), aliased(ContainerRegistryHasProposal)

    def paths(caller: Shape) -> Iterator[Select]:
        linked = select(link.containerRegistryId)
        yield from if_possible(linked, seen_proposals(caller, link.proposalId))
        if caller.reach is Reach.PROPOSALS:
            items = select(item.containerRegistryId)
            free = items.outerjoin(link, link.containerRegistryId == item.containerRegistryId)
            yield free.where(link.proposalId.is_(None))

    return by_parents(shape, registry_id, paths)


@cache_statements(512)
def seen_sample_groups(shape: Shape, group_id: Any) -> ColumnElement[bool]:
    """Whether a caller of that shape sees the proposal of the group of samples.

    A group without a proposal is visible to its owner, and to those who see a sample in it. One
    that is shared with named persons only is hidden from other members.
    """
    if shape.proposals:
        return true()
    group, member = aliased(BLSampleGroup), aliased(BLSampleGroupHasBLSample)

    def paths(caller: Shape) -> Iterator[Select]:
        groups = select(group.blSampleGroupId)
        yield from if_possible(groups, seen_proposals(caller, group.proposalId))
        free = groups.where(group.proposalId.is_(None))
        if caller.person:
            yield free.where(group.ownerId == bindparam("me"))
        samples = free.join(member, member.blSampleGroupId == group.blSampleGroupId)
        yield from if_possible(samples, seen_samples(caller, member.blSampleId))

    return unless_closed(
        *(shape, is_own_group(group_id)), lambda caller: by_parents(caller, group_id, paths)
    )
