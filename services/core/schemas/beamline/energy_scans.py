"""The payloads of energy scans."""

from services.core.models import EnergyScan
from shared.filters import by_beamline
from shared.records import RecordSchema


class EnergyScanSchema(RecordSchema):
    """A scan over an absorption edge."""

    class Meta(RecordSchema.Meta):
        model = EnergyScan
        dump_only = ("energyScanId",)
        search = ("element", "comments")
        sort = ("-energyScanId",)
        filters = by_beamline(EnergyScan)
