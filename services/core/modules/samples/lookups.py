"""The kinds of substances, the units of concentrations, the scores of pictures of samples."""

from services.core.schemas.samples.lookups import (
    ComponentTypeSchema,
    ConcentrationTypeSchema,
    SampleImageScoreSchema,
)
from shared.table_service import TableService

component_types = TableService(ComponentTypeSchema)
concentration_types = TableService(ConcentrationTypeSchema)
image_scores = TableService(SampleImageScoreSchema)
