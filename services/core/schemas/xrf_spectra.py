"""What a fluorescence spectrum looks like on the wire."""

from services.core.models import XFEFluorescenceSpectrum
from services.core.schemas.records import RecordSchema, SessionFilters, of_session
from shared.lists import query_of


class XrfSpectrumSchema(RecordSchema):
    """A fluorescence spectrum."""

    class Meta(RecordSchema.Meta):
        model = XFEFluorescenceSpectrum
        dump_only = ("xfeFluorescenceSpectrumId",)
        search = ("filename", "comments")
        sort = ("-xfeFluorescenceSpectrumId",)
        conditions = of_session(XFEFluorescenceSpectrum.sessionId)


class XrfSpectrumQuery(query_of(XrfSpectrumSchema), SessionFilters):
    """The filters of the list."""
