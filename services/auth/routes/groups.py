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
    @ns.takes(GroupSchema)
    @ns.returns(GroupDetailSchema, HTTPStatus.CREATED)
    def post(self, identity, data):
        """Make a group."""
        return groups.create(data)


@ns.route("/<int:userGroupId>")
class Group(Resource):
    @ns.require("manage_groups")
    @ns.takes(FieldsQuery, query=True)
    @ns.returns(GroupDetailSchema)
    def get(self, identity, query, userGroupId):
        """Show a group with its permissions and members."""
        return groups.get(userGroupId, **query)

    @ns.require("manage_groups")
    @ns.takes(GroupSchema(partial=True))
    @ns.returns(GroupDetailSchema)
    def patch(self, identity, data, userGroupId):
        """Rename a group."""
        return groups.update(userGroupId, data)


@ns.route("/<int:userGroupId>/permissions/<int:permissionId>")
class GroupPermission(Resource):
    @ns.require("manage_groups")
    @ns.returns(GroupDetailSchema, HTTPStatus.CREATED)
    def post(self, identity, userGroupId, permissionId):
        """Grant a permission to a group."""
        return groups.add_permission(userGroupId, permissionId)

    @ns.require("manage_groups")
    @ns.returns(GroupDetailSchema)
    def delete(self, identity, userGroupId, permissionId):
        """Revoke a permission of a group."""
        return groups.remove_permission(userGroupId, permissionId)


@ns.route("/<int:userGroupId>/persons/<int:personId>")
class GroupPerson(Resource):
    @ns.require("manage_groups")
    @ns.returns(GroupDetailSchema, HTTPStatus.CREATED)
    def post(self, identity, userGroupId, personId):
        """Make a person a member of a group."""
        return groups.add_member(userGroupId, personId)

    @ns.require("manage_groups")
    @ns.returns(GroupDetailSchema)
    def delete(self, identity, userGroupId, personId):
        """Take a person out of a group."""
        return groups.remove_member(userGroupId, personId)
