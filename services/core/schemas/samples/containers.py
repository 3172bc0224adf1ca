"""What a container looks like on the wire."""

from collections.abc import Iterator
from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import Select, bindparam, select, union
from sqlalchemy.orm import aliased

from shared.aggregates import Count
from shared.filters import by_proposal
from shared.models import BLSample, BLSession, Container, Dewar, Shipping
from shared.schemas import TableSchema


def owned(around: int = 2) -> Iterator[tuple[Select, Any]]:
    """The ways from a container to its proposal: each finds keys, and the proposals of these.

    By its dewar, else by what it is in, with ``around`` containers at most, else by its session.
    """
    box = aliased(Container)
    found = select(box.containerId)
    for _ in range(around + 1):
        sent = found.join(Dewar, Dewar.dewarId == box.dewarId)
        yield sent.join(Shipping, Shipping.shippingId == Dewar.shippingId), Shipping.proposalId
        found = found.where(box.dewarId.is_(None))
        used = found.where(box.parentContainerId.is_(None))
        yield used.join(BLSession, BLSession.sessionId == box.sessionId), BLSession.proposalId
        inner, box = box, aliased(Container)
        found = found.join(box, box.containerId == inner.parentContainerId)


OF_PROPOSAL = select(
    union(*(found.where(owner == bindparam("proposal")) for found, owner in owned())).subquery()
)


class ContainerMetadataSchema(Schema):
    """What is in a container, as far as the caller sees."""

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
                Container.containerId.in_(OF_PROPOSAL), "id or name of the proposal it belongs to"
            ),
        }
