"""/em/atlases"""

from services.em.modules import atlases
from services.em.schemas.atlases import AtlasSchema
from shared.api import Namespace, Resource
from shared.lists import FieldsQuery, query_of

ns = Namespace("em atlases", path="/em/atlases", description="Pictures of whole grids")


@ns.route("")
class Atlases(Resource):
    @ns.require()
    @ns.takes(query_of(AtlasSchema), query=True)
    @ns.returns(AtlasSchema, many=True)
    def get(self, identity, query):
        """List the atlases the caller may see."""
        return atlases.find(identity, query)


@ns.route("/<int:atlas_id>")
class Atlas(Resource):
    @ns.require()
    @ns.takes(FieldsQuery, query=True)
    @ns.returns(AtlasSchema)
    def get(self, identity, query, atlas_id):
        """Show one atlas."""
        return atlases.get(identity, atlas_id, **query)
