"""Idempotency: a POST with an ``Idempotency-Key`` is carried out once, even if it is sent again.

The key is stored in the transaction of the work: both are committed, or neither.
"""

import re
from datetime import timedelta
from hashlib import sha256
from typing import Any

from flask import Response, request
from sqlalchemy import delete, insert, select, update

from shared import app_context
from shared.db import db, drop
from shared.errors import Conflict, Malformed, bad_field
from shared.identity import Identity
from shared.service_tables import IdempotencyKey, utc_now

HEADER = "Idempotency-Key"
TABLE: Any = IdempotencyKey.__table__


def stored_key(identity: Identity | None, key: str | None) -> str | None:
    """The hash by which the ``key`` of this request is stored; None for a request without one.

    It covers the caller and the path: equal keys of two callers do not meet.
    """
    if key is None or request.method != "POST":
        return None
    if not re.fullmatch(r"[\x21-\x7e]{1,255}", key):
        raise Malformed(f"{HEADER}: 1 to 255 printable characters, no blanks")
    caller = identity and (
        identity.login,
        identity.is_service,
        sorted(identity.beamline_limit or ()),
    )
    return sha256(f"{caller}\n{request.path}\n{key}".encode()).hexdigest()


def take(stored_hash: str | None, key: str | None) -> Response | None:
    """The answer of the earlier request with ``key``; None after taking the key for this one.

    ``stored_hash`` is its ``stored_key``.
    Raises BadInput if the key was used for another request, Conflict if its answer was a secret.
    """
    if stored_hash is None:
        return None
    # Salted with the key of the client: a password in the body cannot be guessed from the hash.
    salt = f"{key}\n{request.query_string.decode('latin1')}\n".encode()
    digest = sha256(salt + request.get_data()).hexdigest()
    stmt = insert(TABLE).values(hash=stored_hash, request=digest, created=utc_now())
    stmt = stmt.prefix_with("IGNORE", dialect="mysql").prefix_with("IGNORE", dialect="mariadb")
    result = db.session.connection().execute(stmt.prefix_with("OR IGNORE", dialect="sqlite"))
    if result.rowcount:
        return None
    stored = db.session.execute(select(TABLE).where(TABLE.c.hash == stored_hash)).one()
    if stored.request != digest:
        raise bad_field(HEADER, "was used for another request")
    if stored.answer is None:
        raise Conflict("this was done before; its answer held a secret and is not kept")
    answer = Response(stored.answer, stored.status, mimetype="application/json")
    answer.headers["Idempotent-Replayed"] = "true"
    return answer


def keep(key: str | None, answer: Response, secret: bool) -> None:
    """Store ``answer`` beside its key, and delete keys that have expired."""
    if key is None:
        return
    values = {"status": answer.status_code, "answer": None if secret else answer.get_data()}
    db.session.execute(update(TABLE).where(TABLE.c.hash == key).values(values))
    hours = app_context.site()["limits"]["idempotency_hours"]
    drop(IdempotencyKey, IdempotencyKey.created < utc_now() - timedelta(hours=hours))


def forget(key: str | None) -> None:
    """Free the key, so that a failed request may be sent again, even if the failure is stored."""
    if key is not None:
        db.session.execute(delete(TABLE).where(TABLE.c.hash == key))
