"""The payloads of shipments."""

from marshmallow import Schema, fields, validate
from marshmallow_sqlalchemy import auto_field

from services.core.schemas.people.lab_contacts import LabContactSchema
from services.core.schemas.records import LIKE_JSON, is_json
from shared.aggregates import Count
from shared.models import Container, Dewar, Shipping
from shared.schemas import TableSchema

SAFETY_LEVELS = ("Green", "Yellow", "Red")


class ShipmentMetadataSchema(Schema):
    """The numbers of dewars and containers of a shipment."""

    dewars = Count(Dewar.shippingId)
    containers = Count(Dewar.shippingId, through=Container.dewar)


class ShipmentSchema(TableSchema):
    """A shipment of a proposal."""

    shippingName = auto_field(required=True, allow_none=False)
    safetyLevel = auto_field(validate=[validate.OneOf(SAFETY_LEVELS)])
    extra = auto_field(validate=[LIKE_JSON, is_json])
    sendingLabContact = fields.Nested(
        LabContactSchema, attribute="sending_contact", dump_only=True
    )
    returnLabContact = fields.Nested(LabContactSchema, attribute="return_contact", dump_only=True)
    _metadata = fields.Nested(ShipmentMetadataSchema, dump_only=True)

    class Meta(TableSchema.Meta):
        model = Shipping
        dump_only = ("shippingId", "bltimeStamp")
        search = ("shippingName", "comments", "deliveryAgent_flightCode")
        sort = ("-shippingId",)
