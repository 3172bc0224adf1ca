"""/samples/crystals"""

from services.core.modules import crystals
from services.core.schemas.crystals import CrystalQuery, CrystalSchema
from shared.api import Namespace, Resource
from shared.lists import FieldsQuery

ns = Namespace("crystals", path="/samples/crystals", description="Forms of proteins")


@ns.route("")
class Crystals(Resource):
    @ns.may_answer(404)
    @ns.require()
    @ns.takes(CrystalQuery, query=True)
    @ns.returns(CrystalSchema, many=True)
    def get(self, identity, query):
        """List the crystals the caller may see."""
        return crystals.find(identity, query)


@ns.route("/<int:crystal_id>")
class Crystal(Resource):
    @ns.require()
    @ns.takes(FieldsQuery, query=True)
    @ns.returns(CrystalSchema)
    def get(self, identity, query, crystal_id):
        """Show one crystal."""
        return crystals.get(identity, crystal_id, **query)
