"""The payloads of i24's runs."""

from typing import Any

from marshmallow import Schema, fields, validate
from marshmallow_sqlalchemy import auto_field

from services.ssx.dialects.run_bodies import SerialEventSchema, SerialType
from services.ssx.models import EventChain
from shared.lenient import LenientSchema, Loose, get_values
from shared.models import DataCollection, DataCollectionGroup
from shared.schemas import LocalDateTime

MANY = validate.Length(max=1000)


class Moment(Loose, LocalDateTime):
    """A moment with a zone, which loads as local time to the second."""

    def _deserialize(self, value, *args, **kwargs):
        return super()._deserialize(value, *args, **kwargs).replace(microsecond=0)


def moment(description: str, **kwargs: Any) -> Moment:
    """A field for a moment."""
    metadata = {"description": f"{description}, with its zone", "format": "date-time"}
    return Moment(metadata=metadata, **kwargs)


class I24EventSchema(SerialEventSchema):
    """An event, once or repeated."""

    eventType = fields.String(
        attribute="kind",
        required=True,
        metadata={"description": "its kind", "example": "XrayDetection"},
    )


class I24EventChainSchema(LenientSchema):
    """The events of a run."""

    free_text = ("name",)

    name = auto_field()
    events = fields.Nested(I24EventSchema, many=True, required=True, validate=MANY)

    class Meta(LenientSchema.Meta):
        model = EventChain


class I24SerialSchema(LenientSchema):
    """The serial part of a run: one event chain."""

    eventChain = fields.Nested(I24EventChainSchema, allow_none=True)


class I24GroupSchema(LenientSchema):
    """The new group of a run."""

    experimentType = SerialType(
        required=True, metadata={"description": "kind of experiment, in any case"}
    )

    class Meta(LenientSchema.Meta):
        model = DataCollectionGroup


class I24RunSchema(LenientSchema):
    """A run at its begin."""

    visit = fields.String(
        required=True,
        validate=validate.Length(1),
        metadata={"description": "name of the session, e.g. ab12345-2"},
    )
    group = fields.Nested(I24GroupSchema, required=True)
    ssx = fields.Nested(I24SerialSchema, allow_none=True)
    startTime = moment("begin", required=True)
    imageDirectory = auto_field()
    fileTemplate = auto_field()
    numberOfImages = auto_field()
    startImageNumber = auto_field()
    exposureTime = auto_field()
    detectorDistance = auto_field()
    detectorId = auto_field()
    resolution = auto_field()
    wavelength = auto_field()
    transmission = auto_field()
    xBeam = auto_field()
    yBeam = auto_field()
    beamSizeAtSampleX = auto_field()
    beamSizeAtSampleY = auto_field()

    class Meta(LenientSchema.Meta):
        model = DataCollection

    def translate(self, data: dict) -> dict:
        """The document of the run."""
        collection = get_values(data)
        serial = collection.pop("ssx", None) or {}
        group = {**get_values(collection["group"]), "startTime": data["startTime"]}
        group["session_name"] = collection.pop("visit")
        chain = serial.get("eventChain")
        return {
            "collection": {**collection, "group": group},
            "chains": [] if chain is None else [chain],
        }


class I24EndSchema(LenientSchema):
    """The end of a run: absent keeps, and so does null."""

    free_text = ("runStatus",)

    endTime = moment("end", allow_none=True)
    runStatus = auto_field()

    class Meta(LenientSchema.Meta):
        model = DataCollection


class I24KeysSchema(Schema):
    """The keys of a run."""

    dataCollectionId = fields.Integer()
    dataCollectionGroupId = fields.Integer()
