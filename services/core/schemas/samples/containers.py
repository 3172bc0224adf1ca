"""The payloads of containers."""

from collections.abc import Iterator
from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import Select, bindparam, select, union
from sqlalchemy.orm import aliased

from shared.aggregates import Count
from shared.filters import by_proposal
from shared.models import BLSample, BLSession, Container, Dewar, Shipping
from shared.schemas import TableSchema


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


class ContainerMetadataSchema(Schema):
    """The number of samples in a container that the caller sees."""

    samples = Count(BLSample.containerId)


class ContainerDewarSchema(TableSchema):
    """The dewar of a container."""

    class Meta(TableSchema.Meta):
        model = Dewar
        fields = ("dewarId", "shippingId", "code", "barCode", "dewarStatus", "storageLocation")


class ContainerSchema(TableSchema):
    """A puck, plate or grid box."""

    Dewar = fields.Nested(ContainerDewarSchema, attribute="dewar", dump_only=True)
    _metadata = fields.Nested(ContainerMetadataSchema, dump_only=True)

    class Meta(TableSchema.Meta):
        model = Container
        dump_only = ("containerId", "bltimeStamp")
        search = ("code", "barcode", "comments")
        sort = ("-containerId",)
        filters = {
            "proposal": by_proposal(
                Container.containerId.in_(OF_PROPOSAL),
                "id or name of the proposal it belongs to",
                follows_rule=True,
            ),
        }
