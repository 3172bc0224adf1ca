"""/data_collections/{id}/grids"""

from http import HTTPStatus

from services.core.modules.acquisition import grids
from services.core.schemas.acquisition.grids import GridSchema
from shared.api import Namespace, Resource
from shared.lists import query_of

ns = Namespace("grids", path="/data_collections", description="Grids of scans")
WRITERS = ("mx_write", "ssx_write", "em_write")


@ns.route("/<int:data_collection_id>/grids")
class Grids(Resource):
    @ns.require()
    @ns.takes(query_of(GridSchema), query=True)
    @ns.returns(GridSchema, many=True)
    def get(self, identity, query, data_collection_id):
        """List the grids of a data collection."""
        return grids.find(identity, data_collection_id, query)

    @ns.require(*WRITERS)
    @ns.takes(GridSchema)
    @ns.returns(GridSchema, HTTPStatus.CREATED)
    def post(self, identity, data, data_collection_id):
        """Create a grid of a data collection."""
        return grids.add(identity, data_collection_id, data)
