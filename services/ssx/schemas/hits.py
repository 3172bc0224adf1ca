"""The payloads of hit rates over time, and of hits over the chip."""

from marshmallow import Schema, fields, validate

from services.ssx.schemas.statistics import count

MOST_PLACES = 200_000


class HitRateQuery(Schema):
    """The number of parts."""

    points = fields.Integer(
        load_default=200,
        validate=validate.Range(1, 2_000),
        metadata={"description": "number of parts; fewer if there are fewer images"},
    )


def _numbers(field: fields.Field, description: str) -> fields.List:
    return fields.List(field, required=True, metadata={"description": description})


class HitRateSchema(Schema):
    """Hits in equal parts of a serial run, from the first stored image to the last."""

    imageNumber = _numbers(fields.Integer(), "first image of each part")
    time = _numbers(
        fields.Float(allow_none=True),
        "of that image, s from the start; null without repetitionRate and exposureTime",
    )
    images = _numbers(fields.Integer(), "stored images of each part")
    hits = _numbers(fields.Integer(), "hits of each part")
    indexed = _numbers(fields.Integer(), "indexed images of each part")
    hitRate = _numbers(fields.Float(allow_none=True), "hits / images; null without an image")
    indexRate = _numbers(fields.Float(allow_none=True), "indexed / hits; null without a hit")


def _size(description: str, most: int = 10_000) -> fields.Integer:
    return fields.Integer(validate=validate.Range(1, most), metadata={"description": description})


class HitMapQuery(Schema):
    """The geometry of the chip, where its model does not tell, and the unit of the map."""

    columns = _size("places of the chip from left to right; absent: by chipModel")
    rows = _size("places of the chip from top to bottom; absent: by chipModel")
    blockColumns = _size("places of a block from left to right; absent: the chip is one block")
    blockRows = _size("places of a block from top to bottom; absent: the chip is one block")
    serpentine = fields.Boolean(
        metadata={"description": "whether the order turns at each edge; absent: by chipPattern"}
    )
    exposures = fields.Integer(
        load_default=1,
        validate=validate.Range(1, 1_000),
        metadata={"description": "successive images of each place"},
    )
    by = fields.String(
        load_default="place",
        validate=validate.OneOf(("place", "block")),
        metadata={"description": "whether each value of the map is of a place or of a block"},
    )


def _map(field: fields.Field, description: str) -> fields.List:
    return fields.List(
        fields.List(field),
        required=True,
        metadata={"description": f"{description}: rows from top to bottom"},
    )


class HitMapSchema(Schema):
    """Hits over the chip of a serial run, for each place or block."""

    columns = count("places of the chip from left to right")
    rows = count("places of the chip from top to bottom")
    blockColumns = count("places of a block from left to right")
    blockRows = count("places of a block from top to bottom")
    serpentine = fields.Boolean(required=True)
    exposures = count("successive images of each place")
    by = fields.String(required=True, metadata={"description": "place or block"})
    outside = count("stored images that are of no place")
    images = _map(fields.Integer(), "stored images")
    hits = _map(fields.Integer(), "hits")
    indexed = _map(fields.Integer(), "indexed images")
    hitRate = _map(fields.Float(allow_none=True), "hits / images; null without an image")
    indexRate = _map(fields.Float(allow_none=True), "indexed / hits; null without a hit")
    resolution = _map(fields.Float(allow_none=True), "mean resolution of the hits, Å")
