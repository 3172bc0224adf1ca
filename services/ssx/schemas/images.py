"""The payloads of the images of serial runs, by columns."""

from typing import Any

from marshmallow import Schema, fields, validate

from shared.columnar import columnar
from shared.lists import Delimited

LARGEST = 10_000_000  # number of an image
MOST = 20_000  # images of a request
CELL = ("cell_a", "cell_b", "cell_c", "cell_alpha", "cell_beta", "cell_gamma")
LENGTHS, ANGLES = CELL[:3], CELL[3:]


def _number(description: str, least: float, greatest: float) -> fields.Float:
    return fields.Float(
        allow_none=True,
        validate=validate.Range(least, greatest),
        metadata={"description": description},
    )


def _flag(description: str) -> fields.Boolean:
    return fields.Boolean(allow_none=True, metadata={"description": description})


class CellSchema(Schema):
    """The parameters of a unit cell."""

    cell_a = _number("length a, Å", 1, 3_000)
    cell_b = _number("length b, Å", 1, 3_000)
    cell_c = _number("length c, Å", 1, 3_000)
    cell_alpha = _number("angle α, degrees", 1, 179)
    cell_beta = _number("angle β, degrees", 1, 179)
    cell_gamma = _number("angle γ, degrees", 1, 179)


class ImageRowSchema(CellSchema):
    """One image of a serial run."""

    imageNumber = fields.Integer(
        strict=True,
        validate=validate.Range(0, LARGEST),
        metadata={"description": "as in the file name or the file, see startImageNumber"},
    )
    isHit = _flag("whether it has diffraction; an indexed image is a hit")
    isIndexed = _flag("whether it is indexed; an image with a cell is, unless this is false")
    spots = fields.Integer(
        strict=True,
        allow_none=True,
        validate=validate.Range(0, 2**31 - 1),
        metadata={"description": "number of spots"},
    )
    resolution = _number("limit of the diffraction, Å", 0.1, 1_000)

    class Meta:
        fields = ("imageNumber", "isHit", "isIndexed", "spots", "resolution", *CELL)


COLUMNS = ImageRowSchema.Meta.fields[1:]
ImagesSchema: Any = columnar("SerialImagesSchema", ImageRowSchema, "imageNumber")


class ImagesQuery(Schema):
    """The range of images, and the columns to show."""

    start = fields.Integer(
        validate=validate.Range(0, LARGEST),
        metadata={"description": "first image; absent: the first that is stored"},
    )
    end = fields.Integer(
        validate=validate.Range(0, LARGEST),
        metadata={"description": f"last image, at most {MOST - 1} after the first; absent: that"},
    )
    columns = Delimited(
        fields.String(validate=validate.OneOf(COLUMNS)),
        load_default=(),
        metadata={"description": "only these, beside the numbers of the images"},
    )


class UpsertedSchema(Schema):
    """The number of images that were written."""

    upserted = fields.Integer(required=True, metadata={"description": "images, new and stored"})
