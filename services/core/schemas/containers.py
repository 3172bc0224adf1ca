"""What a container looks like on the wire."""

from marshmallow import Schema, fields
from sqlalchemy import bindparam, or_, select

from shared.aggregates import Count
from shared.lists import query_of
from shared.models import BLSample, BLSession, Container, Dewar, Shipping
from shared.schemas import TableSchema


class ContainerMetadataSchema(Schema):
    """What is in a container."""

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
        conditions = {
            "proposal": or_(
                Container.dewarId.in_(
                    select(Dewar.dewarId)
                    .join(Shipping, Shipping.shippingId == Dewar.shippingId)
                    .where(Shipping.proposalId == bindparam("proposal"))
                ),
                Container.sessionId.in_(
                    select(BLSession.sessionId).where(
                        BLSession.proposalId == bindparam("proposal")
                    )
                ),
            )
        }


class ContainerQuery(query_of(ContainerSchema)):
    """The filters of the list."""

    proposal = fields.String(
        metadata={"description": "id or name of the proposal that sent it or uses it"}
    )
