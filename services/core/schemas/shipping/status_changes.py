"""The payloads of changes of the status of shipments, dewars and containers."""

from sqlalchemy import bindparam

from shared.filters import Filter
from shared.schemas import TableSchema
from shared.service_tables import StatusChange


class StatusChangeSchema(TableSchema):
    """A change of the status or the place of a shipment, a dewar or a container."""

    class Meta(TableSchema.Meta):
        model = StatusChange
        search = ("status", "place", "login")
        sort = ("-statusChangeId",)
        filters = {"parent": Filter(StatusChange.shippingId == bindparam("parent"))}
