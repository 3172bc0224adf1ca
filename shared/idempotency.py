"""A POST that names itself by ``Idempotency-Key`` is done once, however often it is sent.

The key is stored by the transaction that does the work: both last, or neither.
"""

import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from flask import Response, current_app, g, request
from sqlalchemy import delete, insert, select, update

from shared.db import db, drop
from shared.errors import BadInput, Conflict, Malformed
from shared.service_tables import IdempotencyKey

HEADER = "Idempotency-Key"


def utc_now() -> datetime:
    """The present as our own tables keep it: UTC, without zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def earlier() -> Response | None:
    """The answer this request had before, if it was done; else the key is taken for it.

    Raises BadInput if the key was used for another request, Conflict if its answer was a secret.
    """
    if not (key := _key()):
        return None
    # with what the client made up, so that a body with a password cannot be guessed from it
    seed = f"{request.headers[HEADER]}\n{request.query_string.decode('latin1')}\n".encode()
    same = sha256(seed + request.get_data()).hexdigest()
    table = IdempotencyKey.__table__
    stmt = insert(table).values(hash=key, request=same, created=utc_now())
    stmt = stmt.prefix_with("IGNORE", dialect="mysql").prefix_with("IGNORE", dialect="mariadb")
    taken = db.session.connection().execute(stmt.prefix_with("OR IGNORE", dialect="sqlite"))
    if taken.rowcount:
        return None
    found = db.session.execute(select(table).where(table.c.hash == key)).one()
    if found.request != same:
        raise BadInput("invalid input", {HEADER: ["was used for another request"]})
    if found.answer is None:
        raise Conflict("this was done before; its answer held a secret and is not kept")
    answer = Response(found.answer, found.status, mimetype="application/json")
    answer.headers["Idempotent-Replayed"] = "true"
    return answer


def keep(answer: Response, secret: bool) -> None:
    """Store ``answer`` beside its key, and delete keys whose time is over."""
    if key := _key():
        table = IdempotencyKey.__table__
        values = {"status": answer.status_code, "answer": None if secret else answer.get_data()}
        db.session.execute(update(table).where(table.c.hash == key).values(values))
        hours = current_app.config["SITE"]["limits"]["idempotency_hours"]
        drop(IdempotencyKey, IdempotencyKey.created < utc_now() - timedelta(hours=hours))


def forget() -> None:
    """Free the key: what failed may be tried again, also when a note of the failure stays."""
    if key := _key():
        table = IdempotencyKey.__table__
        db.session.execute(delete(table).where(table.c.hash == key))


def _key() -> str | None:
    """What a key is stored as: callers cannot meet each other's."""
    given = request.headers.get(HEADER)
    if given is None or request.method != "POST":
        return None
    if not re.fullmatch(r"[\x21-\x7e]{1,255}", given):
        raise Malformed(f"{HEADER}: 1 to 255 printable characters, no blanks")
    who = g.identity and (
        g.identity.login,
        g.identity.is_service,
        sorted(g.identity.beamline_limit or ()),
    )
    return sha256(f"{who}\n{request.path}\n{given}".encode()).hexdigest()
