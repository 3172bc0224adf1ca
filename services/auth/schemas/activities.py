"""What a line of the audit trail looks like on the wire."""

from shared.schemas import TableSchema
from shared.service_tables import Activity


class ActivitySchema(TableSchema):
    """Who did what; the values that were sent are not kept."""

    class Meta(TableSchema.Meta):
        model = Activity
        search = ("login", "path")
        sort = ("-activityId",)
