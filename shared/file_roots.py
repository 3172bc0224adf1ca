"""The folders with the site's files, and those of them that a caller may be shown.

Rows name files by paths that clients wrote: a writer of rows could name files of others there.
Therefore a root with the word of a proposal or a session shows only the folders of those that the
caller sees, whichever row names the file.
"""

import re
from collections.abc import Iterable
from pathlib import PurePath

from sqlalchemy import func, select

from shared import access
from shared.db import db
from shared.identity import Identity
from shared.models import BLSession, Proposal
from shared.settings import ROOT_WORDS

ANY, PROPOSAL, SESSION = ROOT_WORDS
NAMES = {
    PROPOSAL: re.compile(r"([a-z]{1,45})([0-9]{1,9})", re.I),
    SESSION: re.compile(r"([a-z]{1,45})([0-9]{1,9})-([0-9]{1,9})", re.I),
}


class FileRoots:
    """The file roots of the site for one caller."""

    def __init__(self, identity: Identity, roots: Iterable[str]):
        """``roots`` is the setting ``file_roots``."""
        self._identity, self._roots = identity, [*roots]
        self._visible: dict[str, bool] = {}  # names; an archive has many files of one session

    def above(self, path: str | None) -> list[str]:
        """The folders below which the file at ``path`` may be shown to the caller."""
        folders = []
        for root in self._roots:
            words = PurePath(root).parts
            parts = PurePath(path or "").parts[: len(words)]
            if not {*words} & {*ROOT_WORDS}:
                folders.append(root)
            elif len(parts) == len(words) and all(map(self._matches, words, parts)):
                folders.append(str(PurePath(*parts)))
        return folders

    def _matches(self, word: str, part: str) -> bool:
        """Whether ``part`` of a path is ``word`` of a root, or a name of a visible row for it."""
        if word not in NAMES:
            return word in (ANY, part)
        name = NAMES[word].fullmatch(part)
        if name is None:
            return False
        if name[0] not in self._visible:
            self._visible[name[0]] = _is_visible(self._identity, *name.groups())
        return self._visible[name[0]]


def _is_visible(identity: Identity, code: str, number: str, visit: str | None = None) -> bool:
    """Whether the caller sees the proposal, or its session, of that name in any case."""
    rule = access.proposals(identity) if visit is None else access.sessions(identity)
    stmt = select(Proposal.proposalId).where(
        func.lower(Proposal.proposalCode) == code.lower(), Proposal.proposalNumber == number
    )
    if visit is not None:
        stmt = stmt.join(BLSession, BLSession.proposalId == Proposal.proposalId)
        stmt = stmt.where(BLSession.visit_number == int(visit))
    return db.session.execute(stmt.where(rule.condition), rule.values).first() is not None
