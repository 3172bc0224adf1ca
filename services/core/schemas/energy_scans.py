"""What an energy scan looks like on the wire."""

from services.core.models import EnergyScan
from services.core.schemas.records import RecordSchema, SessionFilters, of_session
from shared.lists import query_of


class EnergyScanSchema(RecordSchema):
    """A scan over an absorption edge."""

    class Meta(RecordSchema.Meta):
        model = EnergyScan
        dump_only = ("energyScanId",)
        search = ("element", "comments")
        sort = ("-energyScanId",)
        conditions = of_session(EnergyScan.sessionId)


class EnergyScanQuery(query_of(EnergyScanSchema), SessionFilters):
    """The filters of the list."""
