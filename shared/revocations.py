"""The revoked tokens, and whether groups of samples are shared: a read asks once a second at most.

The decision is explained in docs/decisions/revocation.md.
"""

import mmap
import time

from sqlalchemy import CompoundSelect, Select, bindparam, event, literal_column, select, union_all

from shared.db import db
from shared.execution import fetch
from shared.service_tables import RevokedToken, SampleGroupPerson
from shared.statements import populate_columns

SECONDS = 1  # for which a read believes what an earlier one was answered
MOST = 5_000  # tokens that a process remembers; of more each one is looked up
SHARING = "sharing"  # among the ids of revoked tokens, while a group of samples is shared


def _select(tokens: Select) -> CompoundSelect:
    """``tokens``, and ``SHARING`` if a group of samples is shared."""
    note = literal_column(f"'{SHARING}'").label("tokenId")
    share = select(note).select_from(SampleGroupPerson).limit(1)
    return populate_columns(union_all(*(select(each.subquery()) for each in (tokens, share))))


ONE = _select(select(RevokedToken.tokenId).where(RevokedToken.tokenId == bindparam("id")))
ALL = _select(select(RevokedToken.tokenId).limit(MOST + 1))

# ``time.monotonic()`` of the last revocation by a process of this server: memory that its
# processes share, as they are forked from one that has this module
_last_change = memoryview(mmap.mmap(-1, 8)).cast("d")


class Revocations:
    """The revoked tokens of the database of one service, and whether groups are shared."""

    def __init__(self) -> None:
        self._latest: tuple[float, frozenset[str]] = (0, frozenset())

    def look_up(self, token_id: str) -> frozenset[str]:
        """``token_id`` if it was revoked, and ``SHARING``: maybe among the ids of other tokens.

        Of this server it is the state of now, of others that of a second ago.
        """
        started, token_ids = self._latest
        now = time.monotonic()
        if not started or now > started + SECONDS or started <= _last_change[0]:
            token_ids = frozenset(row[0] for row in fetch(ALL, {}))
            self._latest = now, token_ids
        return look_up(token_id) if len(token_ids) > MOST else token_ids


def look_up(token_id: str) -> frozenset[str]:
    """``token_id`` if the transaction sees that it was revoked, and ``SHARING``."""
    return frozenset(row[0] for row in fetch(ONE, {"id": token_id}))


def announce() -> None:
    """Let all processes of this server ask the database again after the next COMMIT."""
    event.listen(db.session(), "after_commit", note_change, once=True)


def note_change(*_) -> None:
    """Let all processes of this server ask the database again."""
    _last_change[0] = time.monotonic()
