"""What the position of a data collection looks like on the wire."""

from services.core.schemas.records import RecordSchema
from shared.models import Position


class PositionSchema(RecordSchema):
    """Where the sample was."""

    class Meta(RecordSchema.Meta):
        model = Position
        fields = ("positionId", "posX", "posY", "posZ", "scale", "recordTimeStamp")
        dump_only = ("positionId", "recordTimeStamp")
