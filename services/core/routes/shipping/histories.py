"""/dewars/{id}/history, /dewars/scan, /containers/{id}/history, /shipments/{id}/history"""

from services.core.modules.shipping import histories
from services.core.modules.shipping.registered_dewars import STAFF
from services.core.routes import WRITERS
from services.core.schemas.shipping.dewars import DewarSchema
from services.core.schemas.shipping.histories import ScanSchema, StatusWordsSchema
from services.core.schemas.shipping.status_changes import StatusChangeSchema
from shared.api import Namespace, Resource
from shared.lists import query_of

ns = Namespace("histories", path="/", description="Histories of shipments")
ns.resource(
    histories.dewar_histories,
    "list create",
    path="/dewars/<int:dewar_id>/history",
    one="dewar history",
    many="dewar histories",
    service=WRITERS,
    summaries={
        "list": "List the statuses and places that a dewar had, newest first.",
        "create": "Give a dewar a new status, and maybe a place.",
    },
)
ns.resource(
    histories.container_histories,
    "list",
    path="/containers/<int:container_id>/history",
    one="container history",
    many="container histories",
    summaries={"list": "List the statuses and places that a container had, newest first."},
)


@ns.route("/dewars/scan")
class DewarScans(Resource):
    @ns.may_answer(404)
    @ns.require(*STAFF, *WRITERS)
    @ns.takes(ScanSchema)
    @ns.returns(DewarSchema)
    def post(self, identity, data):
        """Store that the dewar with a bar code was scanned at a place."""
        return histories.scan(identity, data)


@ns.route("/shipments/<int:shipment_id>/history")
class ShipmentHistory(Resource):
    @ns.require()
    @ns.takes(query_of(StatusChangeSchema), query=True)
    @ns.returns(StatusChangeSchema, many=True)
    def get(self, identity, query, shipment_id):
        """List the changes of a shipment, its dewars and containers, newest first."""
        return histories.list_of_shipment(identity, shipment_id, query)


@ns.route("/shipments/statuses")
class ShipmentStatuses(Resource):
    @ns.require()
    @ns.returns(StatusWordsSchema)
    def get(self, identity):
        """Show the words of the way of a shipment, in their order."""
        return histories.get_words()
