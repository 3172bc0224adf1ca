"""Permissions and their holders. Nothing here knows HTTP."""

from sqlalchemy import exists, select

from services.auth import app_context
from services.auth.schemas.permissions import PermissionSchema
from shared import read
from shared.access import EVERYTHING
from shared.db import db, save
from shared.errors import Conflict, Forbidden, NotFound
from shared.identity import INDUSTRY_READ, Identity
from shared.models import Permission, UserGroupHasPermission, UserGroupHasPerson

HOUSE = {
    "all_proposals": "see everything",
    "all_sessions": "see every session",
    "uportal_sync": "write proposals, sessions, persons and laboratories",
    "manage_groups": "create groups; grant and revoke permissions",
    "manage_perms": "create permissions",
    "manage_tokens": "issue and revoke service tokens",
    "view_activity": "read the audit trail",
    "mx_write": "write what MX beamlines measure",
    "ssx_write": "write what SSX beamlines measure",
    "ssx_sync": "write what SSX beamlines measure, by the web services of py-ISPyB",
    "em_write": "write what microscopes measure",
    "processing_write": "write results of processing",
    INDUSTRY_READ: "see industrial proposals by the other permissions",
}
"""The permissions that operations need; see docs/reference/permissions.md."""


def list_(query: dict) -> dict:
    """One page of the permissions."""
    return read.page(PermissionSchema, EVERYTHING, query)


def get(permission_id: int, fields=()) -> dict:
    """One permission."""
    return read.one(PermissionSchema, EVERYTHING, fields, permissionId=permission_id)


def create(data: dict) -> dict:
    """Create a permission; persons hold it once a group has it."""
    _check_type(data["type"])
    return get(save(Permission(), data).permissionId)


def update(identity: Identity, permission_id: int, data: dict) -> dict:
    """Change a permission; a new type for one that groups hold would grant it: Forbidden."""
    row = db.session.get(Permission, permission_id)
    if row is None:
        raise NotFound("Permission not found")
    if data.get("type", row.type) != row.type:
        is_held = select(exists().where(UserGroupHasPermission.permissionId == permission_id))
        if db.session.scalar(is_held) and not identity.can("manage_groups"):
            raise Forbidden(
                "groups hold this permission: a change of its type needs manage_groups"
            )
        _check_type(data["type"], permission_id)
    save(row, data)
    return get(permission_id)


def of_person(person_id: int) -> set[str]:
    """The permissions that the groups of a person hold."""
    link, member = UserGroupHasPermission, UserGroupHasPerson
    stmt = select(Permission.type).join(link, link.permissionId == Permission.permissionId)
    stmt = stmt.join(member, member.userGroupId == link.userGroupId)
    return set(db.session.scalars(stmt.where(member.personId == person_id)))


def registered() -> set[str]:
    """The permissions of the services, of beamline groups, and of the database."""
    of_groups = {group["permission"] for group in app_context.site()["beamline_groups"]}
    return {*HOUSE, *of_groups, *db.session.scalars(select(Permission.type))}


def _check_type(permission: str, own_id: int = 0) -> None:
    """Raise Conflict if another row has this type: the table has no unique key for it."""
    same = select(Permission.permissionId).where(Permission.type == permission)
    if db.session.scalars(same.where(Permission.permissionId != own_id)).first():
        raise Conflict(f"there is a permission {permission}")
