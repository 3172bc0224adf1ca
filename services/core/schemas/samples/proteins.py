"""The payloads of proteins."""

from marshmallow import Schema, fields

from shared.aggregates import Count
from shared.models import BLSample, ComponentType, Crystal, Protein
from shared.schemas import TableSchema


class ComponentTypeSchema(TableSchema):
    """The kind of a substance."""

    class Meta(TableSchema.Meta):
        model = ComponentType
        sort = ("name",)


class ProteinMetadataSchema(Schema):
    """The numbers of crystals and samples of a protein."""

    crystals = Count(Crystal.proteinId)
    samples = Count(Crystal.proteinId, through=BLSample.crystal)


class ProteinSchema(TableSchema):
    """A substance of a proposal."""

    ComponentType = fields.Nested(ComponentTypeSchema, attribute="type", dump_only=True)
    _metadata = fields.Nested(ProteinMetadataSchema, dump_only=True)

    class Meta(TableSchema.Meta):
        model = Protein
        dump_only = ("proteinId", "bltimeStamp")
        search = ("acronym", "name")
        sort = ("-proteinId",)
