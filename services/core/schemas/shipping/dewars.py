"""The payloads of dewars."""

from marshmallow import Schema, fields
from marshmallow_sqlalchemy import auto_field
from sqlalchemy import bindparam

from shared import names
from shared.aggregates import Count
from shared.filters import Filter
from shared.models import BLSession, Container, Dewar, Shipping
from shared.records import LIKE_JSON, is_json
from shared.schemas import TableSchema


class DewarShipmentSchema(TableSchema):
    """The shipment of a dewar."""

    class Meta(TableSchema.Meta):
        model = Shipping
        fields = ("shippingId", "proposalId", "shippingName", "shippingStatus", "safetyLevel")


class DewarSessionSchema(TableSchema):
    """The session that uses a dewar first."""

    class Meta(TableSchema.Meta):
        model = BLSession
        fields = ("sessionId", "visit_number", "beamLineName", "startDate", "endDate")


class DewarMetadataSchema(Schema):
    """The number of containers in a dewar."""

    containers = Count(Container.dewarId)


class DewarSchema(TableSchema):
    """A piece of a shipment: a dewar, toolbox or parcel."""

    extra = auto_field(validate=[LIKE_JSON, is_json])
    Shipping = fields.Nested(DewarShipmentSchema, attribute="shipping", dump_only=True)
    BLSession = fields.Nested(DewarSessionSchema, attribute="session", dump_only=True)
    _metadata = fields.Nested(DewarMetadataSchema, dump_only=True)

    class Meta(TableSchema.Meta):
        model = Dewar
        dump_only = ("dewarId", "bltimeStamp")
        search = ("code", "barCode", "facilityCode", "comments")
        sort = ("-dewarId",)
        filters = {
            "session": Filter(
                Dewar.firstExperimentId == bindparam("session"),
                fields.String(metadata={"description": "id or name of its first session"}),
                names.session_key,
            ),
        }
