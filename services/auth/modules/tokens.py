"""Service tokens: long-lived tokens of software. Nothing here knows HTTP."""

import re
from collections.abc import Collection
from datetime import timedelta

from services.auth import app_context
from services.auth.modules import expiry, permissions, signing
from services.auth.schemas.tokens import TokenSchema
from shared import read
from shared.access import EVERYTHING
from shared.db import db, save
from shared.errors import BadInput, Conflict, not_found
from shared.identity import WHOLE_SITE, Identity
from shared.service_tables import ServiceToken, utc_now
from shared.settings import unknown

NAME = r"[A-Za-z0-9][A-Za-z0-9 ._@-]{0,44}"
PEOPLE_ONLY = {"manage_groups", "manage_perms", "manage_tokens"}
"""A service token with one of these could issue others that outlive it."""


def list_(query: dict) -> dict:
    """One page of the issued tokens; the text of a token is not stored."""
    return read.page(TokenSchema, EVERYTHING, query)


def get(token_id: int, fields=()) -> dict:
    """The row of one token."""
    return read.one(TokenSchema, EVERYTHING, fields, serviceTokenId=token_id)


def create(identity: Identity, data: dict) -> dict:
    """Issue a token; only this answer has its text."""
    row, token = _issue(
        data["name"],
        data["permissions"],
        data.get("beamlines"),
        data.get("days"),
        identity.login,
    )
    return {"token": token, "ServiceToken": get(row.serviceTokenId)}


def issue(
    name: str,
    permissions: Collection[str],
    beamlines: Collection[str] | None,
    days: int | None,
    issued_by: str,
) -> str:
    """Issue a service token called ``name``, for ``days`` or as long as the site allows.

    BadInput for a permission or a beamline that the site does not know.
    """
    return _issue(name, permissions, beamlines, days, issued_by)[1]


def issued() -> list[dict]:
    """All issued tokens, the newest first."""
    return read.some(TokenSchema, EVERYTHING)


def revoke(token_id: int) -> dict:
    """Refuse a token from now on; Conflict if it was revoked before."""
    row = db.session.get(ServiceToken, token_id)
    if row is None:
        raise not_found(ServiceToken)
    if row.revoked:
        raise Conflict("the token was revoked before")
    save(row, {"revoked": utc_now()})
    expiry.revoke([row.tokenId], row.expires + timedelta(days=1))
    return get(token_id)


def _issue(name, requested, beamlines, days, issued_by) -> tuple[ServiceToken, str]:
    requested = sorted(set(requested))
    beamlines = None if beamlines is None else sorted(set(beamlines))
    life = timedelta(days=_checked(name, requested, beamlines, days))
    limits = {} if beamlines is None else {"beamlines": beamlines}
    token, token_id = signing.sign(
        name, life, personId=None, permissions=requested, service=True, **limits
    )
    now = utc_now()
    row = {
        "tokenId": token_id,
        "name": name,
        "permissions": requested,
        "issuedBy": issued_by[:45],
        "issued": now,
        "expires": now + life,
        **limits,
    }
    return save(ServiceToken(), row), token


def _checked(
    name: str, requested: list[str], beamlines: list[str] | None, days: int | None
) -> int:
    """The days that the token is to live; BadInput if it would not work as requested."""
    site, errors = app_context.site(), {}
    if not re.fullmatch(NAME, name):
        errors["name"] = ["Must be 1 to 45 of A-Z, a-z, 0-9, blank and . _ @ -"]
    most, registered = site["tokens"]["service_days"], sorted(permissions.registered())
    unregistered = [each for each in requested if each not in registered]
    if unregistered:
        reasons = [unknown(each, registered, f"permission {each}") for each in unregistered]
        errors["permissions"] = ["; ".join(reasons)]
    elif managing := PEOPLE_ONLY.intersection(requested):
        errors["permissions"] = [f"For people only: {', '.join(sorted(managing))}."]
    elif beamlines and (whole := WHOLE_SITE.intersection(requested)):
        errors["permissions"] = [f"Cannot be limited to beamlines: {', '.join(whole)}."]
    names = site["beamlines"]
    if reasons := [
        unknown(each, names, f"beamline {each}") for each in beamlines or () if each not in names
    ]:
        errors["beamlines"] = ["; ".join(reasons)]
    if days is not None and days > most:
        errors["days"] = [f"Must be at most {most}."]
    if errors:
        detail = "; ".join(f"{name}: {reason}" for name, [reason] in errors.items())
        raise BadInput(detail, errors)
    return days or most
