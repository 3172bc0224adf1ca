"""Lines of the audit trail on the wire."""

from shared.schemas import TableSchema
from shared.service_tables import Activity


class ActivitySchema(TableSchema):
    """One change or login; the values that were sent are not stored."""

    class Meta(TableSchema.Meta):
        model = Activity
        search = ("login", "path")
        sort = ("-activityId",)
