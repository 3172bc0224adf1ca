"""The payloads of laboratories."""

from marshmallow_sqlalchemy import auto_field

from shared.models import Laboratory
from shared.schemas import TableSchema


class LaboratorySchema(TableSchema):
    """A home institute."""

    name = auto_field(required=True, allow_none=False)

    class Meta(TableSchema.Meta):
        model = Laboratory
        dump_only = ("laboratoryId", "recordTimeStamp")
        search = ("name", "organization", "city", "country")
        sort = ("name",)
