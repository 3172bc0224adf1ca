"""The payloads of energy scans."""

from services.core.models import EnergyScan
from services.core.schemas.records import RecordSchema
from shared.filters import by_beamline


class EnergyScanSchema(RecordSchema):
    """A scan over an absorption edge."""

    class Meta(RecordSchema.Meta):
        model = EnergyScan
        dump_only = ("energyScanId",)
        search = ("element", "comments")
        sort = ("-energyScanId",)
        filters = by_beamline(EnergyScan)
