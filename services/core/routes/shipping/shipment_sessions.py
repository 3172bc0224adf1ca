"""/shipments/{id}/sessions"""

from services.core.modules.shipping.shipment_sessions import shipment_sessions
from services.core.routes import WRITERS
from shared.api import Namespace

ns = Namespace("shipment_sessions", path="/shipments", description="Sessions of shipments")
ns.resource(
    shipment_sessions,
    "list create delete",
    path="/<int:shipment_id>/sessions",
    one="session of a shipment",
    many="sessions of a shipment",
    key="session_id",
    service=WRITERS,
    summaries={
        "create": "Add a session of its proposal to a shipment.",
        "delete": "Remove a session from a shipment; show what it was.",
    },
)
