"""/auth/groups"""

from http import HTTPStatus

from services.auth.modules import groups
from services.auth.schemas.groups import GroupDetailSchema, GroupSchema
from shared.api import Namespace, Resource
from shared.lists import FieldsQuery, query_of

ns = Namespace("groups", path="/auth/groups", description="Groups, which give permissions")


@ns.route("")
class Groups(Resource):
    @ns.require("manage_groups")
    @ns.takes(query_of(GroupSchema), query=True)
    @ns.returns(GroupSchema, many=True)
    def get(self, identity, query):
        """List the groups."""
        return groups.list_(query)

    @ns.require("manage_groups")
    @ns.takes(GroupDetailSchema)
    @ns.returns(GroupDetailSchema, HTTPStatus.CREATED)
    def post(self, identity, data):
        """Make a group."""
        return groups.create(data)


@ns.route("/<int:user_group_id>")
class Group(Resource):
    @ns.require("manage_groups")
    @ns.takes(FieldsQuery, query=True)
    @ns.returns(GroupDetailSchema)
    def get(self, identity, query, user_group_id):
        """Show a group with its permissions and members."""
        return groups.get(user_group_id, **query)

    @ns.require("manage_groups")
    @ns.takes(GroupSchema(partial=True))
    @ns.returns(GroupDetailSchema)
    def patch(self, identity, data, user_group_id):
        """Rename a group."""
        return groups.update(user_group_id, data)


@ns.route("/<int:user_group_id>/permissions/<int:permission_id>")
class GroupPermission(Resource):
    @ns.require("manage_groups")
    @ns.returns(GroupDetailSchema, HTTPStatus.CREATED)
    def post(self, identity, user_group_id, permission_id):
        """Grant a permission to a group."""
        return groups.add_permission(user_group_id, permission_id)

    @ns.require("manage_groups")
    @ns.returns(GroupDetailSchema)
    def delete(self, identity, user_group_id, permission_id):
        """Revoke a permission of a group."""
        return groups.remove_permission(user_group_id, permission_id)


@ns.route("/<int:user_group_id>/persons/<int:person_id>")
class GroupPerson(Resource):
    @ns.require("manage_groups")
    @ns.returns(GroupDetailSchema, HTTPStatus.CREATED)
    def post(self, identity, user_group_id, person_id):
        """Make a person a member of a group."""
        return groups.add_member(user_group_id, person_id)

    @ns.require("manage_groups")
    @ns.returns(GroupDetailSchema)
    def delete(self, identity, user_group_id, person_id):
        """Take a person out of a group."""
        return groups.remove_member(user_group_id, person_id)
