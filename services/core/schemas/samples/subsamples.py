"""The payloads of subsamples: points, lines and regions of samples."""

from marshmallow import fields

from services.core.schemas.samples.diffraction_plans import DiffractionPlanSchema
from services.core.schemas.samples.images import SampleImageSchema
from shared.models import BLSubSample, Position
from shared.schemas import TableSchema


class PointSchema(TableSchema):
    """A point of a sample."""

    class Meta(TableSchema.Meta):
        model = Position
        fields = ("posX", "posY", "posZ")


class SubsampleSchema(TableSchema):
    """A point, line or region of a sample, with its points."""

    Position = fields.Nested(
        PointSchema,
        attribute="position",
        allow_none=True,
        metadata={"description": "the point, or one corner"},
    )
    Position2 = fields.Nested(
        PointSchema,
        attribute="position2",
        allow_none=True,
        metadata={"description": "the other corner"},
    )
    DiffractionPlan = fields.Nested(DiffractionPlanSchema, attribute="plan", dump_only=True)
    BLSampleImage = fields.Nested(SampleImageSchema, attribute="image", dump_only=True)

    class Meta(TableSchema.Meta):
        model = BLSubSample
        dump_only = ("blSubSampleId", "positionId", "position2Id", "recordTimeStamp")
        search = ("comments",)
        sort = ("-blSubSampleId",)
