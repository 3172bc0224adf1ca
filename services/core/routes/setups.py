"""/beamline/setups"""

from http import HTTPStatus

from services.core.modules import setups
from services.core.schemas.setups import SetupSchema
from shared.api import Namespace, Resource
from shared.lists import FieldsQuery, query_of

ns = Namespace("setups", path="/beamline/setups", description="Setups of beamlines")
WRITERS = ("mx_write", "ssx_write", "em_write")


@ns.route("")
class Setups(Resource):
    @ns.require()
    @ns.takes(query_of(SetupSchema), query=True)
    @ns.returns(SetupSchema, many=True)
    def get(self, identity, query):
        """List the setups of beamlines, latest first."""
        return setups.find(identity, query)

    @ns.require(*WRITERS)
    @ns.takes(SetupSchema)
    @ns.returns(SetupSchema, HTTPStatus.CREATED)
    def post(self, identity, data):
        """Create a setup; a session names it as its beamLineSetupId."""
        return setups.add(identity, data)


@ns.route("/<int:setup_id>")
class Setup(Resource):
    @ns.require()
    @ns.takes(FieldsQuery, query=True)
    @ns.returns(SetupSchema)
    def get(self, identity, query, setup_id):
        """Show one setup."""
        return setups.get(identity, setup_id, **query)

    @ns.require(*WRITERS)
    @ns.takes(SetupSchema(partial=True))
    @ns.returns(SetupSchema)
    def patch(self, identity, data, setup_id):
        """Change some fields of a setup: absent keeps, null clears."""
        return setups.change(identity, setup_id, data)
