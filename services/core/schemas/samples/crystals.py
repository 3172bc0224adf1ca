"""The payloads of crystals."""

from marshmallow import Schema, fields
from marshmallow_sqlalchemy import auto_field

from shared.aggregates import Count
from shared.models import BLSample, Crystal, Protein
from shared.schemas import TableSchema


class CrystalProteinSchema(TableSchema):
    """The protein of a crystal."""

    class Meta(TableSchema.Meta):
        model = Protein
        fields = (
            "proteinId",
            "proposalId",
            "acronym",
            "name",
            "safetyLevel",
            "hazardGroup",
            "containmentLevel",
        )


class CrystalMetadataSchema(Schema):
    """The number of samples of a crystal."""

    samples = Count(BLSample.crystalId)


class CrystalSchema(TableSchema):
    """A form of a protein."""

    proteinId = auto_field(required=True)
    Protein = fields.Nested(CrystalProteinSchema, attribute="protein", dump_only=True)
    _metadata = fields.Nested(CrystalMetadataSchema, dump_only=True)

    class Meta(TableSchema.Meta):
        model = Crystal
        dump_only = ("crystalId", "recordTimeStamp")
        search = ("name", "comments")
        sort = ("-crystalId",)
