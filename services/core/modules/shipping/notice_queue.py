"""The senders of notices: each claims a row of the outbox, sends it, and deletes it.

A claim ends after ``LEASE``: the row of a sender that was killed is sent again. So a notice is
sent at least once, and receivers drop repeats by its id.
"""

import logging
from collections.abc import Mapping
from datetime import timedelta
from smtplib import SMTPRecipientsRefused, SMTPResponseException
from threading import Event
from typing import Any

from jinja2 import TemplateError
from sqlalchemy import Row, and_, delete, select, update
from sqlalchemy.exc import DBAPIError

from services.core.modules.shipping.notice_transports import SENDERS, Refused
from shared import database_errors
from shared.db import db, drop, in_transaction
from shared.log import LOGGER
from shared.service_tables import Notice, utc_now

LEASE = timedelta(minutes=5)  # longer than all time limits of one mail or call together
MOST_TRIES = 20  # about three days, with these pauses
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)
KEPT = timedelta(days=30)  # after the last try of a notice that could not be sent
ERROR_LENGTH = 255  # of the column

logger = logging.getLogger(LOGGER)


def list_() -> list[dict]:
    """The notices in the outbox, the oldest first; ``isDead`` is that of one never tried again."""
    rows = db.session.scalars(select(Notice).order_by(Notice.noticeId))
    return [
        {
            **{name: getattr(row, name) for name in ("noticeId", "eventId", "event", "kind")},
            **{name: getattr(row, name) for name in ("target", "body", "tries", "error")},
            "created": row.created.isoformat(timespec="seconds"),
            "nextTry": row.nextTry.isoformat(timespec="seconds"),
            "isDead": row.tries >= MOST_TRIES,
        }
        for row in rows
    ]


def run(site: Mapping, stop: Event, seconds: float) -> None:
    """Send the notices that are due every ``seconds`` until ``stop`` is set.

    Only the first round fails without a database: a later one may work again.
    """
    send_due(site, stop)
    while not stop.wait(seconds):
        try:
            send_due(site, stop)
        except DBAPIError as error:
            logger.warning("no notice is sent: %s", database_errors.explain(error))


def send_due(site: Mapping, stop: Event | None = None) -> tuple[int, int]:
    """Send the notices that are due; return the numbers of those sent, and of those that failed.

    ``site`` has the secrets, which the settings of the app lack.
    """
    expired = and_(Notice.tries >= MOST_TRIES, Notice.nextTry < utc_now() - KEPT)
    in_transaction(lambda: drop(Notice, expired))
    sent = failed = 0
    while not (stop and stop.is_set()) and (notice := in_transaction(claim)):
        if error := _send(site, notice):
            in_transaction(lambda: _put_back(notice, error))
            failed += 1
        else:
            in_transaction(lambda: _delete(notice))
            sent += 1
    return sent, failed


def claim() -> Row | None:
    """Claim the next notice that is due: its columns, or None without one.

    Those with fewer tries come first: a receiver that is away delays no others. Of two senders
    that read the same row one changes ``tries``, and the other one looks for the next row.
    """
    while True:
        now = utc_now()
        statement = select(*Notice.__table__.columns)
        statement = statement.where(Notice.nextTry <= now, Notice.tries < MOST_TRIES)
        row = db.session.execute(
            statement.order_by(Notice.tries, Notice.noticeId).limit(1)
        ).first()
        if row is None:
            return None
        claimed = update(Notice).where(Notice.noticeId == row.noticeId, Notice.tries == row.tries)
        result: Any = db.session.execute(claimed.values(tries=row.tries + 1, nextTry=now + LEASE))
        if result.rowcount:
            return row


def _send(site: Mapping, notice: Row) -> str | None:
    """Send one notice; return the reason if that fails, without any personal data."""
    try:
        SENDERS[notice.kind](site, notice)
    except Exception as error:  # a template or a receiver must not stop all other notices
        reason = _explain(error)[:ERROR_LENGTH]
        logger.warning("notice %s (%s): %s", notice.noticeId, notice.kind, reason)
        return reason
    logger.info("notice %s (%s): sent", notice.noticeId, notice.kind)
    return None


def _explain(error: Exception) -> str:
    """The kind of an error: the texts of others have addresses and URLs with secrets."""
    if isinstance(error, Refused):
        return str(error)
    if isinstance(error, TemplateError):
        return f"the template is wrong: {error}"
    if isinstance(error, SMTPResponseException):
        return f"the mail server answers {error.smtp_code}"
    if isinstance(error, SMTPRecipientsRefused):
        codes = {code for code, _ in error.recipients.values()}
        return f"the mail server refuses the recipient: {min(codes)}"
    return type(error).__name__


def _put_back(notice: Row, error: str) -> None:
    """Let a claimed notice wait, longer after each try; not if another sender has claimed it."""
    tries = notice.tries + 1
    pause = min(FIRST_PAUSE * 2**notice.tries, LONGEST_PAUSE)
    statement = update(Notice).where(Notice.noticeId == notice.noticeId, Notice.tries == tries)
    db.session.execute(statement.values(nextTry=utc_now() + pause, error=error))


def _delete(notice: Row) -> None:
    db.session.execute(delete(Notice).where(Notice.noticeId == notice.noticeId))
