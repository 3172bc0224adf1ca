"""What a line of the audit trail looks like on the wire."""

from shared.own import Activity
from shared.schemas import TableSchema


class ActivitySchema(TableSchema):
    """Who did what; the values that were sent are not kept."""

    class Meta(TableSchema.Meta):
        model = Activity
        search = ("login", "path")
        sort = ("-activityId",)
