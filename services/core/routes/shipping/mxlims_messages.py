"""/mxlims/shipments"""

from http import HTTPStatus

from services.core.modules.shipping import mxlims_messages
from services.core.routes import WRITERS
from services.core.schemas.shipping.mxlims_messages import (
    MxlimsMessageSchema,
    MxlimsShipmentSchema,
)
from shared.api import Namespace, Resource

ns = Namespace("mxlims", path="/mxlims", description="MXLIMS messages")


@ns.route("/shipments")
class MxlimsShipments(Resource):
    @ns.may_answer(404)
    @ns.require(service=WRITERS)
    @ns.takes(MxlimsMessageSchema, large=1)
    @ns.returns(MxlimsShipmentSchema, HTTPStatus.CREATED, also=HTTPStatus.OK)
    def post(self, identity, data):
        """Store the shipment of an MXLIMS message of up to 500 kB.

        The same message again changes nothing, and is answered with status 200. A message with
        the same uuid of its shipment, that differs, changes the shipment before it is sent.
        """
        answer, is_new = mxlims_messages.create(identity, data)
        return answer, HTTPStatus.CREATED if is_new else HTTPStatus.OK


@ns.route("/shipments/<int:shipment_id>")
class MxlimsShipment(Resource):
    @ns.require()
    @ns.returns(MxlimsMessageSchema)
    def get(self, identity, shipment_id):
        """Show a shipment as an MXLIMS message."""
        return mxlims_messages.get(identity, shipment_id)


@ns.route("/shipments/<int:shipment_id>/results")
class MxlimsResults(Resource):
    @ns.require()
    @ns.returns(MxlimsMessageSchema)
    def get(self, identity, shipment_id):
        """Show a shipment with plans, data collections and results, as an MXLIMS message."""
        return mxlims_messages.get_results(identity, shipment_id)
