"""/contacts/persons"""

from http import HTTPStatus

from services.core.modules.people.persons import persons
from services.core.schemas.people.persons import PersonBatchSchema, PersonSchema
from shared.api import Namespace, Resource

ns = Namespace("persons", path="/contacts/persons", description="Persons")
ns.resource(
    persons,
    "list create get update replace delete",
    one="person",
    many="persons",
    write=["uportal_sync"],
    summaries={
        "list": "List the names of those who share a proposal or session with the caller.",
        "get": "Show one person: its contact data only to itself and the user office.",
    },
)


@ns.route("/batch")
class PersonBatch(Resource):
    @ns.require("uportal_sync")
    @ns.takes(PersonSchema, many=True)
    @ns.returns(PersonBatchSchema, HTTPStatus.CREATED)
    def post(self, identity, data):
        """Create many persons, or none: a JSON array or NDJSON, gzip allowed."""
        return persons.create_all(identity, data)
