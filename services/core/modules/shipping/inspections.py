"""Inspections of plates by imagers."""

from services.core.modules.shipping.containers import containers
from services.core.schemas.shipping.inspections import (
    ImagerSchema,
    InspectionSchema,
    InspectionTypeSchema,
)
from shared.child_service import ChildService
from shared.table_service import TableService

container_inspections = ChildService(containers, "containerId", InspectionSchema)
inspections = TableService(InspectionSchema)
inspection_types = TableService(InspectionTypeSchema)
imagers = TableService(ImagerSchema)
