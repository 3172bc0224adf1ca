"""The audit trail: one line for each change, written in the transaction of the change."""

from sqlalchemy import select

from shared.db import db
from shared.inserts import insert
from shared.request_context import Origin
from shared.service_tables import Activity, utc_now


def note(origin: Origin, login: str, action: str, status: int, names: str | None = None) -> int:
    """Record that ``login`` did ``action``; return the key of the line.

    ``names`` are those of the fields sent.
    Values are not recorded: they may be personal, or secret.
    """
    row = {
        "time": utc_now(),
        "login": login[:45],
        "service": origin.service,
        "action": action,
        "path": origin.path[:255],
        "fields": names[:255] if names else None,
        "status": status,
        "address": origin.address[:45] or None,
        "requestId": origin.request_id,
    }
    (key,) = insert(Activity.__table__, [row])
    return key


def is_stored(origin: Origin, key: int) -> bool:
    """Whether the line of ``origin`` with that key was committed."""
    stmt = select(Activity.activityId)
    stmt = stmt.where(Activity.activityId == key, Activity.requestId == origin.request_id)
    return db.session.connection().execute(stmt).first() is not None
