"""The payloads of ligands, and of the ligands of samples."""

from marshmallow import Schema, fields, validate
from marshmallow_sqlalchemy import auto_field
from sqlalchemy import ColumnElement, bindparam, select

from services.core.models import Ligand, SampleHasLigand
from shared import visibility
from shared.aggregates import Count
from shared.callers import Shape
from shared.filters import Filter, by_parent
from shared.models import BLSample, Crystal
from shared.records import KEY
from shared.schemas import TableSchema


def _is_in_samples_of_protein(shape: Shape) -> ColumnElement[bool]:
    """Whether a ligand is in a visible sample of the protein that is bound as ``proteinId``."""
    samples = select(SampleHasLigand.ligandId).join(BLSample).join(Crystal)
    visible = visibility.condition(shape._replace(few=True), Crystal)
    return Ligand.ligandId.in_(samples.where(Crystal.proteinId == bindparam("proteinId"), visible))


class LigandMetadataSchema(Schema):
    """The number of samples with a ligand."""

    samples = Count(SampleHasLigand.ligandId)


class LigandSchema(TableSchema):
    """A small molecule of a proposal, perhaps from a library."""

    name = auto_field(validate=validate.Length(1, 255))
    _metadata = fields.Nested(LigandMetadataSchema, dump_only=True)

    class Meta(TableSchema.Meta):
        model = Ligand
        dump_only = ("ligandId",)
        search = ("name", "SMILES", "libraryName", "plateBarcode")
        sort = ("-ligandId",)
        filters = {
            "proteinId": Filter(
                _is_in_samples_of_protein,
                fields.Integer(
                    strict=False,
                    validate=KEY,
                    metadata={"description": "in samples of this protein"},
                ),
            ),
        }


class LinkedLigandSchema(TableSchema):
    """A ligand, where a sample lists it."""

    class Meta(TableSchema.Meta):
        model = Ligand


class SampleLigandSchema(TableSchema):
    """A ligand in a sample."""

    ligandId = auto_field(required=True)
    Ligand = fields.Nested(LinkedLigandSchema, attribute="ligand", dump_only=True)

    class Meta(TableSchema.Meta):
        model = SampleHasLigand
        fields = ("ligandId", "Ligand")
        sort = ("ligandId",)
        filters = by_parent(SampleHasLigand.blSampleId)
