"""Whether a token was revoked: a read asks the database at most once a second.

The decision is explained in docs/decisions/revocation.md.
"""

import mmap
import time

from sqlalchemy import bindparam, event, select

from shared.db import db
from shared.execution import fetch
from shared.service_tables import RevokedToken

SECONDS = 1  # for which a read believes what an earlier one was answered
MOST = 5_000  # tokens that a process remembers; of more each one is looked up
ONE = select(RevokedToken.tokenId).where(RevokedToken.tokenId == bindparam("id"))
ALL = select(RevokedToken.tokenId).limit(MOST + 1)

# ``time.monotonic()`` of the last revocation by a process of this server: memory that its
# processes share, as they are forked from one that has this module
_last_change = memoryview(mmap.mmap(-1, 8)).cast("d")


class Revocations:
    """The revoked tokens of the database of one service."""

    def __init__(self) -> None:
        self._latest: tuple[float, frozenset[str]] = (0, frozenset())

    def is_revoked(self, token_id: str) -> bool:
        """Whether a token was revoked, by this server until now, by others until a second ago."""
        started, token_ids = self._latest
        now = time.monotonic()
        if not started or now > started + SECONDS or started <= _last_change[0]:
            token_ids = frozenset(row[0] for row in fetch(ALL, {}))
            self._latest = now, token_ids
        return look_up(token_id) if len(token_ids) > MOST else token_id in token_ids


def look_up(token_id: str) -> bool:
    """Whether the transaction sees that a token was revoked."""
    return bool(fetch(ONE, {"id": token_id}))


def announce() -> None:
    """Let all processes of this server read the revoked tokens again after the next COMMIT."""
    event.listen(db.session(), "after_commit", note_change, once=True)


def note_change(*_) -> None:
    """Let all processes of this server read the revoked tokens again."""
    _last_change[0] = time.monotonic()
