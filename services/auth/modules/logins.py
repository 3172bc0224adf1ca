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
from shared.errors import BadInput, Unauthenticated, bad_field
from shared.identity import Identity
from shared.models import Person
from shared.request_context import Origin
from shared.service_tables import RefreshToken, ServiceToken, utc_now

MISSING = "Missing data for required field."  # as marshmallow says it
REPEAT_SECONDS = 60  # in which a refresh may be repeated: see docs/decisions/refresh.md


class Refused(Unauthenticated):
    """A login that is refused, after rows that stay: its failure, or the end of a family."""

    keeps = True


def login_methods() -> dict:
    """The plugins for signing in, as a login page needs them."""
    return {
        "site": app_context.site()["site"]["name"],
        "plugins": [
            {"name": name, "takes": list(plugin.login_methods()), "config": plugin.public()}
            for name, plugin in app_context.plugins().items()
        ],
    }


def login(data: dict, origin: Origin) -> dict:
    """Sign a person in through a plugin; ``origin`` is the request."""
    name, login_name = data["plugin"], data.get("login") or ""
    plugin = _plugin(name)
    password, token = _secrets(plugin, data)
    attempts.check(login_name, origin.address)
    if token:
        account = plugin.authenticate_by_token(token)
        if account and login_name and account.login.casefold() != login_name.casefold():
            account = None  # the token is that of another account
    else:
        account = plugin.authenticate_by_login(login_name, password)
    person = _find_or_create_person(plugin, account) if account else None
    if person is None:
        attempts.note(login_name, origin.address)
        audit.note(origin, login_name, "refused", 401)
        expiry.purge()
        raise Refused("the login, the password or the token is not right")
    attempts.check(login_name, origin.address, lock=True)
    attempts.forget(login_name or person.login, origin.address)
    expiry.purge()
    audit.note(origin, person.login, "login", 201)
    return _open(person, name, token_hex(16))


def refresh(data: dict, origin: Origin) -> dict:
    """A new pair of tokens for a refresh token; the login ends if somebody may have a copy."""
    now, row = utc_now(), _locked(_digest(data["refreshToken"]))
    if row is None or row.expires <= now:
        raise Unauthenticated("the refresh token is not known, or has expired")
    if not _use(row, now):
        _close(row.family)
        audit.note(origin, row.login, "refused", 401)
        raise Refused("the refresh token was used before: sign in again")
    person = find_person(row.login)
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
    """Revoke the caller's token, and all other tokens of the same login."""
    ends = datetime.fromtimestamp(identity.expires, UTC).replace(tzinfo=None)
    expiry.revoke([identity.tokenId], ends + timedelta(days=1))
    if identity.is_service:
        issued = update(ServiceToken).where(ServiceToken.tokenId == identity.tokenId)
        db.session.execute(issued.values(revoked=utc_now()))
    conditions = (RefreshToken.login == identity.login, RefreshToken.accessId == identity.tokenId)
    for name in db.session.scalars(select(RefreshToken.family).where(*conditions)).all():
        _close(name)
    return {"login": identity.login}


def _plugin(name: str) -> Authentication:
    plugins = app_context.plugins()
    if name not in plugins:
        raise bad_field("plugin", f"Must be one of: {', '.join(plugins)}.")
    return plugins[name]


def _secrets(plugin: Authentication, data: dict) -> tuple[str, str]:
    """The password and the token, of which the plugin takes one; BadInput if it is missing."""
    methods, password, token = plugin.login_methods(), data.get("password"), data.get("token")
    if "token" in methods and token:
        return "", token
    if "password" not in methods:
        raise bad_field("token", MISSING)
    empty = [name for name in ("login", "password") if not data.get(name)]
    if empty:
        reasons = {name: [MISSING] for name in empty}
        raise BadInput("invalid input", reasons)
    return password or "", ""


def _find_or_create_person(plugin: Authentication, account: Account):
    """The Person of ``account``, created if the plugin creates persons; else None."""
    person = find_person(account.login)
    if person is None and plugin.creates_persons:
        try:
            with db.session.begin_nested():
                save(Person(), vars(account))
        except IntegrityError:  # a login of the same person at the same time was first
            pass
        person = find_person(account.login)
    return person


def find_person(login: str):
    """The Person with exactly this login: the database ignores accents when it compares."""
    columns = (Person.personId, Person.login)
    person = db.session.execute(select(*columns).where(Person.login == login)).one_or_none()
    return person if person and person.login.casefold() == login.casefold() else None


def _locked(digest: str) -> RefreshToken | None:
    """The row of the refresh token with this hash, locked until the transaction ends."""
    return db.session.get(RefreshToken, digest, with_for_update=True)


def _use(token: RefreshToken, now: datetime) -> bool:
    """Mark a refresh token as used; False if it, or a sibling, was used too long ago.

    A client repeats a refresh if its answer was lost, or if its threads refresh at once. It gets
    another pair within REPEAT_SECONDS, until a refresh token of these pairs is used.
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
    """A new pair of tokens for ``person``, whose permissions are looked up anew each time.

    A pair for the refresh token ``parent`` keeps its expiry: then the plugin is asked again.
    """
    settings, now = app_context.site()["tokens"], utc_now()
    life = timedelta(minutes=settings["access_minutes"])
    extra = app_context.plugins()[plugin].permissions(person.login)
    held_permissions = sorted(permissions.of_person(person.personId) | set(extra))
    access, token_id = signing.sign(
        person.login, life, personId=person.personId, permissions=held_permissions
    )
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
        "permissions": held_permissions,
    }


def _close(family: str) -> None:
    """Revoke all tokens of a login, also one that is issued at this moment.

    A refresh locks the row of its token. The second SELECT also reads the token that it issued
    while the first SELECT waited for that lock.
    """
    tokens = select(RefreshToken.accessId).where(RefreshToken.family == family)
    db.session.scalars(tokens.with_for_update()).all()
    expiry.revoke(db.session.scalars(tokens).all())
    db.session.execute(delete(RefreshToken).where(RefreshToken.family == family))


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
