"""The payloads of the places of containers in the sample changers of beamlines."""

from marshmallow import Schema, ValidationError, fields, validates_schema

from shared.models import Container
from shared.records import KEY
from shared.schemas import text_of


class UnassignmentSchema(Schema):
    """The container that leaves a beamline, by its bar code or its key."""

    barcode = text_of(
        *(Container.barcode, 1),
        metadata={"description": "its barcode, else its code, in any case"},
    )
    containerId = fields.Integer(strict=True, validate=KEY)

    @validates_schema
    def _check_name(self, data, **kwargs):
        """Check that the container is named in one way."""
        if ("barcode" in data) is ("containerId" in data):
            raise ValidationError("Must be given, or containerId instead of it.", "barcode")


class AssignmentSchema(UnassignmentSchema):
    """The place of a container in the sample changer of a beamline."""

    beamlineLocation = text_of(
        *(Container.beamlineLocation, 1), required=True, metadata={"description": "the beamline"}
    )
    sampleChangerLocation = text_of(
        *(Container.sampleChangerLocation, 1),
        required=True,
        metadata={"description": "the place in its sample changer"},
    )
