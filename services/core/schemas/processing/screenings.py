"""The payloads of screenings: results and strategies as one document."""

from marshmallow import ValidationError, fields, validates_schema

from services.core.models import (
    Screening,
    ScreeningInput,
    ScreeningOutput,
    ScreeningOutputLattice,
    ScreeningStrategy,
    ScreeningStrategySubWedge,
    ScreeningStrategyWedge,
)
from shared.filters import by_session_id
from shared.records import MANY, RecordSchema

PARENTS = ("dataCollectionId", "dataCollectionGroupId")


class ScreeningInputSchema(RecordSchema):
    """The input of a screening."""

    class Meta(RecordSchema.Meta):
        model = ScreeningInput
        exclude = ("screeningId",)
        dump_only = ("screeningInputId",)


class ScreeningOutputLatticeSchema(RecordSchema):
    """A lattice in the output of a screening."""

    class Meta(RecordSchema.Meta):
        model = ScreeningOutputLattice
        exclude = ("screeningOutputId",)
        dump_only = ("screeningOutputLatticeId", "bltimeStamp")


class ScreeningStrategySubWedgeSchema(RecordSchema):
    """One sweep of a wedge; its number is its place by default."""

    class Meta(RecordSchema.Meta):
        model = ScreeningStrategySubWedge
        exclude = ("screeningStrategyWedgeId",)
        dump_only = ("screeningStrategySubWedgeId",)


class ScreeningStrategyWedgeSchema(RecordSchema):
    """A part of a strategy; its number is its place by default."""

    subWedges = fields.Nested(
        ScreeningStrategySubWedgeSchema, many=True, attribute="subwedges", validate=MANY
    )

    class Meta(RecordSchema.Meta):
        model = ScreeningStrategyWedge
        exclude = ("screeningStrategyId",)
        dump_only = ("screeningStrategyWedgeId",)


class ScreeningStrategySchema(RecordSchema):
    """A strategy of data collection."""

    wedges = fields.Nested(ScreeningStrategyWedgeSchema, many=True, validate=MANY)

    class Meta(RecordSchema.Meta):
        model = ScreeningStrategy
        exclude = ("screeningOutputId",)
        dump_only = ("screeningStrategyId",)


class ScreeningOutputSchema(RecordSchema):
    """The output of a screening."""

    lattices = fields.Nested(ScreeningOutputLatticeSchema, many=True, validate=MANY)
    strategies = fields.Nested(ScreeningStrategySchema, many=True, validate=MANY)

    class Meta(RecordSchema.Meta):
        model = ScreeningOutput
        exclude = ("screeningId",)
        dump_only = ("screeningOutputId",)


class ScreeningSchema(RecordSchema):
    """A screening of a data collection, whose group it gets, or of a group."""

    inputs = fields.Nested(ScreeningInputSchema, many=True, validate=MANY)
    outputs = fields.Nested(ScreeningOutputSchema, many=True, validate=MANY)

    class Meta(RecordSchema.Meta):
        model = Screening
        dump_only = ("screeningId", "bltimeStamp")
        search = ("programVersion", "comments", "shortComments")
        sort = ("-screeningId",)
        filters = by_session_id(Screening)

    @validates_schema
    def _has_parent(self, data, **kwargs):
        if all(data.get(name) is None for name in PARENTS):
            raise ValidationError("This or dataCollectionGroupId is needed.", PARENTS[0])
