"""The payloads of MXLIMS: messages, whose objects the published JSON Schemas describe."""

from marshmallow import Schema, fields, validate

from shared.records import KEY

VERSION = "0.6.13"  # of messages that are sent
VERSIONS = ("0.6.12", VERSION)  # of messages that are taken
CLASSES = (
    *("Shipment", "Dewar", "Puck", "Pin", "MultiPin", "PinPosition", "Plate", "PlateWell"),
    *("WellDrop", "DropRegion", "Crystal", "Macromolecule", "Medium", "MacromoleculeSample"),
    *("MxExperiment", "CollectionSweep", "VolumeScan", "MxProcessing", "ReflectionSet"),
)
CONTACT = {"name": "Alice Smith", "emailAddress": "alice.smith@example.org"}
EXAMPLE = {
    "Shipment1": {
        "mxlimsType": "Shipment",
        "uuid": "7f3c1d52-6a0b-4c57-9e43-5d1f2c8a7b60",
        "proposalCode": "mx23001",
        "labContactOutbound": CONTACT,
        "labContactReturn": CONTACT,
    }
}


def _objects(kind: str) -> fields.Dict:
    """The objects of one class, by their names in the message."""
    if kind == "Shipment":
        described = {"description": "one shipment: Shipment1", "example": EXAMPLE}
        return fields.Dict(keys=fields.String(), required=True, metadata=described)
    described = {"description": f"objects of the class: {kind}1, {kind}2, …"}
    return fields.Dict(keys=fields.String(), metadata=described)


MxlimsMessageSchema = Schema.from_dict(
    {
        "version": fields.String(
            required=True, validate=validate.OneOf(VERSIONS), metadata={"example": VERSION}
        ),
        **{kind: _objects(kind) for kind in CLASSES},
    },
    name="MxlimsMessageSchema",
)


class MxlimsShipmentSchema(Schema):
    """A stored shipment as a message, and the parts of the sent one that have no column."""

    shippingId = fields.Integer(required=True, validate=KEY)
    warnings = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "values that are stored changed, or in the message only"},
    )
    message = fields.Nested(MxlimsMessageSchema, required=True)
