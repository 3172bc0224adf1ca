"""The payloads of shipments."""

from marshmallow import Schema, ValidationError, fields, validates
from marshmallow_sqlalchemy import auto_field
from sqlalchemy import bindparam, select, union

from services.core.models import ShippingHasSession
from services.core.schemas.people.lab_contacts import LabContactSchema
from shared import names
from shared.aggregates import Count, CountDistinct
from shared.filters import Filter
from shared.models import (
    BLSample,
    Container,
    DataCollection,
    DataCollectionGroup,
    Dewar,
    Shipping,
)
from shared.records import LIKE_JSON, is_json
from shared.sample_names import MEASURED
from shared.schemas import AS_WRITTEN, TableSchema

SAFETY_LEVELS = ("Green", "Yellow", "Red")
OF_SESSION = union(
    select(ShippingHasSession.shippingId).where(
        ShippingHasSession.sessionId == bindparam("session")
    ),
    select(Dewar.shippingId).where(Dewar.firstExperimentId == bindparam("session")),
).subquery()


class ShipmentMetadataSchema(Schema):
    """The numbers of dewars, containers and samples of a shipment, and of measured samples."""

    dewars = Count(Dewar.shippingId)
    containers = Count(Dewar.shippingId, through=Container.dewar)
    samples = Count(Dewar.shippingId, through=(BLSample.container, Container.dewar))
    measured = CountDistinct(
        Dewar.shippingId,
        BLSample.blSampleId,
        through=(
            *(DataCollection.group, DataCollectionGroup.sample),
            *(BLSample.container, Container.dewar),
        ),
        metadata=MEASURED,
    )


class ShipmentSchema(TableSchema):
    """A shipment of a proposal."""

    shippingName = auto_field(required=True)
    safetyLevel = auto_field(
        metadata={
            "description": "Green, Yellow or Red",
            AS_WRITTEN: {"enum": [*SAFETY_LEVELS, None]},
        }
    )
    extra = auto_field(validate=[LIKE_JSON, is_json])
    sendingLabContact = fields.Nested(
        LabContactSchema, attribute="sending_contact", dump_only=True
    )
    returnLabContact = fields.Nested(LabContactSchema, attribute="return_contact", dump_only=True)
    _metadata = fields.Nested(ShipmentMetadataSchema, dump_only=True)

    class Meta(TableSchema.Meta):
        model = Shipping
        filters = {
            "session": Filter(
                Shipping.shippingId.in_(select(OF_SESSION)),
                fields.String(
                    metadata={"description": "session id or name, that it or a dewar is for"}
                ),
                names.session_key,
            )
        }
        dump_only = ("shippingId", "bltimeStamp")
        search = ("shippingName", "comments", "deliveryAgent_flightCode")
        sort = ("-shippingId",)

    @validates("safetyLevel")
    def _safety_level(self, value, data_key):
        """Check a new level; stored ones may be other words, and stay readable."""
        if value not in (None, *SAFETY_LEVELS):
            raise ValidationError(f"Must be one of: {', '.join(SAFETY_LEVELS)}.")
