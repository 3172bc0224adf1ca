"""/shipments"""

from services.core.modules.shipping.shipments import shipments
from services.core.routes import EVERY, WRITERS
from shared.api import Namespace

ns = Namespace("shipments", path="/shipments", description="Shipments of samples")
ns.resource(shipments, EVERY, one="shipment", many="shipments", service=WRITERS)
