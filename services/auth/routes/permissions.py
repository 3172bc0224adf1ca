"""/auth/permissions"""

from http import HTTPStatus

from services.auth.modules import permissions
from services.auth.schemas.permissions import PermissionSchema
from shared.api import Namespace, Resource
from shared.lists import FieldsQuery, query_of

ns = Namespace("permissions", path="/auth/permissions", description="Permissions of groups")


@ns.route("")
class Permissions(Resource):
    @ns.require("manage_perms", "manage_groups")
    @ns.takes(query_of(PermissionSchema), query=True)
    @ns.returns(PermissionSchema, many=True)
    def get(self, identity, query):
        """List the permissions."""
        return permissions.list_(query)

    @ns.require("manage_perms")
    @ns.takes(PermissionSchema)
    @ns.returns(PermissionSchema, HTTPStatus.CREATED)
    def post(self, identity, data):
        """Make a permission."""
        return permissions.create(data)


@ns.route("/<int:permission_id>")
class Permission(Resource):
    @ns.require("manage_perms", "manage_groups")
    @ns.takes(FieldsQuery, query=True)
    @ns.returns(PermissionSchema)
    def get(self, identity, query, permission_id):
        """Show one permission."""
        return permissions.get(permission_id, **query)

    @ns.require("manage_perms")
    @ns.takes(PermissionSchema(partial=True))
    @ns.returns(PermissionSchema)
    def patch(self, identity, data, permission_id):
        """Change some fields of a permission: absent keeps, null clears."""
        return permissions.update(identity, permission_id, data)
