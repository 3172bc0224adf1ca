"""/containers/assign and /containers/unassign"""

from services.core.modules.shipping import assignments
from services.core.routes import WRITERS
from services.core.schemas.shipping.assignments import AssignmentSchema, UnassignmentSchema
from services.core.schemas.shipping.containers import ContainerSchema
from shared.api import Namespace, Resource

ns = Namespace("assignments", path="/containers", description="Containers in sample changers")


@ns.route("/assign")
class Assignments(Resource):
    @ns.may_answer(404)
    @ns.require(service=WRITERS)
    @ns.takes(AssignmentSchema)
    @ns.returns(ContainerSchema)
    def post(self, identity, data):
        """Put a container into a place of a sample changer; another one there leaves it."""
        return assignments.assign(identity, data)


@ns.route("/unassign")
class Unassignments(Resource):
    @ns.may_answer(404)
    @ns.require(service=WRITERS)
    @ns.takes(UnassignmentSchema)
    @ns.returns(ContainerSchema)
    def post(self, identity, data):
        """Take a container from the beamline where it is."""
        return assignments.unassign(identity, data)
