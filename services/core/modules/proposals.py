"""Proposals. Nothing here knows HTTP."""

import re


from services.core.schemas.proposals import ProposalSchema
from shared import access, read
from shared.db import db, save
from shared.errors import NotFound
from shared.identity import Identity
from shared.models import Proposal


def find(identity: Identity, query: dict) -> dict:
    """List visible proposals."""
    return read.page(ProposalSchema, access.proposals(identity), query)


def get(identity: Identity, key: str, fields=()) -> dict:
    """Return one visible proposal, by id or name. Hidden and absent look the same."""
    return read.one(ProposalSchema, access.proposals(identity), fields, **named(key))


def add(data: dict) -> dict:
    """Create a proposal; whoever may do so sees it once, member or not."""
    proposal = save(Proposal(), data)
    return read.one(ProposalSchema, access.EVERYTHING, proposalId=proposal.proposalId)


def change(identity: Identity, key: str, data: dict) -> dict:
    """Change some columns of a visible proposal."""
    proposal_id = get(identity, key, ("proposalId",))["proposalId"]
    save(db.session.get_one(Proposal, proposal_id), data)
    return get(identity, str(proposal_id))


def named(key: str) -> dict:
    """The filters that find a proposal by id, ``7``, or by name, ``mx2007`` in any case."""
    match = re.fullmatch(r"([A-Za-z]*)([0-9]{1,9})", key)
    if not match:
        raise NotFound("Proposal not found")
    code, number = match.groups()
    if not code:
        return {"proposalId": int(number)}
    spellings = [code.lower(), code.upper()]  # an index serves these, but no lower(column)
    return {"proposalCode__in": spellings, "proposalNumber": number}
