"""A sample by its name and its protein, as results and lists of other rows show it."""

from typing import ClassVar

from marshmallow import fields
from sqlalchemy import bindparam, select

from shared.filters import Filter
from shared.models import BLSample, Crystal, DataCollection, DataCollectionGroup, Protein
from shared.schemas import TableSchema

# of a number of samples
MEASURED = {"description": "samples with a data collection that the caller sees"}


class NamedProteinSchema(TableSchema):
    """A protein by its acronym."""

    class Meta(TableSchema.Meta):
        model = Protein
        fields = ("proteinId", "acronym")


class NamedCrystalSchema(TableSchema):
    """A crystal with the acronym of its protein."""

    Protein = fields.Nested(NamedProteinSchema, attribute="protein")

    class Meta(TableSchema.Meta):
        model = Crystal
        fields = ("crystalId", "Protein")


class NamedSampleSchema(TableSchema):
    """A sample by its name, with the acronym of its protein."""

    Crystal = fields.Nested(NamedCrystalSchema, attribute="crystal")

    class Meta(TableSchema.Meta):
        model = BLSample
        fields: tuple[str, ...] = ("blSampleId", "name", "Crystal")
        sort: ClassVar[tuple[str, ...]] = ("blSampleId",)
        filters = {
            "collections": Filter(
                BLSample.blSampleId.in_(
                    select(DataCollectionGroup.blSampleId)
                    .join(DataCollectionGroup.collections)
                    .where(
                        DataCollection.dataCollectionId.in_(
                            bindparam("collections", expanding=True)
                        )
                    )
                )
            )
        }
