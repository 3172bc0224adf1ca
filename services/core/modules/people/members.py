"""The members of proposals and of sessions."""

from services.core.modules.people.proposals import proposals
from services.core.modules.people.sessions import sessions
from services.core.schemas.people.members import ProposalMemberSchema, SessionMemberSchema
from shared.link_service import LinkService

proposal_members = LinkService(proposals, "proposalId", "personId", ProposalMemberSchema)
session_members = LinkService(sessions, "sessionId", "personId", SessionMemberSchema)
