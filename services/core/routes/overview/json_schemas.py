"""/schemas"""

from marshmallow import Schema

from services.core.modules.overview import json_schemas
from services.core.schemas.overview.json_schemas import DefinitionNamesSchema, DefinitionSchema
from shared.api import Namespace, Resource

ns = Namespace("schemas", description="JSON Schema of what clients write")


@ns.route("/available_names")
class DefinitionNames(Resource):
    @ns.require()
    @ns.takes(Schema, query=True)
    @ns.returns(DefinitionNamesSchema)
    def get(self, identity, query):
        """List the names of the payloads."""
        return json_schemas.list_names()


@ns.route("/<name>")
class Definition(Resource):
    @ns.require()
    @ns.takes(Schema, query=True)
    @ns.returns(DefinitionSchema)
    def get(self, identity, query, name):
        """Show the JSON Schema of one payload: its name in any case, singular or plural."""
        return json_schemas.get(name)
