"""Permissions on the wire."""

from marshmallow import Schema, fields, validate
from marshmallow_sqlalchemy import auto_field

from shared.aggregates import Count
from shared.models import Permission, UserGroupHasPermission
from shared.schemas import TableSchema


class PermissionMetadataSchema(Schema):
    groups = Count(UserGroupHasPermission.permissionId)


class PermissionSchema(TableSchema):
    type = auto_field(
        validate=[
            validate.Regexp(r"^[A-Za-z0-9_.:-]{1,15}$(?!\n)", error="1 to 15 of A-Za-z0-9_.:-")
        ]
    )
    _metadata = fields.Nested(PermissionMetadataSchema, dump_only=True)

    class Meta(TableSchema.Meta):
        model = Permission
        dump_only = ("permissionId",)
        search = ("type", "description")
        sort = ("permissionId",)
