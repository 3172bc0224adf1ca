"""Groups of persons, and the permissions of each group. Nothing here knows HTTP."""

from services.auth.schemas.groups import GroupDetailSchema, GroupSchema
from shared import read
from shared.access import EVERYTHING
from shared.db import db, save
from shared.errors import Conflict, not_found
from shared.models import (
    Permission,
    Person,
    UserGroup,
    UserGroupHasPermission,
    UserGroupHasPerson,
)


def list_(query: dict) -> dict:
    """One page of the groups."""
    return read.page(GroupSchema, EVERYTHING, query)


def get(group_id: int, fields=()) -> dict:
    """One group, with its permissions and members."""
    return read.one(GroupDetailSchema, EVERYTHING, fields, userGroupId=group_id)


def create(data: dict) -> dict:
    """Create a group without members and permissions."""
    return get(save(UserGroup(), data).userGroupId)


def update(group_id: int, data: dict) -> dict:
    """Rename a group."""
    save(_row(UserGroup, group_id), data)
    return get(group_id)


def add_permission(group_id: int, permission_id: int) -> dict:
    """Grant a permission to a group."""
    _row(Permission, permission_id)
    return _link(UserGroupHasPermission, group_id, permissionId=permission_id)


def remove_permission(group_id: int, permission_id: int) -> dict:
    """Revoke a permission of a group; its members lose it at their next refresh."""
    return _unlink(UserGroupHasPermission, group_id, permissionId=permission_id)


def add_member(group_id: int, person_id: int) -> dict:
    """Add a person to a group."""
    _row(Person, person_id)
    return _link(UserGroupHasPerson, group_id, personId=person_id)


def remove_member(group_id: int, person_id: int) -> dict:
    """Remove a person from a group."""
    return _unlink(UserGroupHasPerson, group_id, personId=person_id)


def _link(model, group_id: int, **other) -> dict:
    key = {"userGroupId": _row(UserGroup, group_id).userGroupId, **other}
    if db.session.get(model, key):
        raise Conflict("the group has it already")
    save(model(), key)
    return get(group_id)


def _unlink(model, group_id: int, **other) -> dict:
    _row(UserGroup, group_id)
    db.session.delete(_row(model, {"userGroupId": group_id, **other}))
    db.session.flush()
    return get(group_id)


def _row(model, key):
    row = db.session.get(model, key)
    if row is None:
        raise not_found(model)
    return row
