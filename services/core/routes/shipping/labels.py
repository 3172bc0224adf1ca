"""/shipments/{id}/labels, /dewars/{id}/labels and all other paths that print"""

from services.core.modules.shipping import labels
from services.core.schemas.shipping.labels import PaperQuery
from shared.api import Namespace, Resource

ns = Namespace("labels", path="/", description="Labels and lists of shipments, to be printed")
PDF = "application/pdf"


@ns.route("/shipments/<int:shipment_id>/labels")
class ShipmentLabels(Resource):
    @ns.require(link=True)
    @ns.takes(PaperQuery, query=True)
    @ns.streams(PDF)
    def get(self, identity, shipment_id, paper):
        """Print the labels of all dewars and containers of a shipment."""
        return labels.get_shipment_labels(identity, shipment_id, paper)


@ns.route("/shipments/<int:shipment_id>/manifest")
class Manifest(Resource):
    @ns.require(link=True)
    @ns.takes(PaperQuery, query=True)
    @ns.streams(PDF)
    def get(self, identity, shipment_id, paper):
        """Print the list of the dewars and containers of a shipment."""
        return labels.get_manifest(identity, shipment_id, paper)


@ns.route("/dewars/<int:dewar_id>/labels")
class DewarLabels(Resource):
    @ns.require(link=True)
    @ns.takes(PaperQuery, query=True)
    @ns.streams(PDF)
    def get(self, identity, dewar_id, paper):
        """Print the labels of a dewar and of its containers."""
        return labels.get_dewar_labels(identity, dewar_id, paper)


@ns.route("/containers/<int:container_id>/label")
class ContainerLabel(Resource):
    @ns.require(link=True)
    @ns.takes(PaperQuery, query=True)
    @ns.streams(PDF)
    def get(self, identity, container_id, paper):
        """Print the label of a container."""
        return labels.get_container_label(identity, container_id, paper)


@ns.route("/containers/<int:container_id>/sheet")
class Sheet(Resource):
    @ns.require(link=True)
    @ns.takes(PaperQuery, query=True)
    @ns.streams(PDF)
    def get(self, identity, container_id, paper):
        """Print the list of the samples in a container, by position."""
        return labels.get_sheet(identity, container_id, paper)
