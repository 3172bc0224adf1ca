"""The payloads of models of proteins, without the text of their files."""

from marshmallow_sqlalchemy import auto_field

from services.core.models import PDB
from shared.schemas import TableSchema


class PDBSchema(TableSchema):
    """A model of a protein."""

    name = auto_field(required=True, allow_none=False)

    class Meta(TableSchema.Meta):
        model = PDB
        exclude = ("contents",)
        dump_only = ("pdbId",)
