"""The payloads of setups of beamlines."""

from marshmallow import fields

from services.core.schemas.beamline.detectors import CollectionDetectorSchema
from shared.models import BeamLineSetup
from shared.records import RecordSchema


class SetupSchema(RecordSchema):
    """State and limits of a beamline."""

    Detector = fields.Nested(CollectionDetectorSchema, attribute="detector", dump_only=True)

    class Meta(RecordSchema.Meta):
        model = BeamLineSetup
        dump_only = ("beamLineSetupId", "recordTimeStamp")
        search = ("beamlineName", "synchrotronName")
        sort = ("-beamLineSetupId",)
