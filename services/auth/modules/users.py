"""The caller: its rights, its profile, its one-time links. Nothing here knows HTTP."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from sqlalchemy import insert, select

from services.auth import app_context
from services.auth.modules import expiry
from services.auth.schemas.users import ProfileSchema
from shared import one_time_links, read
from shared.access import EVERYTHING
from shared.db import db, save
from shared.errors import NotFound, bad_field
from shared.identity import Identity
from shared.models import Person
from shared.service_tables import OnceToken

LONGEST = 2000  # of a path and of a query, in the table OnceToken


def current(identity: Identity) -> dict:
    """The login, name, permissions and beamlines of the caller."""
    names = select(Person.givenName, Person.familyName)
    person = db.session.execute(names.where(Person.personId == identity.personId)).one_or_none()
    groups = [
        group["name"]
        for group in app_context.site()["beamline_groups"]
        if identity.can(group["permission"])
    ]
    return {
        "login": identity.login,
        "personId": identity.personId,
        "givenName": person.givenName or "" if person else "",
        "familyName": person.familyName or identity.login if person else identity.login,
        "permissions": sorted(identity.permissions),
        "beamLineGroups": groups,
        "beamLines": sorted(
            identity.beamlines if identity.beamline_limit is None else identity.beamline_limit
        ),
    }


def profile(identity: Identity, fields=()) -> dict:
    """The caller's row of Person, with contact data; NotFound for a service token."""
    if identity.personId is None:
        raise NotFound("Person not found")
    return read.one(ProfileSchema, EVERYTHING, fields, personId=identity.personId)


def update_profile(identity: Identity, data: dict) -> dict:
    """Change the caller's contact data; name and login come from the user office."""
    profile(identity, ("personId",))
    save(db.session.get_one(Person, identity.personId), data)
    return profile(identity)


def sign(identity: Identity, data: dict) -> dict:
    """Create a link for one request by the caller, valid once and for some seconds."""
    path, query = _target(data["url"], data.get("query", {}))
    if not path.startswith("/ispyb/") or len(path) > LONGEST or len(query) > LONGEST:
        reason = f"Must start with /ispyb/ and be shorter than {LONGEST} characters."
        raise bad_field("url", reason)
    expiry.purge()
    now, seconds = datetime.now(UTC), app_context.site()["tokens"]["onetime_seconds"]
    ends = min(now + timedelta(seconds=seconds), datetime.fromtimestamp(identity.expires, UTC))
    secret = token_urlsafe(32)
    row = {
        "hash": sha256(secret.encode()).hexdigest(),
        "method": data["method"],
        "path": path,
        "query": query,
        "identity": _claims(identity),
        "tokenId": identity.tokenId,
        "expires": ends.replace(tzinfo=None),
    }
    db.session.execute(insert(OnceToken).values(row))
    return {
        "onetime": secret,
        "url": f"{quote(path)}?{query}{'&' if query else ''}{one_time_links.PARAMETER}={secret}",
        "expiresIn": int((ends - now).total_seconds()),
    }


def _target(url: str, more: dict) -> tuple[str, str]:
    """The path and query of ``url`` in the form that a request for it has."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    parameters = parse_qsl(parts.query, keep_blank_values=True)
    return unquote(parts.path), one_time_links.canonical([*parameters, *more.items()])


def _claims(identity: Identity) -> dict:
    """The claims of the caller's token, for the request that uses the link."""
    claims = {
        "sub": identity.login,
        "personId": identity.personId,
        "permissions": sorted(identity.permissions),
        "service": identity.is_service,
        "jti": identity.tokenId,
        "exp": identity.expires,
    }
    return (
        claims
        if identity.beamline_limit is None
        else {**claims, "beamlines": sorted(identity.beamline_limit)}
    )
