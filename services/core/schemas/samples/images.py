"""The payloads of pictures of samples."""

from marshmallow import fields

from services.core.schemas.samples.lookups import SampleImageScoreSchema
from shared.models import BLSampleImage
from shared.schemas import TableSchema


class SampleImageSchema(TableSchema):
    """A picture of a sample, and its score."""

    BLSampleImageScore = fields.Nested(SampleImageScoreSchema, attribute="score", dump_only=True)

    class Meta(TableSchema.Meta):
        model = BLSampleImage
        dump_only = ("blSampleImageId",)
        search = ("imageFullPath", "comments")
        sort = ("-blSampleImageId",)
