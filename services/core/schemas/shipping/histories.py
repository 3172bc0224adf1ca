"""The payloads of the histories of dewars and containers, and of scans."""

from marshmallow import Schema, fields, validate
from marshmallow_sqlalchemy import auto_field

from services.core.models import ContainerHistory, DewarTransportHistory
from shared.filters import by_parent
from shared.models import Dewar
from shared.schemas import TableSchema, text_of


class DewarHistorySchema(TableSchema):
    """A status and a place that a dewar had."""

    dewarStatus = auto_field(required=True, validate=[validate.Length(1, 45)])
    storageLocation = auto_field(
        required=False, metadata={"description": "place; without one the dewar stays"}
    )
    arrivalDate = auto_field(required=False, allow_none=False)

    class Meta(TableSchema.Meta):
        model = DewarTransportHistory
        dump_only = ("dewarTransportHistoryId", "dewarId")
        sort = ("-arrivalDate", "-dewarTransportHistoryId")
        filters = by_parent(DewarTransportHistory.dewarId)


class ContainerHistorySchema(TableSchema):
    """A status and a place that a container had."""

    class Meta(TableSchema.Meta):
        model = ContainerHistory
        sort = ("-containerHistoryId",)
        filters = by_parent(ContainerHistory.containerId)


class ScanSchema(Schema):
    """A scan of the bar code of a dewar at a place."""

    barCode = text_of(Dewar.barCode, 1, required=True)
    storageLocation = text_of(
        *(Dewar.storageLocation, 1),
        required=True,
        metadata={"description": "the place, e.g. stores-in; stored in lower case"},
    )
    dewarStatus = text_of(
        *(Dewar.dewarStatus, 1),
        metadata={
            "description": "without one the status is that of the site for what has arrived, but"
            " a requested or booked dispatch stays"
        },
    )
    trackingNumberToSynchrotron = text_of(Dewar.trackingNumberToSynchrotron)
    trackingNumberFromSynchrotron = text_of(Dewar.trackingNumberFromSynchrotron)


class StatusWordsSchema(Schema):
    """The words of the way of a shipment at this site."""

    statuses = fields.List(
        fields.String(), required=True, metadata={"description": "in their order"}
    )
    sent = fields.String(required=True, metadata={"description": "a user hands it over"})
    arrived = fields.String(required=True, metadata={"description": "it is at the facility"})
    processing = fields.String(required=True, metadata={"description": "it is at a beamline"})
