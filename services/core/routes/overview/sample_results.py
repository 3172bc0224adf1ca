"""/shipments/{id}/results and /containers/{id}/results"""

from services.core.modules.overview import sample_results
from services.core.schemas.overview.sample_results import SampleResultSchema, SampleRowSchema
from shared.api import Namespace, Resource
from shared.lists import query_of

ns = Namespace("sample results", path="/", description="Samples and their best results")


@ns.route("/shipments/<int:shipment_id>/results")
class ShipmentResults(Resource):
    @ns.require()
    @ns.takes(query_of(SampleRowSchema), query=True)
    @ns.returns(SampleResultSchema, many=True)
    def get(self, identity, query, shipment_id):
        """List the samples of a shipment, each with its best result, as /autoproc/best has it."""
        return sample_results.list_of_shipment(identity, shipment_id, query)


@ns.route("/containers/<int:container_id>/results")
class ContainerResults(Resource):
    @ns.require()
    @ns.takes(query_of(SampleRowSchema), query=True)
    @ns.returns(SampleResultSchema, many=True)
    def get(self, identity, query, container_id):
        """List the samples of a container, each with its best result."""
        return sample_results.list_of_container(identity, container_id, query)
