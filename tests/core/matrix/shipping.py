"""Routes of shipments, dewars and containers."""

from tests.core.matrix.samples import usual
from tests.matrix import Route, signed_in

SHIPMENT = {"proposalId": 1, "shippingName": "new"}
ROUTES = [
    *usual("/shipments", "shippingId", "shipment", SHIPMENT, "Shipment", 404),
    *usual("/dewars", "dewarId", "dewar", {"shippingId": 1}, "Dewar"),
    *usual("/containers", "containerId", "container", {"dewarId": 1}, "Container", deleted=200),
    Route("get /containers/types", signed_in()),
    Route("get /containers/types/{container_type_id}", signed_in()),
]
