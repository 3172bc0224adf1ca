"""The payloads of statistics of serial runs, and of histograms of their unit cells."""

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from services.ssx.schemas.images import CellSchema
from shared.lists import Delimited
from shared.schemas import LARGEST_KEY

FROM_IMAGES, FROM_FILE = "images", "file"
MOST_RUNS, MOST_MERGED = 1_000, 100  # of statistics, of a histogram
KEY = validate.Range(0, LARGEST_KEY)


def _run_keys(most: int, required: bool = False) -> Delimited:
    return Delimited(
        fields.Integer(validate=KEY),
        required=required,
        validate=validate.Length(1, most),
        metadata={"description": "those of these runs that the caller sees"},
    )


def number(description: str) -> fields.Float:
    """The field of a number that is null if there is nothing to compute it from."""
    return fields.Float(allow_none=True, metadata={"description": description})


def count(description: str) -> fields.Integer:
    """The field of a number of things."""
    return fields.Integer(required=True, metadata={"description": description})


class SumSchema(Schema):
    """The statistics of the images of several serial runs together."""

    images = count("stored images")
    hits = count("images with diffraction")
    indexed = count("indexed images")
    hitRate = number("hits / images; null without an image")
    indexRate = number("indexed / hits; null without a hit")
    meanSpots = number("mean number of spots of hits")
    meanResolution = number("mean of the hits, Å")
    bestResolution = number("least of the hits, Å")


class RunStatisticsSchema(SumSchema):
    """The statistics of the images of a serial run."""

    dataCollectionId = count("the run")
    medianResolution = number("median of the hits, Å")
    source = fields.String(
        required=True,
        validate=validate.OneOf((FROM_IMAGES, FROM_FILE)),
        metadata={"description": "the stored images, or without them the file of a pipeline"},
    )
    estimatedResolution = number("by the pipeline that wrote the file, Å")
    medianCell = fields.Nested(
        CellSchema,
        allow_none=True,
        metadata={"description": "median of each parameter, Å and degrees"},
    )


class StatisticsSchema(Schema):
    """The statistics of each of several runs, and those of all together."""

    runs = fields.List(fields.Nested(RunStatisticsSchema), required=True)
    sum = fields.Nested(SumSchema, required=True)


class StatisticsQuery(Schema):
    """The runs, by one of three parameters."""

    dataCollectionGroupId = fields.Integer(
        validate=KEY, metadata={"description": "the runs of this group"}
    )
    session = fields.String(metadata={"description": "session id or name"})
    dataCollectionId__in = _run_keys(MOST_RUNS)

    @validates_schema
    def _check_one(self, data, **_):
        if len(data) != 1:
            names = ", ".join(self.fields)
            raise ValidationError({"dataCollectionId__in": [f"Send one of {names}."]})


class HistogramQuery(Schema):
    """The number of bins."""

    bins = fields.Integer(
        load_default=50,
        validate=validate.Range(1, 1_000),
        metadata={"description": "number of bins of each histogram"},
    )


class HistogramsQuery(HistogramQuery):
    """The runs, and the number of bins."""

    dataCollectionId__in = _run_keys(MOST_MERGED, required=True)


class HistogramSchema(Schema):
    """The histogram of one parameter without outliers."""

    x = fields.List(fields.Float(), metadata={"description": "edges of the bins, Å or degrees"})
    y = fields.List(fields.Integer(), metadata={"description": "number of cells in each bin"})
    median = fields.Float(metadata={"description": "of all cells, outliers too"})
    kept = fields.Integer(metadata={"description": "number of cells in the bins"})
    leftOut = fields.Integer(metadata={"description": "number of outliers"})


def _histogram(name: str) -> fields.Nested:
    description = CellSchema._declared_fields[name].metadata["description"]
    return fields.Nested(HistogramSchema, allow_none=True, metadata={"description": description})


class HistogramsSchema(Schema):
    """Histograms of the unit cells of indexed images; null without a cell."""

    cell_a = _histogram("cell_a")
    cell_b = _histogram("cell_b")
    cell_c = _histogram("cell_c")
    cell_alpha = _histogram("cell_alpha")
    cell_beta = _histogram("cell_beta")
    cell_gamma = _histogram("cell_gamma")
    dataCollectionIds = fields.List(
        fields.Integer(), metadata={"description": "the runs whose cells these are"}
    )
