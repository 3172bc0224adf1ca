"""The payloads of actions of sample changers."""

from marshmallow_sqlalchemy import auto_field

from services.core.models import RobotAction
from shared.filters import by_beamline
from shared.records import RecordSchema


class RobotActionSchema(RecordSchema):
    """An action of a sample changer."""

    former = {"blsessionId": "sessionId", "blsampleId": "blSampleId"}

    endTimestamp = auto_field(allow_none=True)

    class Meta(RecordSchema.Meta):
        model = RobotAction
        dump_only = ("robotActionId",)
        search = ("message", "sampleBarcode")
        sort = ("-robotActionId",)
        filters = by_beamline(RobotAction)
