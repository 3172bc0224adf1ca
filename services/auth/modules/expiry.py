"""The end of tokens: their revocation, and the deletion of expired rows."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import insert

from services.auth import app_context
from shared import revocations
from shared.db import db, drop
from shared.service_tables import LoginAttempt, OnceToken, RefreshToken, RevokedToken, utc_now

LONGEST = timedelta(days=1)  # life of an access token that a site can set


def revoke(token_ids: Collection[str], expires: datetime | None = None) -> None:
    """Refuse tokens by their jti until they expire."""
    until = expires or utc_now() + LONGEST
    stmt = insert(RevokedToken).prefix_with("IGNORE", dialect="mysql")
    stmt = stmt.prefix_with("IGNORE", dialect="mariadb").prefix_with("OR IGNORE", dialect="sqlite")
    rows = [{"tokenId": token_id, "expires": until} for token_id in token_ids]
    if rows:
        db.session.execute(stmt.values(rows))
        revocations.announce()


def purge() -> None:
    """Delete some of the expired rows."""
    now = utc_now()
    window = timedelta(seconds=app_context.site()["limits"]["login_window_seconds"])
    for model in (RefreshToken, RevokedToken, OnceToken):
        drop(model, model.expires < now)
    drop(LoginAttempt, LoginAttempt.time < now - window)
