"""The caller's own affairs. Nothing here knows HTTP."""

from sqlalchemy import select

from services.auth import running
from shared.db import db
from shared.identity import Identity
from shared.models import Person


def current(identity: Identity) -> dict:
    """Who the caller is and what it may do."""
    names = select(Person.givenName, Person.familyName)
    person = db.session.execute(names.where(Person.personId == identity.personId)).one_or_none()
    groups = [
        group["name"]
        for group in running.site()["beamline_groups"]
        if identity.can(group["permission"])
    ]
    return {
        "login": identity.login,
        "personId": identity.personId,
        "givenName": person.givenName or "" if person else "",
        "familyName": person.familyName or identity.login if person else identity.login,
        "Permissions": sorted(identity.permissions),
        "beamLineGroups": groups,
        "beamLines": sorted(identity.beamlines if identity.only is None else identity.only),
    }
