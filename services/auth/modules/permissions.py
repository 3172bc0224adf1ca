"""What persons may do, as the database has it. Nothing here knows HTTP."""

from sqlalchemy import select

from shared.db import db
from shared.models import Permission, UserGroupHasPermission, UserGroupHasPerson


def of_person(person_id: int) -> set[str]:
    """The permissions that the groups of a person hold."""
    link, member = UserGroupHasPermission, UserGroupHasPerson
    stmt = select(Permission.type).join(link, link.permissionId == Permission.permissionId)
    stmt = stmt.join(member, member.userGroupId == link.userGroupId)
    return set(db.session.scalars(stmt.where(member.personId == person_id)))
