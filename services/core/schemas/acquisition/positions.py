"""The payloads of positions of samples in data collections."""

from shared.models import Position
from shared.records import RecordSchema


class PositionSchema(RecordSchema):
    """The position of a sample."""

    class Meta(RecordSchema.Meta):
        model = Position
        fields = ("positionId", "posX", "posY", "posZ", "scale", "recordTimeStamp")
        dump_only = ("positionId", "recordTimeStamp")
