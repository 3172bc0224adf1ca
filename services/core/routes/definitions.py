"""/schemas"""

from marshmallow import Schema

from services.core.modules import definitions
from services.core.schemas.definitions import DefinitionNamesSchema, DefinitionSchema
from shared.api import Namespace, Resource

ns = Namespace("schemas", description="JSON Schema of what clients write")


@ns.route("/available_names")
class DefinitionNames(Resource):
    @ns.require()
    @ns.takes(Schema, query=True)
    @ns.returns(DefinitionNamesSchema)
    def get(self, identity, query):
        """List the names of the payloads."""
        return definitions.names()


@ns.route("/<name>")
class Definition(Resource):
    @ns.require()
    @ns.takes(Schema, query=True)
    @ns.returns(DefinitionSchema)
    def get(self, identity, query, name):
        """Show the JSON Schema of one payload."""
        return definitions.get(name)
