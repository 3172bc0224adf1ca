"""The payloads of statistics: of a session, of a beamline, of a parameter."""

from datetime import timedelta

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from shared.models import BLSession
from shared.moments import Moment
from shared.schemas import text_of

LONGEST = timedelta(days=366)
UNITS = {
    "axisRange": "degrees",
    "beamSizeAtSampleX": "mm",
    "beamSizeAtSampleY": "mm",
    "detectorDistance": "mm",
    "energy": "eV",
    "exposureTime": "s",
    "flux": "photons/s",
    "numberOfImages": "",
    "resolution": "Å",
    "transmission": "%",
    "wavelength": "Å",
}


class CollectedSchema(Schema):
    """Data collections."""

    data_collections = fields.Integer(required=True)
    failed = fields.Integer(
        required=True, metadata={"description": "as the filter `status` of the feed has it"}
    )
    aborted = fields.Integer(
        required=True, metadata={"description": "stopped before its end, without a failure"}
    )
    images = fields.Integer(required=True)


class CollectedTypeSchema(CollectedSchema):
    """Data collections of one type."""

    experimentType = fields.String(required=True, allow_none=True)
    seconds = fields.Integer(required=True)


class SessionCountsSchema(CollectedSchema):
    """The numbers of rows of a session."""

    energyScans = fields.Integer(required=True)
    xrfSpectra = fields.Integer(required=True)
    robotActions = fields.Integer(required=True)
    failedRobotActions = fields.Integer(required=True)
    screenings = fields.Integer(required=True)
    centrings = fields.Integer(required=True)


class SessionTimesSchema(Schema):
    """The seconds of a session by activity; an overlap counts for each of its activities."""

    data_collections = fields.Integer(required=True)
    energyScans = fields.Integer(required=True)
    xrfSpectra = fields.Integer(required=True)
    robotActions = fields.Integer(required=True)
    startup = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "before the first of them; none if there is none"},
    )
    remaining = fields.Integer(
        required=True, allow_none=True, metadata={"description": "without any of these"}
    )
    total = fields.Integer(
        required=True, allow_none=True, metadata={"description": "none if it has no dates"}
    )


class SessionStatisticsSchema(Schema):
    """A session in numbers."""

    sessionId = fields.Integer(required=True)
    counts = fields.Nested(SessionCountsSchema, required=True)
    types = fields.Nested(CollectedTypeSchema, many=True, required=True)
    seconds = fields.Nested(SessionTimesSchema, required=True)


class BeamlineQuery(Schema):
    """The beamline and the days of its statistics."""

    beamLineName = text_of(BLSession.beamLineName, 1, required=True)
    start = Moment(required=True, metadata={"description": "2026-11-05, or with a time"})
    end = Moment(required=True, last=True, metadata={"description": "included"})

    @validates_schema
    def _check_period(self, data, **kwargs):
        if "start" in data and "end" in data:
            if data["start"] >= data["end"]:
                raise ValidationError("is before start", "end")
            if data["end"] - data["start"] > LONGEST:
                raise ValidationError(f"is more than {LONGEST.days} days after start", "end")


class BeamlineCountsSchema(CollectedSchema):
    """The numbers of rows of a beamline."""

    loaded = fields.Integer(required=True, metadata={"description": "samples that were loaded"})
    failedLoads = fields.Integer(required=True)


class BeamlineDaySchema(BeamlineCountsSchema):
    """The numbers of rows of a beamline on one day."""

    day = fields.Date(required=True)


class BeamlineErrorSchema(Schema):
    """An error, and its frequency."""

    source = fields.String(required=True, validate=validate.OneOf(["datacollection", "robot"]))
    message = fields.String(required=True)
    count = fields.Integer(required=True)


class BeamlineStatisticsSchema(Schema):
    """A beamline in numbers: of the sessions that the caller sees, every day of the period."""

    beamLineName = fields.String(required=True)
    sessions = fields.Integer(required=True)
    counts = fields.Nested(BeamlineCountsSchema, required=True)
    days = fields.Nested(BeamlineDaySchema, many=True, required=True)
    errors = fields.Nested(
        BeamlineErrorSchema,
        many=True,
        required=True,
        metadata={"description": "the most frequent of each source, the most frequent first"},
    )


class HistogramQuery(BeamlineQuery):
    """The parameter of a histogram, and its data collections."""

    parameter = fields.String(required=True, validate=validate.OneOf([*UNITS]))
    bins = fields.Integer(load_default=50, validate=validate.Range(1, 500))
    beamLineName = text_of(BLSession.beamLineName, 1)
    start = Moment(metadata={"description": "a year before the end, unless given"})
    end = Moment(last=True, metadata={"description": "included; now, unless given"})


class HistogramSchema(Schema):
    """The frequencies of the values of a parameter, in bins.

    Bin n is from edge n up to edge n + 1, which only the last bin includes. If all values are
    equal there is one bin, without a width.
    """

    parameter = fields.String(required=True)
    unit = fields.String(required=True)
    total = fields.Integer(required=True)
    edges = fields.List(fields.Float(), required=True)
    counts = fields.List(fields.Integer(), required=True)
