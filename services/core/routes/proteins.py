"""/samples/proteins"""

from services.core.modules import proteins
from services.core.schemas.proteins import ProteinQuery, ProteinSchema
from shared.api import Namespace, Resource
from shared.lists import FieldsQuery

ns = Namespace("proteins", path="/samples/proteins", description="What samples are of")


@ns.route("")
class Proteins(Resource):
    @ns.may_answer(404)
    @ns.require()
    @ns.takes(ProteinQuery, query=True)
    @ns.returns(ProteinSchema, many=True)
    def get(self, identity, query):
        """List the proteins the caller may see."""
        return proteins.find(identity, query)


@ns.route("/<int:protein_id>")
class Protein(Resource):
    @ns.require()
    @ns.takes(FieldsQuery, query=True)
    @ns.returns(ProteinSchema)
    def get(self, identity, query, protein_id):
        """Show one protein."""
        return proteins.get(identity, protein_id, **query)
