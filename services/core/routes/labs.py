"""/contacts/labs"""

from http import HTTPStatus

from services.core.modules import labs
from services.core.schemas.labs import LaboratorySchema
from shared.api import Namespace, Resource
from shared.lists import FieldsQuery, query_of

ns = Namespace("labs", path="/contacts/labs", description="Laboratories")


@ns.route("")
class Laboratories(Resource):
    @ns.require()
    @ns.takes(query_of(LaboratorySchema), query=True)
    @ns.returns(LaboratorySchema, many=True)
    def get(self, identity, query):
        """List laboratories."""
        return labs.find(identity, query)

    @ns.require("uportal_sync")
    @ns.takes(LaboratorySchema)
    @ns.returns(LaboratorySchema, HTTPStatus.CREATED)
    def post(self, identity, data):
        """Create a laboratory."""
        return labs.add(identity, data)


@ns.route("/<int:laboratory_id>")
class Laboratory(Resource):
    @ns.require()
    @ns.takes(FieldsQuery, query=True)
    @ns.returns(LaboratorySchema)
    def get(self, identity, query, laboratory_id):
        """Show one laboratory."""
        return labs.get(identity, laboratory_id, **query)

    @ns.require("uportal_sync")
    @ns.takes(LaboratorySchema(partial=True))
    @ns.returns(LaboratorySchema)
    def patch(self, identity, data, laboratory_id):
        """Change some fields of a laboratory: absent keeps, null clears."""
        return labs.change(identity, laboratory_id, data)

    @ns.require("uportal_sync")
    @ns.takes(LaboratorySchema)
    @ns.returns(LaboratorySchema)
    def put(self, identity, data, laboratory_id):
        """Replace a laboratory: what is absent is as in a new one."""
        return labs.replace(identity, laboratory_id, data)

    @ns.require("uportal_sync")
    @ns.returns(LaboratorySchema)
    def delete(self, identity, laboratory_id):
        """Delete a laboratory on which nothing hangs; show what it was."""
        return labs.remove(identity, laboratory_id)
