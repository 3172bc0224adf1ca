"""What a detector looks like on the wire."""

from services.core.schemas.records import RecordSchema
from shared.models import Detector


class DetectorSchema(RecordSchema):
    """A detector."""

    class Meta(RecordSchema.Meta):
        model = Detector
        dump_only = ("detectorId",)
        search = ("detectorManufacturer", "detectorModel", "localName")
        sort = ("detectorId",)
