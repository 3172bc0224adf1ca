"""Routes of shipments, dewars and containers, and of their labels."""

from tests.matrix import Route, beside, inside, signed_in, usual

OF_CONTAINER = (  # deleted with it
    *("ContainerHistory", "ContainerInspection", "ContainerQueue", "ContainerQueueSample"),
)
SHIPMENT = {"proposalId": 1, "shippingName": "new"}
ROUTES = [
    *usual(
        *("/shipments", "shippingId", "shipment", SHIPMENT, "Shipment", 404),
        also=beside("Dewar", "Container"),  # a status passes to them
    ),
    *usual(*("/dewars", "dewarId", "dewar", {"shippingId": 1}, "Dewar"), also=beside("Container")),
    *usual(
        *("/containers", "containerId", "container", {"dewarId": 1}, "Container"),
        deleted=200,
        also=beside(*OF_CONTAINER),
    ),
    Route("get /containers/types", signed_in()),
    Route("get /containers/types/{container_type_id}", signed_in()),
    Route("get /containers/{container_id}/label", inside()),
    Route("get /containers/{container_id}/sheet", inside()),
    Route("get /dewars/{dewar_id}/labels", inside()),
    Route("get /shipments/{shipment_id}/labels", inside()),
    Route("get /shipments/{shipment_id}/manifest", inside()),
]
