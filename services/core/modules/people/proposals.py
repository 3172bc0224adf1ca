"""Proposals, which clients call by id or by name."""

from services.core.schemas.people.members import ProposalMemberSchema
from services.core.schemas.people.proposals import ProposalSchema, ProposalSessionSchema
from shared import access, names, read
from shared.access import everything
from shared.identity import Identity
from shared.table_service import TableService


class Proposals(TableService):
    """The proposals of a site."""

    def find_by(self, identity: Identity, key: str) -> dict:
        """The filters of an id, ``7``, or a name, ``mx2007``."""
        return names.proposal_filters(key)

    def get_info(self, identity: Identity, name: str) -> dict:
        """One visible proposal with its members and its visible sessions."""
        proposal = self.get(identity, name)
        below = {"proposalId": proposal["proposalId"]}
        return {
            **proposal,
            "ProposalHasPerson": read.some(ProposalMemberSchema, everything(identity), **below),
            "BLSession": read.some(ProposalSessionSchema, access.sessions(identity), **below),
        }


proposals = Proposals(ProposalSchema, span=("startDate", "endDate"))
