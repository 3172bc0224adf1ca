"""Signing in and out. Nothing here knows HTTP."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from secrets import token_hex, token_urlsafe

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from services.auth import app_context
from services.auth.modules import attempts, expiry, permissions, signing
from services.auth.plugins.base import Account, Authentication
from shared import audit
from shared.db import db, save
from shared.errors import BadInput, Unauthenticated
from shared.identity import Identity
from shared.models import Person
from shared.request_context import Origin
from shared.service_tables import RefreshToken, ServiceToken, utc_now

REPEAT_SECONDS = 60  # how long a refresh may be repeated: see docs/decisions/refresh.md


class Refused(Unauthenticated):
    """What was written of the failure stays: its note, or the end of a family of tokens."""

    keeps = True


def ways() -> dict:
    """What a login page offers."""
    return {
        "site": app_context.site()["site"]["name"],
        "plugins": [
            {"name": name, "takes": list(plugin.ways()), "config": plugin.public()}
            for name, plugin in app_context.plugins().items()
        ],
    }


def login(data: dict, origin: Origin) -> dict:
    """Sign a person in through a plugin; ``origin`` is the request."""
    name, given = data["plugin"], data.get("login") or ""
    plugin = _plugin(name)
    password, token = _secrets(plugin, data)
    attempts.check(given, origin.address)
    if token:
        account = plugin.authenticate_by_token(token)
        if account and given and account.login.casefold() != given.casefold():
            account = None  # it is the token of somebody else
    else:
        account = plugin.authenticate_by_login(given, password)
    person = _person(plugin, account) if account else None
    if person is None:
        attempts.note(given, origin.address)
        audit.note(origin, given, "refused", 401)
        expiry.purge()
        raise Refused("the login, the password or the token is not right")
    attempts.check(given, origin.address, lock=True)
    attempts.forget(given or person.login, origin.address)
    expiry.purge()
    audit.note(origin, person.login, "login", 201)
    return _open(person, name, token_hex(16))


def refresh(data: dict, origin: Origin) -> dict:
    """Trade a refresh token for a new pair; end the login if somebody else may have a copy."""
    now, row = utc_now(), _locked(_digest(data["refreshToken"]))
    if row is None or row.expires <= now:
        raise Unauthenticated("the refresh token is not known, or has expired")
    if not _use(row, now):
        _close(row.family)
        audit.note(origin, row.login, "refused", 401)
        raise Refused("the refresh token was used before: sign in again")
    person = _known(row.login)
    if (
        person is None
        or person.personId != row.personId
        or row.plugin not in app_context.plugins()
    ):
        _close(row.family)
        raise Refused("this account may not sign in any more")
    expiry.purge()
    return _open(person, row.plugin, row.family, row)


def logout(identity: Identity) -> dict:
    """Refuse the caller's token from now on, and all that came of the same login."""
    ends = datetime.fromtimestamp(identity.expires, UTC).replace(tzinfo=None)
    expiry.revoke([identity.tokenId], ends + timedelta(days=1))
    if identity.is_service:
        issued = update(ServiceToken).where(ServiceToken.tokenId == identity.tokenId)
        db.session.execute(issued.values(revoked=utc_now()))
    mine = (RefreshToken.login == identity.login, RefreshToken.accessId == identity.tokenId)
    for name in db.session.scalars(select(RefreshToken.family).where(*mine)).all():
        _close(name)
    return {"login": identity.login}


def _plugin(name: str) -> Authentication:
    found = app_context.plugins()
    if name not in found:
        raise BadInput("invalid input", {"plugin": [f"Must be one of: {', '.join(found)}."]})
    return found[name]


def _secrets(plugin: Authentication, data: dict) -> tuple[str, str]:
    """The password and the token, of which the one that the plugin takes is there."""
    takes, password, token = plugin.ways(), data.get("password"), data.get("token")
    if "token" in takes and token:
        return "", token
    if "password" not in takes:
        raise BadInput("invalid input", {"token": ["Missing data for required field."]})
    empty = [name for name in ("login", "password") if not data.get(name)]
    if empty:
        reasons = {name: ["Missing data for required field."] for name in empty}
        raise BadInput("invalid input", reasons)
    return password or "", ""


def _person(plugin: Authentication, account: Account):
    """The Person of ``account``: made, if the plugin is one that makes them."""
    person = _known(account.login)
    if person is None and plugin.creates_persons:
        try:
            with db.session.begin_nested():
                save(Person(), vars(account))
        except IntegrityError:  # somebody who signed in at this moment waited for it, or was first
            pass
        person = _known(account.login)
    return person


def _known(login: str):
    """The Person with this login; the database would also take one with other accents."""
    columns = (Person.personId, Person.login)
    person = db.session.execute(select(*columns).where(Person.login == login)).one_or_none()
    return person if person and person.login.casefold() == login.casefold() else None


def _locked(digest: str) -> RefreshToken | None:
    """The refresh token with this hash; others that use it wait for this transaction."""
    return db.session.get(RefreshToken, digest, with_for_update=True)


def _use(token: RefreshToken, now: datetime) -> bool:
    """Mark a refresh token as used; False if it, or one like it, was used too long ago.

    A client whose answer was lost, or whose threads refresh at once, repeats what it sent: it
    gets another pair, within REPEAT_SECONDS, until one of those it got is used.
    """
    start = now - timedelta(seconds=REPEAT_SECONDS)
    if token.used:
        return token.childUsed is None and token.used >= start
    parent = _locked(token.parent) if token.parent else None
    if parent:
        if parent.childUsed and parent.childUsed < start:
            return False
        parent.childUsed = parent.childUsed or now
    token.used = now
    return True


def _open(person, plugin: str, family: str, parent: RefreshToken | None = None) -> dict:
    """A new pair of tokens for ``person``; what it may do is asked anew each time.

    A login that goes on from ``parent`` ends when it was to end: then the plugin is asked again.
    """
    settings, now = app_context.site()["tokens"], utc_now()
    life = timedelta(minutes=settings["access_minutes"])
    extra = app_context.plugins()[plugin].permissions(person.login)
    held = sorted(permissions.of_person(person.personId) | set(extra))
    access, token_id = signing.sign(person.login, life, personId=person.personId, permissions=held)
    secret = token_urlsafe(32)
    row = {
        "hash": _digest(secret),
        "family": family,
        "login": person.login,
        "personId": person.personId,
        "plugin": plugin,
        "accessId": token_id,
        "expires": parent.expires if parent else now + timedelta(hours=settings["refresh_hours"]),
        "parent": parent.hash if parent else None,
    }
    db.session.execute(insert(RefreshToken).values(row))
    return {
        "login": person.login,
        "personId": person.personId,
        "token": access,
        "refreshToken": secret,
        "expiresIn": int(life.total_seconds()),
        "permissions": held,
    }


def _close(family: str) -> None:
    """End a login: none of its tokens is good any more, not even one made this moment.

    A refresh holds the token that it uses. The second SELECT reads also the token that it made
    while the first one waited.
    """
    tokens = select(RefreshToken.accessId).where(RefreshToken.family == family)
    db.session.scalars(tokens.with_for_update()).all()
    expiry.revoke(db.session.scalars(tokens).all())
    db.session.execute(delete(RefreshToken).where(RefreshToken.family == family))


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
