"""The queries and answers of the reads."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from shared.schemas import LARGEST_KEY

MOST = 500  # data collections of a request
KEYS = r"[0-9]{1,18}(,[0-9]{1,18})*"  # within 64 bits


class SsxWebservicesRunsQuery(Schema):
    """The data collections of a request."""

    dataCollectionIds = fields.String(
        required=True,
        validate=[validate.Regexp(f"^{KEYS}$(?!\\n)"), validate.Length(max=10 * MOST)],
        metadata={"description": "keys, separated by commas"},
    )

    @post_load
    def _split(self, query, **kwargs):
        return {"keys": [int(key) for key in query["dataCollectionIds"].split(",")]}


class SsxWebservicesRunQuery(Schema):
    """The data collection of a request."""

    dataCollectionId = fields.Integer(required=True, validate=validate.Range(0, LARGEST_KEY))


class SsxWebservicesStatisticsSchema(Schema):
    """The numbers of a run."""

    dataCollectionId = fields.Integer()
    nbHits = fields.Integer(metadata={"description": "images with a hit"})
    nbIndexed = fields.Integer(metadata={"description": "images that were indexed"})
    laticeType = fields.String(metadata={"description": "of the lattice, e.g. orthorhombic"})
    estimatedResolution = fields.Float(metadata={"description": "Å"})


class SsxWebservicesCellsSchema(Schema):
    """The unit cells of a run."""

    unit_cells = fields.List(
        fields.List(fields.Float()),
        metadata={"description": "a, b, c in Å, alpha, beta, gamma in degrees of each pattern"},
    )


class SsxWebservicesHistogramSchema(Schema):
    """A histogram of one parameter, without outliers."""

    x = fields.List(fields.Float(), metadata={"description": "edges of the bins"})
    y = fields.List(fields.Integer(), metadata={"description": "cells of each bin"})
    median = fields.Float(metadata={"description": "of all cells, outliers too"})


def histogram(unit: str) -> fields.Nested:
    """A field for the histogram of a parameter."""
    return fields.Nested(
        SsxWebservicesHistogramSchema, allow_none=True, metadata={"description": unit}
    )


class SsxWebservicesHistogramsSchema(Schema):
    """The histograms of the unit cells of all data collections together."""

    a = histogram("Å")
    b = histogram("Å")
    c = histogram("Å")
    alpha = histogram("degrees")
    beta = histogram("degrees")
    gamma = histogram("degrees")
    dataCollectionIds = fields.List(fields.Integer())


class SsxWebservicesEventChainsQuery(Schema):
    """The page of a list of event chains."""

    dataCollectionId = fields.Integer(validate=validate.Range(0, LARGEST_KEY))
    skip = fields.Integer(load_default=0, validate=validate.Range(0, 100_000))
    limit = fields.Integer(load_default=25, validate=validate.Range(1, 500))


class SsxWebservicesEventTypeSchema(Schema):
    """The kind of an event."""

    eventTypeId = fields.Integer()
    name = fields.String()


class SsxWebservicesListedEventSchema(Schema):
    """An event; what is null is left out."""

    eventId = fields.Integer()
    eventChainId = fields.Integer()
    eventTypeId = fields.Integer()
    componentId = fields.Integer()
    name = fields.String()
    offset = fields.Float(metadata={"description": "begin after the start of the collection, s"})
    duration = fields.Float(metadata={"description": "s"})
    period = fields.Float(metadata={"description": "s"})
    repetition = fields.Float()
    EventType = fields.Nested(SsxWebservicesEventTypeSchema)


class SsxWebservicesListedChainSchema(Schema):
    """An event chain with its events; what is null is left out."""

    eventChainId = fields.Integer()
    dataCollectionId = fields.Integer()
    name = fields.String()
    events: Any = fields.Nested(SsxWebservicesListedEventSchema, many=True)


class SsxWebservicesChainListSchema(Schema):
    """A page of event chains."""

    total = fields.Integer()
    results = fields.Nested(SsxWebservicesListedChainSchema, many=True)
    skip = fields.Integer()
    limit = fields.Integer()
