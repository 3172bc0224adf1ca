"""/containers"""

from services.core.modules import containers
from services.core.schemas.containers import ContainerQuery, ContainerSchema
from shared.api import Namespace, Resource
from shared.lists import FieldsQuery

ns = Namespace("containers", path="/containers", description="What samples are in")


@ns.route("")
class Containers(Resource):
    @ns.may_answer(404)
    @ns.require()
    @ns.takes(ContainerQuery, query=True)
    @ns.returns(ContainerSchema, many=True)
    def get(self, identity, query):
        """List the containers the caller may see."""
        return containers.find(identity, query)


@ns.route("/<int:container_id>")
class Container(Resource):
    @ns.require()
    @ns.takes(FieldsQuery, query=True)
    @ns.returns(ContainerSchema)
    def get(self, identity, query, container_id):
        """Show one container."""
        return containers.get(identity, container_id, **query)
