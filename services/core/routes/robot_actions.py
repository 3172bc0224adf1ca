"""/beamline/robot_actions"""

from http import HTTPStatus

from services.core.modules import robot_actions
from services.core.schemas.robot_actions import RobotActionQuery, RobotActionSchema
from shared.api import Namespace, Resource
from shared.lists import FieldsQuery

ns = Namespace(
    "robot_actions", path="/beamline/robot_actions", description="What sample changers did"
)
WRITERS = ("mx_write", "ssx_write")


@ns.route("")
class RobotActions(Resource):
    @ns.may_answer(404)
    @ns.require()
    @ns.takes(RobotActionQuery, query=True)
    @ns.returns(RobotActionSchema, many=True)
    def get(self, identity, query):
        """List the actions of sample changers in the sessions the caller may see."""
        return robot_actions.find(identity, query)

    @ns.may_answer(404)
    @ns.require(*WRITERS)
    @ns.takes(RobotActionSchema)
    @ns.returns(RobotActionSchema, HTTPStatus.CREATED)
    def post(self, identity, data):
        """Record an action of the sample changer in a visible session."""
        return robot_actions.add(identity, data)


@ns.route("/<int:robot_action_id>")
class RobotAction(Resource):
    @ns.require()
    @ns.takes(FieldsQuery, query=True)
    @ns.returns(RobotActionSchema)
    def get(self, identity, query, robot_action_id):
        """Show one action of a sample changer."""
        return robot_actions.get(identity, robot_action_id, **query)

    @ns.require(*WRITERS)
    @ns.takes(RobotActionSchema(partial=True))
    @ns.returns(RobotActionSchema)
    def patch(self, identity, data, robot_action_id):
        """Change some fields of an action of the sample changer: absent keeps, null clears."""
        return robot_actions.change(identity, robot_action_id, data)
