"""The payloads of sessions that shipments are for."""

from marshmallow import fields
from marshmallow_sqlalchemy import auto_field

from services.core.models import ShippingHasSession
from services.core.schemas.shipping.dewars import DewarSessionSchema
from shared.filters import by_parent
from shared.schemas import TableSchema


class ShipmentSessionSchema(TableSchema):
    """A session that a shipment is for."""

    sessionId = auto_field(required=True)
    BLSession = fields.Nested(DewarSessionSchema, attribute="session", dump_only=True)

    class Meta(TableSchema.Meta):
        model = ShippingHasSession
        dump_only = ("shippingId",)
        sort = ("sessionId",)
        filters = by_parent(ShippingHasSession.shippingId)
