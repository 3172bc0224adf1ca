"""/contacts/persons"""

from http import HTTPStatus

from services.core.modules import persons
from services.core.schemas.persons import PersonBatchSchema, PersonNameSchema, PersonSchema
from shared.api import Namespace, Resource
from shared.lists import FieldsQuery, query_of

ns = Namespace("persons", path="/contacts/persons", description="Persons")


@ns.route("")
class Persons(Resource):
    @ns.require()
    @ns.takes(query_of(PersonNameSchema), query=True)
    @ns.returns(PersonNameSchema, many=True)
    def get(self, identity, query):
        """List the names of those who share a proposal or session with the caller."""
        return persons.find(identity, query)

    @ns.require("uportal_sync")
    @ns.takes(PersonSchema)
    @ns.returns(PersonSchema, HTTPStatus.CREATED)
    def post(self, identity, data):
        """Create a person."""
        return persons.add(identity, data)


@ns.route("/batch")
class PersonBatch(Resource):
    @ns.require("uportal_sync")
    @ns.takes(PersonSchema, many=True)
    @ns.returns(PersonBatchSchema, HTTPStatus.CREATED)
    def post(self, identity, data):
        """Create many persons, or none: a JSON array or NDJSON, gzip allowed."""
        return persons.add_all(identity, data)


@ns.route("/<int:person_id>")
class Person(Resource):
    @ns.require()
    @ns.takes(FieldsQuery, query=True)
    @ns.returns(PersonSchema)
    def get(self, identity, query, person_id):
        """Show one person: its contact data only to itself and the user office."""
        return persons.get(identity, person_id, **query)

    @ns.require("uportal_sync")
    @ns.takes(PersonSchema(partial=True))
    @ns.returns(PersonSchema)
    def patch(self, identity, data, person_id):
        """Change some fields of a person: absent keeps, null clears."""
        return persons.change(identity, person_id, data)

    @ns.require("uportal_sync")
    @ns.takes(PersonSchema)
    @ns.returns(PersonSchema)
    def put(self, identity, data, person_id):
        """Replace a person: what is absent is as in a new one."""
        return persons.replace(identity, person_id, data)

    @ns.require("uportal_sync")
    @ns.returns(PersonSchema)
    def delete(self, identity, person_id):
        """Delete a person on which nothing hangs; show what it was."""
        return persons.remove(identity, person_id)
