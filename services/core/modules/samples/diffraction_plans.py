"""Diffraction plans of the measurements of samples."""

from services.core.schemas.samples.diffraction_plans import DiffractionPlanSchema
from shared.table_service import TableService

diffraction_plans = TableService(DiffractionPlanSchema)
