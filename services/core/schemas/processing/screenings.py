"""A screening with all below it, as one document: what was found, and how to collect."""

from marshmallow import ValidationError, fields, validates_schema
from sqlalchemy import bindparam, select, union

from services.core.models import (
    Screening,
    ScreeningInput,
    ScreeningOutput,
    ScreeningOutputLattice,
    ScreeningStrategy,
    ScreeningStrategySubWedge,
    ScreeningStrategyWedge,
)
from services.core.schemas.records import KEY, MANY, RecordSchema
from shared.filters import Filter
from shared.models import DataCollection, DataCollectionGroup
from shared.statements import make_alias

PARENTS = ("dataCollectionId", "dataCollectionGroupId")


class ScreeningInputSchema(RecordSchema):
    """What a screening was given."""

    class Meta(RecordSchema.Meta):
        model = ScreeningInput
        exclude = ("screeningId",)
        dump_only = ("screeningInputId",)


class ScreeningOutputLatticeSchema(RecordSchema):
    """A lattice that was found."""

    class Meta(RecordSchema.Meta):
        model = ScreeningOutputLattice
        exclude = ("screeningOutputId",)
        dump_only = ("screeningOutputLatticeId", "bltimeStamp")


class ScreeningStrategySubWedgeSchema(RecordSchema):
    """One sweep of a wedge; without a number it gets its place."""

    class Meta(RecordSchema.Meta):
        model = ScreeningStrategySubWedge
        exclude = ("screeningStrategyWedgeId",)
        dump_only = ("screeningStrategySubWedgeId",)


class ScreeningStrategyWedgeSchema(RecordSchema):
    """A part of a strategy; without a number it gets its place."""

    subWedges = fields.Nested(
        ScreeningStrategySubWedgeSchema, many=True, attribute="subwedges", validate=MANY
    )

    class Meta(RecordSchema.Meta):
        model = ScreeningStrategyWedge
        exclude = ("screeningStrategyId",)
        dump_only = ("screeningStrategyWedgeId",)


class ScreeningStrategySchema(RecordSchema):
    """How to collect."""

    wedges = fields.Nested(ScreeningStrategyWedgeSchema, many=True, validate=MANY)

    class Meta(RecordSchema.Meta):
        model = ScreeningStrategy
        exclude = ("screeningOutputId",)
        dump_only = ("screeningStrategyId",)


class ScreeningOutputSchema(RecordSchema):
    """What a screening found."""

    lattices = fields.Nested(ScreeningOutputLatticeSchema, many=True, validate=MANY)
    strategies = fields.Nested(ScreeningStrategySchema, many=True, validate=MANY)

    class Meta(RecordSchema.Meta):
        model = ScreeningOutput
        exclude = ("screeningId",)
        dump_only = ("screeningOutputId",)


_below, _session = make_alias(Screening), DataCollectionGroup.sessionId == bindparam("sessionId")
_by_group = select(_below.screeningId).join(_below.group).where(_session)
_by_collection = (
    select(_below.screeningId).join(_below.collection).join(DataCollection.group).where(_session)
)


class ScreeningSchema(RecordSchema):
    """A screening of a data collection, or of a group; it gets that of its collection."""

    inputs = fields.Nested(ScreeningInputSchema, many=True, validate=MANY)
    outputs = fields.Nested(ScreeningOutputSchema, many=True, validate=MANY)

    class Meta(RecordSchema.Meta):
        model = Screening
        dump_only = ("screeningId", "bltimeStamp")
        search = ("programVersion", "comments", "shortComments")
        sort = ("-screeningId",)
        filters = {
            "sessionId": Filter(
                Screening.screeningId.in_(select(union(_by_group, _by_collection).subquery())),
                fields.Integer(validate=KEY, metadata={"description": "of this session"}),
            ),
        }

    @validates_schema
    def _has_parent(self, data, **kwargs):
        if all(data.get(name) is None for name in PARENTS):
            raise ValidationError("This or dataCollectionGroupId is needed.", PARENTS[0])
