"""One-time links: a request that works once, for clients that cannot send a header."""

from hashlib import sha256
from urllib.parse import urlencode

from flask import current_app, request
from sqlalchemy import delete, exists, select

from shared import access_sharing, revocations
from shared.db import db, in_transaction
from shared.errors import Unauthenticated
from shared.identity import Identity
from shared.service_tables import OnceToken, RevokedToken, utc_now

PARAMETER = "onetime"


def use_link() -> Identity:
    """Use up the one-time link of this request; return its signer, or raise Unauthenticated."""
    token = request.args.get(PARAMETER, "")
    verifier, digest = current_app.extensions["verifier"], sha256(token.encode()).hexdigest()

    def take() -> Identity | None:
        claims = _take(digest)
        if claims is None:
            return None
        identity = verifier.identity(claims)
        is_sharing = revocations.SHARING in revocations.look_up(identity.tokenId)
        return access_sharing.look_up(identity) if is_sharing else identity

    signer = in_transaction(take)
    if signer is None:
        raise Unauthenticated("the link is not good, for something else, used or too old")
    return signer


def canonical(query: list[tuple[str, str]]) -> str:
    """The query in one spelling for equal parameters, without the token of the link."""
    return urlencode(sorted((name, value) for name, value in query if name != PARAMETER))


def _take(digest: str) -> dict | None:
    """Delete the link and return its claims; None if it is not valid, or already used."""
    table = OnceToken.__table__
    revoked = exists().where(RevokedToken.tokenId == table.c.tokenId)
    stmt = select(table).where(table.c.hash == digest, ~revoked)
    row = db.session.execute(stmt).one_or_none()
    target = (request.method, request.path, canonical(list(request.args.items(multi=True))))
    if row is None or (row.method, row.path, row.query) != target or row.expires < utc_now():
        return None
    taken = db.session.connection().execute(delete(table).where(table.c.hash == digest))
    return row.identity if taken.rowcount else None
