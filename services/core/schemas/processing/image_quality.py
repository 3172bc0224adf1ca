"""The quality of the images of a data collection, by columns."""

from marshmallow import Schema, fields, validate

from shared.columnar import columnar
from shared.lists import Delimited
from shared.models import ImageQualityIndicators
from shared.schemas import TableSchema


class ImageQualityRowSchema(TableSchema):
    """The quality of one image."""

    class Meta(TableSchema.Meta):
        model = ImageQualityIndicators
        fields = (
            "autoProcProgramId",
            "imageNumber",
            "spotTotal",
            "inResTotal",
            "goodBraggCandidates",
            "iceRings",
            "method1Res",
            "method2Res",
            "maxUnitCell",
            "pctSaturationTop50Peaks",
            "inResolutionOvrlSpots",
            "binPopCutOffMethod2Res",
            "totalIntegratedSignal",
            "dozor_score",
            "driftFactor",
        )


# The images of a data collection; in an answer in the order of their numbers.
ImageQualitySchema = columnar(
    "ImageQualitySchema", ImageQualityRowSchema, "imageNumber", once=["autoProcProgramId"]
)


COLUMNS = ImageQualityRowSchema.Meta.fields[2:]


class ImageQualityQuery(Schema):
    """The columns to show, and the largest number of images."""

    columns = Delimited(
        fields.String(validate=validate.OneOf(COLUMNS)),
        load_default=(),
        metadata={"description": "only these, beside the numbers of the images"},
    )
    points = fields.Integer(
        validate=validate.Range(2, 20_000),
        metadata={
            "description": "at most so many images: of equal parts of the collection, those with"
            " the least and the greatest value of each column; 2 for each column are needed"
        },
    )


class UpsertedSchema(Schema):
    """The number of images that were written."""

    upserted = fields.Integer(required=True, metadata={"description": "images, new and known"})
