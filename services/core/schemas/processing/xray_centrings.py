"""The payloads of X-ray centrings with their crystals, as one document."""

from marshmallow import fields

from services.core.models import XrayCentring, XrayCentringResult
from shared.filters import by_session_id
from shared.records import MANY, RecordSchema


class CentringResultSchema(RecordSchema):
    """One crystal in a centring; without Z if the scan was flat."""

    class Meta(RecordSchema.Meta):
        model = XrayCentringResult
        exclude = ("xrayCentringId",)
        dump_only = ("xrayCentringResultId",)


class CentringSchema(RecordSchema):
    """A centring; without a crystal it failed, and has no results."""

    results = fields.Nested(CentringResultSchema, many=True, validate=MANY)

    class Meta(RecordSchema.Meta):
        model = XrayCentring
        dump_only = ("xrayCentringId",)
        sort = ("-xrayCentringId",)
        filters = by_session_id(XrayCentring)
