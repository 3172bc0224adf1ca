"""/data_collections/{id}/position"""

from services.core.modules.acquisition import positions
from services.core.schemas.acquisition.positions import PositionSchema
from shared.api import Namespace, Resource
from shared.lists import FieldsQuery

ns = Namespace("positions", path="/data_collections", description="Positions of samples")
WRITERS = ("mx_write", "ssx_write", "em_write")


@ns.route("/<int:data_collection_id>/position")
class Position(Resource):
    @ns.require()
    @ns.takes(FieldsQuery, query=True)
    @ns.returns(PositionSchema)
    def get(self, identity, query, data_collection_id):
        """Show the position of a data collection, which may have none."""
        return positions.get(identity, data_collection_id, **query)

    @ns.require(*WRITERS)
    @ns.takes(PositionSchema)
    @ns.returns(PositionSchema)
    def put(self, identity, data, data_collection_id):
        """Set the position of a data collection; it keeps its id."""
        return positions.replace(identity, data_collection_id, data)
