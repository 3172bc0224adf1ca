"""Groups of persons, and the permissions they hold. Nothing here knows HTTP."""

from services.auth.schemas.groups import GroupDetailSchema, GroupSchema
from shared import read
from shared.access import EVERYTHING
from shared.db import db, save
from shared.errors import Conflict, NotFound
from shared.models import (
    Permission,
    Person,
    UserGroup,
    UserGroupHasPermission,
    UserGroupHasPerson,
)


def find(query: dict) -> dict:
    """List groups."""
    return read.page(GroupSchema, EVERYTHING, query)


def get(group_id: int, fields=()) -> dict:
    """Return one group, with its permissions and members."""
    return read.one(GroupDetailSchema, EVERYTHING, fields, userGroupId=group_id)


def add(data: dict) -> dict:
    """Make a group; it has no members and holds nothing."""
    return get(save(UserGroup(), data).userGroupId)


def change(group_id: int, data: dict) -> dict:
    """Rename a group."""
    save(_row(UserGroup, group_id), data)
    return get(group_id)


def grant(group_id: int, permission_id: int) -> dict:
    """Let a group hold a permission."""
    _row(Permission, permission_id)
    return _link(UserGroupHasPermission, group_id, permissionId=permission_id)


def withdraw(group_id: int, permission_id: int) -> dict:
    """Take a permission from a group; its members lose it as soon as they refresh."""
    return _unlink(UserGroupHasPermission, group_id, permissionId=permission_id)


def admit(group_id: int, person_id: int) -> dict:
    """Make a person a member."""
    _row(Person, person_id)
    return _link(UserGroupHasPerson, group_id, personId=person_id)


def dismiss(group_id: int, person_id: int) -> dict:
    """Let a person be a member no more."""
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
    found = db.session.get(model, key)
    if found is None:
        raise NotFound(f"{model.__tablename__} not found")
    return found
