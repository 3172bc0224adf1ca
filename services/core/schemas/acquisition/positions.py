"""The payloads of positions of samples in data collections."""

from services.core.schemas.records import RecordSchema
from shared.models import Position


class PositionSchema(RecordSchema):
    """The position of a sample."""

    class Meta(RecordSchema.Meta):
        model = Position
        fields = ("positionId", "posX", "posY", "posZ", "scale", "recordTimeStamp")
        dump_only = ("positionId", "recordTimeStamp")
