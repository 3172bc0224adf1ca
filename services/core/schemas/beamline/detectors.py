"""The payloads of detectors."""

from shared.models import Detector
from shared.records import RecordSchema
from shared.schemas import TableSchema


class DetectorSchema(RecordSchema):
    """A detector."""

    class Meta(RecordSchema.Meta):
        model = Detector
        dump_only = ("detectorId",)
        search = ("detectorManufacturer", "detectorModel", "localName")
        sort = ("detectorId",)


class CollectionDetectorSchema(TableSchema):
    """The detector of a data collection, by its names."""

    class Meta(TableSchema.Meta):
        model = Detector
        fields = (
            "detectorId",
            "detectorType",
            "detectorManufacturer",
            "detectorModel",
            "localName",
        )
