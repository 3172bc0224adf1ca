"""Groups on the wire."""

from marshmallow import Schema, fields, validate
from marshmallow_sqlalchemy import auto_field

from shared.aggregates import Count
from shared.models import (
    Permission,
    Person,
    UserGroup,
    UserGroupHasPermission,
    UserGroupHasPerson,
)
from shared.schemas import TableSchema


class GroupMetadataSchema(Schema):
    permissions = Count(UserGroupHasPermission.userGroupId)
    persons = Count(UserGroupHasPerson.userGroupId)


class GroupSchema(TableSchema):
    name = auto_field(validate=[validate.Length(1, 31)], metadata={"example": "mx_staff"})
    _metadata = fields.Nested(GroupMetadataSchema, dump_only=True)

    class Meta(TableSchema.Meta):
        model = UserGroup
        dump_only = ("userGroupId",)
        search = ("name",)
        sort = ("userGroupId",)


class HeldPermissionSchema(TableSchema):
    """A permission inside its group."""

    class Meta(TableSchema.Meta):
        model = Permission


class GroupPermissionSchema(TableSchema):
    Permission = fields.Nested(HeldPermissionSchema, attribute="permission")

    class Meta(TableSchema.Meta):
        model = UserGroupHasPermission
        fields = ("permissionId", "Permission")


class MemberSchema(TableSchema):
    """A person inside its group: no contact data."""

    class Meta(TableSchema.Meta):
        model = Person
        fields = ("personId", "login", "givenName", "familyName")


class GroupMemberSchema(TableSchema):
    Person = fields.Nested(MemberSchema, attribute="person")

    class Meta(TableSchema.Meta):
        model = UserGroupHasPerson
        fields = ("personId", "Person")


class GroupDetailSchema(GroupSchema):
    """A group with its permissions and members."""

    permissions = fields.Nested(GroupPermissionSchema, many=True, dump_only=True)
    persons = fields.Nested(GroupMemberSchema, many=True, attribute="people", dump_only=True)
