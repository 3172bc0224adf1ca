"""The payloads of containers."""

from marshmallow import Schema, fields
from marshmallow_sqlalchemy import auto_field
from sqlalchemy import bindparam, select

from services.core.schemas.samples.container_owners import OF_PROPOSAL
from services.core.schemas.shipping.container_types import ContainerTypeSchema
from shared.aggregates import Count, CountDistinct
from shared.filters import Filter, by_proposal
from shared.models import BLSample, Container, DataCollection, DataCollectionGroup, Dewar
from shared.sample_names import MEASURED
from shared.schemas import TableSchema


class ContainerMetadataSchema(Schema):
    """The numbers of samples in a container that the caller sees, and of measured ones."""

    samples = Count(BLSample.containerId)
    measured = CountDistinct(
        *(BLSample.containerId, BLSample.blSampleId),
        through=(DataCollection.group, DataCollectionGroup.sample),
        metadata=MEASURED,
    )


class ContainerDewarSchema(TableSchema):
    """The dewar of a container."""

    class Meta(TableSchema.Meta):
        model = Dewar
        fields = ("dewarId", "shippingId", "code", "barCode", "dewarStatus", "storageLocation")


class ContainerSchema(TableSchema):
    """A puck, plate or grid box."""

    containerType = auto_field(metadata={"description": "kind, as a word, in any case"})
    ContainerType = fields.Nested(ContainerTypeSchema, attribute="type", dump_only=True)
    Dewar = fields.Nested(ContainerDewarSchema, attribute="dewar", dump_only=True)
    _metadata = fields.Nested(ContainerMetadataSchema, dump_only=True)

    class Meta(TableSchema.Meta):
        model = Container
        dump_only: tuple[str, ...] = (
            *("containerId", "bltimeStamp", "scLocationUpdated", "screenId", "scheduleId"),
        )
        search = ("code", "barcode", "comments")
        sort = ("-containerId",)
        filters = {
            "proposal": by_proposal(
                Container.containerId.in_(OF_PROPOSAL),
                "id or name of the proposal it belongs to",
                follows_rule=True,
            ),
            "shippingId": Filter(
                Container.dewarId.in_(
                    select(Dewar.dewarId).where(Dewar.shippingId == bindparam("shippingId"))
                ),
                fields.Integer(strict=False, metadata={"description": "the shipment"}),
            ),
        }
