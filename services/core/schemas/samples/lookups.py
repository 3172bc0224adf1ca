"""The payloads of the kinds of substances, the units of concentrations, the scores of pictures."""

from shared.models import BLSampleImageScore, ComponentType, ConcentrationType
from shared.schemas import TableSchema


class ComponentTypeSchema(TableSchema):
    """The kind of a substance."""

    class Meta(TableSchema.Meta):
        model = ComponentType
        search = ("name",)
        sort = ("name",)


class ConcentrationTypeSchema(TableSchema):
    """A unit of concentration."""

    class Meta(TableSchema.Meta):
        model = ConcentrationType
        search = ("name", "symbol")
        sort = ("name",)


class SampleImageScoreSchema(TableSchema):
    """A word for the quality of a picture."""

    class Meta(TableSchema.Meta):
        model = BLSampleImageScore
        search = ("name",)
        sort = ("name",)
