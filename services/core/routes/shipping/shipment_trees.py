"""/shipments/trees, /shipments/{id}/tree and /shipments/{id}/info"""

from http import HTTPStatus

from services.core.modules.shipping import shipment_trees
from services.core.routes import WRITERS
from services.core.schemas.shipping.shipment_trees import ShipmentInfoSchema, ShipmentTreeSchema
from shared.api import Namespace, Resource

ns = Namespace("shipment_trees", path="/shipments", description="Whole shipments")
LARGE = 10  # times as many values as other documents: 10,000 samples


@ns.route("/trees")
class ShipmentTrees(Resource):
    @ns.require(service=WRITERS)
    @ns.takes(ShipmentTreeSchema, large=LARGE)
    @ns.returns(ShipmentTreeSchema, HTTPStatus.CREATED, also=HTTPStatus.OK)
    def post(self, identity, data):
        """Create a shipment with its dewars, containers and samples.

        Proteins are those of the proposal with the same acronym; others are made, where the site
        allows it. A shipment with the same source, proposal, name and time of creation is the
        answer, with status 200, if it is there already.
        """
        tree, is_new = shipment_trees.create(identity, data)
        return tree, HTTPStatus.CREATED if is_new else HTTPStatus.OK


@ns.route("/<int:shipment_id>/tree")
class ShipmentTree(Resource):
    @ns.require()
    @ns.returns(ShipmentTreeSchema)
    def get(self, identity, shipment_id):
        """Show a shipment with its dewars, their containers and samples."""
        return shipment_trees.get(identity, shipment_id)

    @ns.require(service=WRITERS)
    @ns.takes(ShipmentTreeSchema, large=LARGE)
    @ns.returns(ShipmentTreeSchema)
    def put(self, identity, data, shipment_id):
        """Make a shipment that of the document: rows with a key are changed, others are new.

        Rows that the document lacks are deleted; data that depend on one are a 409.
        """
        return shipment_trees.replace(identity, shipment_id, data)


@ns.route("/<int:shipment_id>/info")
class ShipmentInfo(Resource):
    @ns.require()
    @ns.returns(ShipmentInfoSchema)
    def get(self, identity, shipment_id):
        """Show a shipment and all its rows side by side: contacts, sessions, samples, history."""
        return shipment_trees.get_info(identity, shipment_id)
