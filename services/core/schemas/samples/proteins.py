"""The payloads of proteins."""

from marshmallow import Schema, fields
from marshmallow_sqlalchemy import auto_field

from services.core.schemas.samples.lookups import ComponentTypeSchema, ConcentrationTypeSchema
from shared.aggregates import Count
from shared.models import BLSample, Crystal, Protein
from shared.schemas import TableSchema


class ProteinMetadataSchema(Schema):
    """The numbers of crystals and samples of a protein."""

    crystals = Count(Crystal.proteinId)
    samples = Count(Crystal.proteinId, through=BLSample.crystal)


class ProteinSchema(TableSchema):
    """A substance of a proposal."""

    proposalId = auto_field(required=True)
    acronym = auto_field(
        required=True,
        allow_none=False,
        metadata={"description": "short label, unique in the proposal: letters, digits, _ and -"},
    )
    ComponentType = fields.Nested(ComponentTypeSchema, attribute="type", dump_only=True)
    ConcentrationType = fields.Nested(ConcentrationTypeSchema, attribute="unit", dump_only=True)
    _metadata = fields.Nested(ProteinMetadataSchema, dump_only=True)

    class Meta(TableSchema.Meta):
        model = Protein
        dump_only = ("proteinId", "personId", "bltimeStamp")
        search = ("acronym", "name")
        sort = ("-proteinId",)
