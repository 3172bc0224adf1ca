"""The audit trail: every change leaves a line, in the transaction that makes it."""

from flask import current_app, g, request
from sqlalchemy import insert, select

from shared.db import db
from shared.idempotency import utc_now
from shared.service_tables import Activity


def note(action: str, status: int, login: str | None = None, names: str | None = None) -> int:
    """Record ``action`` of the current request; return the key of its line.

    ``names`` are those of the fields sent.
    Values are not recorded: they may be personal, or secret.
    """
    login = login if login is not None else (g.identity.login if g.identity else "")
    row = {
        "time": utc_now(),
        "login": login[:45],
        "service": current_app.extensions["service"],
        "action": action,
        "path": request.path[:255],
        "fields": names[:255] if names else None,
        "status": status,
        "address": (request.remote_addr or "")[:45],
        "requestId": g.request_id,
    }
    result = db.session.connection().execute(insert(Activity.__table__).values(row))
    (key,) = result.inserted_primary_key or (0,)
    return key


def is_stored(key: int) -> bool:
    """Whether the line of the current request with that key was committed."""
    stmt = select(Activity.activityId)
    stmt = stmt.where(Activity.activityId == key, Activity.requestId == g.request_id)
    return db.session.connection().execute(stmt).first() is not None
