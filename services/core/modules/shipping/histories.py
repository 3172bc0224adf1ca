"""The histories of shipments, dewars and containers, and scans of dewars."""

from services.core.modules.shipping import status_changes
from services.core.modules.shipping.containers import containers
from services.core.modules.shipping.dewars import dewars
from services.core.modules.shipping.shipments import shipments
from services.core.schemas.samples.samples import READY
from services.core.schemas.shipping.histories import ContainerHistorySchema, DewarHistorySchema
from services.core.schemas.shipping.status_changes import StatusChangeSchema
from shared import app_context, read, row_checks
from shared.access import EVERYTHING, everything
from shared.child_service import ChildService
from shared.identity import Identity
from shared.models import Dewar
from shared.sql import spellings

DISPATCHES = ("dispatchrequested", "dispatchbooked")  # a scan does not end them


class DewarHistories(ChildService):
    """The histories of dewars."""

    def create(  # type: ignore[override]
        self, identity: Identity, parent_key: int, data: dict
    ) -> dict:
        """Give a visible dewar a status and maybe a place; return the row of its history."""
        row, data = dewars.lock(identity, parent_key), dict(data)
        key = dewars.scan(identity, row, data, data.pop("arrivalDate", None))
        return read.one(self.schema, everything(identity), dewarTransportHistoryId=key)


dewar_histories = DewarHistories(dewars, "dewarId", DewarHistorySchema)
container_histories = ChildService(containers, "containerId", ContainerHistorySchema)


def scan(identity: Identity, data: dict) -> dict:
    """Store a scan of the dewar with a bar code, in any case; return the dewar.

    Without a status it has arrived at the facility, unless its dispatch is asked for.
    """
    codes = spellings(data["barCode"])
    row = row_checks.lock_visible(identity, Dewar, barCode__in=codes)
    changes = {name: value for name, value in data.items() if name != "barCode"}
    changes["storageLocation"] = data["storageLocation"].lower()
    if "dewarStatus" not in data and status_changes.plain(row.dewarStatus) not in DISPATCHES:
        changes["dewarStatus"] = status_changes.get_arrived()
    dewars.scan(identity, row, changes)
    return dewars.written(identity, row)


def list_of_shipment(identity: Identity, key: int, query: dict) -> dict:
    """One page of the changes of a visible shipment, its dewars and containers, newest first."""
    return read.page(
        StatusChangeSchema, EVERYTHING, {**query, "parent": shipments.get_key(identity, key)}
    )


def get_words() -> dict:
    """The status words of the site, in their order."""
    settings = app_context.site()["shipping"]
    return {
        "statuses": settings["statuses"],
        "sent": settings["sent_status"],
        "arrived": settings["arrived_status"],
        "processing": READY,
    }
