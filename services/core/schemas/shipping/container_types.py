"""The payloads of kinds of containers."""

from shared.models import ContainerType
from shared.schemas import TableSchema


class ContainerTypeSchema(TableSchema):
    """A kind of container."""

    class Meta(TableSchema.Meta):
        model = ContainerType
        search = ("name",)
        sort = ("name",)
