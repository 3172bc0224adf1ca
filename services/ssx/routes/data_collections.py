"""/ssx/datacollections"""

from services.ssx.modules import data_collections
from services.ssx.schemas.data_collections import SSXDataCollectionSchema
from shared.api import Namespace, Resource
from shared.lists import FieldsQuery, query_of

ns = Namespace(
    "ssx data collections", path="/ssx/datacollections", description="Serial crystallography"
)


@ns.route("")
class DataCollections(Resource):
    @ns.require()
    @ns.takes(query_of(SSXDataCollectionSchema), query=True)
    @ns.returns(SSXDataCollectionSchema, many=True)
    def get(self, identity, query):
        """List the serial data collections the caller may see."""
        return data_collections.find(identity, query)


@ns.route("/<int:collection_id>")
class DataCollection(Resource):
    @ns.require()
    @ns.takes(FieldsQuery, query=True)
    @ns.returns(SSXDataCollectionSchema)
    def get(self, identity, query, collection_id):
        """Show one serial data collection."""
        return data_collections.get(identity, collection_id, **query)
