"""The payloads of shipments that SCAUP sends by the Exp-Eye client."""

from marshmallow import Schema, fields, validate
from marshmallow_sqlalchemy import auto_field

from services.core.dialects.expeye.read_schemas import ExpeyePageQuery
from shared.lenient import REPEATED, AnsweringSchema, LenientSchema
from shared.lists import Text
from shared.models import BLSample, Container, Dewar, DewarRegistry, Shipping
from shared.schemas import LATIN1, LocalDateTime

INSIDE = {"parentContainerId": REPEATED}  # SCAUP's own number: the parent is that of the path


class ExpeyeShipmentSchema(AnsweringSchema):
    free_text = ("comments", "source")

    shippingId = fields.Integer(dump_only=True)
    proposalId = fields.Integer(dump_only=True)
    shippingName = auto_field(required=True, allow_none=False)
    creationDate = LocalDateTime(
        metadata={"format": "date-time-local", "description": "with or without a zone"}
    )
    shippingStatus = auto_field(dump_only=True)
    comments = auto_field()
    source = auto_field()

    class Meta(LenientSchema.Meta):
        model = Shipping

    def translate(self, data: dict) -> dict:
        """The time of creation without the fraction, which its column cannot hold."""
        if created := data.get("creationDate"):
            data["creationDate"] = created.replace(microsecond=0)
        return data

    def build_answer(self, row: dict) -> dict:
        """As in the base; SCAUP shows the status of a shipment on its way, which is never null."""
        return super().build_answer({**row, "shippingStatus": row["shippingStatus"] or "opened"})


class ExpeyeDewarSchema(AnsweringSchema):
    free_text = ("comments", "source")

    dewarId = fields.Integer(dump_only=True)
    shippingId = fields.Integer(dump_only=True)
    code = auto_field()
    facilityCode = auto_field()
    barCode = auto_field()
    firstExperimentId = auto_field()
    weight = auto_field(metadata={"description": "kg"})
    dewarRegistryId = auto_field()
    comments = auto_field(metadata={"description": "free text, or JSON"})
    source = auto_field()
    dewarStatus = auto_field(dump_only=True)

    class Meta(LenientSchema.Meta):
        model = Dewar


class ExpeyeRegistrySchema(AnsweringSchema):
    dewarRegistryId = fields.Integer(dump_only=True)
    facilityCode = auto_field(required=True, allow_none=False)
    manufacturerSerialNumber = auto_field()

    class Meta(LenientSchema.Meta):
        model = DewarRegistry


class ExpeyeRegistryListSchema(Schema):
    items = fields.List(fields.Nested(ExpeyeRegistrySchema))
    total = fields.Integer()
    page = fields.Integer(metadata={"description": "the first is 0"})
    limit = fields.Integer()


class ExpeyeRegistryQuery(ExpeyePageQuery):
    search = Text(
        validate=[validate.Length(max=200), LATIN1],
        metadata={"description": "text in facilityCode"},
    )


class ExpeyeDewarHistorySchema(Schema):
    """A status and a place that a dewar had."""

    dewarId = fields.Integer()
    dewarStatus = fields.String()
    storageLocation = fields.String()
    arrivalDate = fields.String(metadata={"format": "date-time-local"})


class ExpeyeDewarHistoryListSchema(Schema):
    items = fields.List(fields.Nested(ExpeyeDewarHistorySchema))
    total = fields.Integer()
    page = fields.Integer(metadata={"description": "the first is 0"})
    limit = fields.Integer()


class ExpeyeContainerSchema(AnsweringSchema):
    free_text = ("comments", "source")
    ignored = INSIDE

    containerId = fields.Integer(dump_only=True)
    dewarId = fields.Integer(dump_only=True, allow_none=True)
    parentContainerId = fields.Integer(dump_only=True, allow_none=True)
    capacity = auto_field()
    requestedReturn = auto_field()
    containerRegistryId = auto_field()
    code = auto_field()
    containerType = auto_field()
    sessionId = auto_field(metadata={"description": "null keeps the stored one"})
    comments = auto_field()
    source = auto_field()

    class Meta(LenientSchema.Meta):
        model = Container

    def translate(self, data: dict) -> dict:
        """Without a null session: a later edit knows of none, and must not clear it."""
        return {n: v for n, v in data.items() if n != "sessionId" or v is not None}


class ExpeyeShippedSampleSchema(AnsweringSchema):
    free_text = ("comments", "source", "blSampleStatus")

    blSampleId = fields.Integer(dump_only=True)
    containerId = fields.Integer(dump_only=True, allow_none=True)
    name = auto_field()
    location = auto_field()
    subLocation = auto_field()
    blSampleStatus = auto_field()
    comments = auto_field()
    source = auto_field()

    class Meta(LenientSchema.Meta):
        model = BLSample


class ExpeyeMeasuredSampleSchema(Schema):
    """A sample of a shipment, with one of its groups of data collections."""

    blSampleId = fields.Integer()
    dataCollectionGroupId = fields.Integer(allow_none=True)


class ExpeyeMeasuredListSchema(Schema):
    items = fields.List(fields.Nested(ExpeyeMeasuredSampleSchema))
    total = fields.Integer()
    page = fields.Integer(metadata={"description": "the first is 0"})
    limit = fields.Integer()
