"""Proteins, and other substances of the samples of a proposal."""

import re
from collections import Counter
from typing import Any

from sqlalchemy import func, select

from services.core.schemas.samples.proteins import ProteinSchema
from shared.db import db
from shared.errors import Conflict, bad_field
from shared.identity import Identity
from shared.models import Proposal, Protein
from shared.names import ACRONYM, ACRONYM_RULE
from shared.table_service import TableService


class Proteins(TableService):
    """The proteins of proposals."""

    def insert(self, identity: Identity, data: dict) -> Protein:
        """Create a protein of a visible proposal, and note the caller as its maker."""
        return super().insert(identity, {**data, "personId": identity.personId})


proteins = Proteins(ProteinSchema)


@proteins.check_rows
def check_acronyms(identity: Identity, rows: list[tuple[dict, Any]]) -> None:
    """Raise unless new acronyms have the right characters, and are unique in their proposals.

    The proposals are locked. A stored acronym may have other characters, and may stay.
    """
    pairs, besides = [], set()
    for data, stored in rows:
        before = stored and (stored.proposalId, stored.acronym)
        after = tuple(
            data.get(name, getattr(stored, name, None)) for name in ("proposalId", "acronym")
        )
        if after[1] is None or after == before:
            continue
        if not re.fullmatch(ACRONYM, after[1]) and (stored is None or after[1] != stored.acronym):
            raise bad_field("acronym", ACRONYM_RULE)
        pairs.append((after[0], after[1].lower()))
        besides |= {stored.proteinId} if stored else set()
    if not pairs:
        return
    proposal_ids, acronyms = ({*values} for values in zip(*pairs))
    keys = select(Proposal.proposalId).where(Proposal.proposalId.in_(proposal_ids))
    db.session.execute(keys.order_by(Proposal.proposalId).with_for_update()).all()
    lower = func.lower(Protein.acronym)
    statement = select(Protein.proposalId, lower).where(
        Protein.proposalId.in_(proposal_ids),
        lower.in_(acronyms),
        Protein.proteinId.not_in(besides),
    )
    stored_pairs = {(key, name) for key, name in db.session.execute(statement)}
    repeated = {pair for pair, number in Counter(pairs).items() if number > 1}
    if taken := (stored_pairs & {*pairs}) | repeated:
        names = ", ".join(sorted({name for _, name in taken})[:10])
        raise Conflict(
            f"the proposal has a protein of this acronym already: {names}",
            {"acronym": ["Must be unique among the proteins of the proposal, in any case."]},
        )
