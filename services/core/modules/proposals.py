"""Proposals. Nothing here knows HTTP."""

import re

from services.core.schemas.members import ProposalMemberSchema
from services.core.schemas.proposals import ProposalSchema, ProposalSessionSchema
from shared import access, read, rows
from shared.access import everything
from shared.db import save
from shared.errors import NotFound
from shared.identity import Identity
from shared.models import Proposal


def find(identity: Identity, query: dict) -> dict:
    """List visible proposals."""
    return read.page(ProposalSchema, access.proposals(identity), query)


def get(identity: Identity, key: str, fields=()) -> dict:
    """Return one visible proposal, by id or name. Hidden and absent look the same."""
    return read.one(ProposalSchema, access.proposals(identity), fields, **named(key))


def key(identity: Identity, name: str) -> int:
    """The id of a visible proposal, by id or name."""
    return get(identity, name, ("proposalId",))["proposalId"]


def info(identity: Identity, name: str) -> dict:
    """Return one visible proposal with its members and its visible sessions."""
    proposal = get(identity, name)
    of_it = {"proposalId": proposal["proposalId"]}
    return {
        **proposal,
        "ProposalHasPerson": read.some(ProposalMemberSchema, everything(identity), **of_it),
        "BLSession": read.some(ProposalSessionSchema, access.sessions(identity), **of_it),
    }


def add(identity: Identity, data: dict) -> dict:
    """Create a proposal; whoever may do so sees it once, member or not."""
    rows.check_order(data)
    rows.check_parents(identity, Proposal, data)
    return _shown(identity, save(Proposal(), data).proposalId)


def change(identity: Identity, name: str, data: dict) -> dict:
    """Change some columns of a visible proposal."""
    proposal_id = key(identity, name)
    rows.check_parents(identity, Proposal, data)
    proposal = rows.locked(Proposal, proposal_id)
    rows.check_order(data, proposal)
    save(proposal, data)
    return _shown(identity, proposal_id)


def replace(identity: Identity, name: str, data: dict) -> dict:
    """Change all columns of a visible proposal."""
    return change(identity, name, rows.replaced(ProposalSchema, data))


def remove(identity: Identity, name: str) -> dict:
    """Delete a visible proposal on which nothing hangs; return what it was."""
    proposal = get(identity, name)
    rows.remove(Proposal, proposal["proposalId"])
    return proposal


def named(key: str) -> dict:
    """The filters that find a proposal by id, ``7``, or by name, ``mx2007`` in any case."""
    match = re.fullmatch(r"((?:[A-Za-z][A-Za-z-]*)?)([0-9]{1,9})", key)
    if not match:
        raise NotFound("Proposal not found")
    code, number = match.groups()
    if not code:
        return {"proposalId": int(number)}
    spellings = [code.lower(), code.upper()]  # an index serves these, but no lower(column)
    return {"proposalCode__in": spellings, "proposalNumber": number}


def _shown(identity: Identity, proposal_id: int) -> dict:
    """The proposal as it is now, even if the caller just gave it away."""
    return read.one(ProposalSchema, everything(identity), proposalId=proposal_id)
