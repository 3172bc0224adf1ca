"""The proposals of containers, for filters and checks of samples and containers."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Select, bindparam, select, union
from sqlalchemy.orm import aliased

from shared.models import BLSession, Container, Dewar, Shipping


def select_owners(around: int = 2) -> Iterator[tuple[Select, Any]]:
    """The paths from a container to its proposal: SELECTs of container keys, and the proposal ids.

    A container is of the proposal of its dewar, else of the container that it is in, with
    ``around`` containers at most, else of its session.
    """
    box = aliased(Container)
    keys = select(box.containerId)
    for _ in range(around + 1):
        sent = keys.join(Dewar, Dewar.dewarId == box.dewarId)
        yield sent.join(Shipping, Shipping.shippingId == Dewar.shippingId), Shipping.proposalId
        keys = keys.where(box.dewarId.is_(None))
        used = keys.where(box.parentContainerId.is_(None))
        yield used.join(BLSession, BLSession.sessionId == box.sessionId), BLSession.proposalId
        inner, box = box, aliased(Container)
        keys = keys.join(box, box.containerId == inner.parentContainerId)


OF_PROPOSAL = select(
    union(
        *(keys.where(owner == bindparam("proposal")) for keys, owner in select_owners())
    ).subquery()
)
