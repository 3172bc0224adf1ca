"""Where the site's files are, and which of them a caller may be shown.

Rows name files by paths that clients wrote: who may write a row could name the files of others
in it. A root that says where a proposal or a session has its files shows only those of what the
caller sees, whatever row names them.
"""

import re
from pathlib import PurePath

from flask import current_app, g
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


def tops(path: str | None) -> list[str]:
    """The folders below which the file at ``path`` may be shown to the caller of this request."""
    found = []
    for root in current_app.config["SITE"]["file_roots"]:
        wanted = PurePath(root).parts
        given = PurePath(path or "").parts[: len(wanted)]
        if not {*wanted} & {*ROOT_WORDS}:
            found.append(root)
        elif len(given) == len(wanted) and all(map(_fits, wanted, given)):
            found.append(str(PurePath(*given)))
    return found


def _fits(wanted: str, given: str) -> bool:
    if wanted not in NAMES:
        return wanted in (ANY, given)
    name, known = NAMES[wanted].fullmatch(given), g.setdefault("seen_names", {})
    if name is not None and name[0] not in known:  # an archive has many files of one session
        known[name[0]] = _sees(g.identity, *name.groups())
    return name is not None and known[name[0]]


def _sees(identity: Identity, code: str, number: str, visit: str | None = None) -> bool:
    """Whether the caller sees the proposal, or its session, of that name in any case."""
    rule = access.proposals(identity) if visit is None else access.sessions(identity)
    found = select(Proposal.proposalId).where(
        func.lower(Proposal.proposalCode) == code.lower(), Proposal.proposalNumber == number
    )
    if visit is not None:
        found = found.join(BLSession, BLSession.proposalId == Proposal.proposalId)
        found = found.where(BLSession.visit_number == int(visit))
    return db.session.execute(found.where(rule.condition), rule.values).first() is not None
