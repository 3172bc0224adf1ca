"""The payloads of inspections of plates, of their kinds, and of imagers."""

from marshmallow import fields

from shared.filters import by_parent
from shared.models import ContainerInspection, Imager, InspectionType
from shared.schemas import TableSchema


class InspectionTypeSchema(TableSchema):
    """A kind of light in which pictures of plates are taken."""

    class Meta(TableSchema.Meta):
        model = InspectionType
        sort = ("name",)


class ImagerSchema(TableSchema):
    """A machine that keeps plates and takes pictures of them."""

    class Meta(TableSchema.Meta):
        model = Imager
        search = ("name", "serial")
        sort = ("name",)


class InspectionSchema(TableSchema):
    """An inspection of a plate: pictures of its drops are taken."""

    InspectionType = fields.Nested(InspectionTypeSchema, attribute="type", dump_only=True)
    Imager = fields.Nested(ImagerSchema, attribute="imager", dump_only=True)

    class Meta(TableSchema.Meta):
        model = ContainerInspection
        dump_only = ("containerInspectionId", "containerId")
        sort = ("-containerInspectionId",)
        filters = by_parent(ContainerInspection.containerId)
