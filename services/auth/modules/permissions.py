"""Permissions, and who holds them. Nothing here knows HTTP."""

from sqlalchemy import exists, select

from services.auth import app_context
from services.auth.schemas.permissions import PermissionSchema
from shared import read
from shared.access import EVERYTHING
from shared.db import db, save
from shared.errors import Conflict, Forbidden, NotFound
from shared.identity import Identity
from shared.models import Permission, UserGroupHasPermission, UserGroupHasPerson

HOUSE = {
    "all_proposals": "see everything",
    "all_sessions": "see every session",
    "uportal_sync": "write proposals, sessions, persons and laboratories",
    "manage_groups": "make groups; grant and revoke permissions",
    "manage_perms": "make permissions",
    "manage_tokens": "issue and revoke the tokens of programs",
    "view_activity": "read the audit trail",
    "mx_write": "write what MX beamlines measure",
    "ssx_write": "write what SSX beamlines measure",
    "em_write": "write what microscopes measure",
    "processing_write": "write results of processing",
}
"""Those that operations ask for; docs/reference/permissions.md tells more."""


def find(query: dict) -> dict:
    """List permissions."""
    return read.page(PermissionSchema, EVERYTHING, query)


def get(permission_id: int, fields=()) -> dict:
    """Return one permission."""
    return read.one(PermissionSchema, EVERYTHING, fields, permissionId=permission_id)


def add(data: dict) -> dict:
    """Make a permission; nobody holds it until a group does."""
    _check_type(data["type"])
    return get(save(Permission(), data).permissionId)


def change(identity: Identity, permission_id: int, data: dict) -> dict:
    """Change a permission. One that groups hold may not become another: that would grant it."""
    row = db.session.get(Permission, permission_id)
    if row is None:
        raise NotFound("Permission not found")
    if data.get("type", row.type) != row.type:
        held = select(exists().where(UserGroupHasPermission.permissionId == permission_id))
        if db.session.scalar(held) and not identity.can("manage_groups"):
            raise Forbidden("groups hold this permission: to make it another needs manage_groups")
        _check_type(data["type"], permission_id)
    save(row, data)
    return get(permission_id)


def of_person(person_id: int) -> set[str]:
    """The permissions that the groups of a person hold."""
    link, member = UserGroupHasPermission, UserGroupHasPerson
    stmt = select(Permission.type).join(link, link.permissionId == Permission.permissionId)
    stmt = stmt.join(member, member.userGroupId == link.userGroupId)
    return set(db.session.scalars(stmt.where(member.personId == person_id)))


def known() -> set[str]:
    """Every permission that means something here."""
    of_groups = {group["permission"] for group in app_context.site()["beamline_groups"]}
    return {*HOUSE, *of_groups, *db.session.scalars(select(Permission.type))}


def _check_type(wanted: str, own_id: int = 0) -> None:
    """The table would take the same right twice."""
    same = select(Permission.permissionId).where(Permission.type == wanted)
    if db.session.scalars(same.where(Permission.permissionId != own_id)).first():
        raise Conflict(f"there is a permission {wanted}")
