"""/samples/groups/{id}/persons"""

from http import HTTPStatus

from services.core.modules.samples import group_persons
from services.core.schemas.people.persons import PersonNameSchema
from services.core.schemas.samples.group_persons import SharedWithSchema
from shared.api import Namespace, Resource
from shared.lists import query_of

ns = Namespace("group_persons", path="/samples/groups", description="Sharing groups of samples")


@ns.route("/<int:group_id>/persons")
class SampleGroupPersons(Resource):
    @ns.require()
    @ns.takes(query_of(PersonNameSchema), query=True)
    @ns.returns(PersonNameSchema, many=True)
    def get(self, identity, query, group_id):
        """List the persons with whom a group is shared only; none, if the proposal sees it."""
        return group_persons.list_persons(identity, group_id, query)

    @ns.require()
    @ns.takes(SharedWithSchema)
    @ns.returns(PersonNameSchema, HTTPStatus.CREATED)
    def post(self, identity, data, group_id):
        """Share a group with a person only, as its owner, the leader or the user office."""
        return group_persons.add_person(identity, group_id, data["personId"])


@ns.route("/<int:group_id>/persons/<int:person_id>")
class SampleGroupPerson(Resource):
    @ns.require()
    @ns.returns(PersonNameSchema)
    def delete(self, identity, group_id, person_id):
        """Share a group with a person no longer; without the last one, the proposal sees it."""
        return group_persons.delete_person(identity, group_id, person_id)
