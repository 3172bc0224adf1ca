"""The members of proposals and of sessions."""

from sqlalchemy import update

from services.core.modules.people.proposals import proposals
from services.core.modules.people.sessions import sessions
from services.core.schemas.people.members import ProposalMemberSchema, SessionMemberSchema
from shared.db import db
from shared.identity import Identity
from shared.link_service import LinkService


class Members(LinkService):
    """The members of one kind of parent."""

    def update(  # type: ignore[override]
        self, identity: Identity, parent_key: str, person_id: int, data: dict
    ) -> dict:
        """Change the role of a member."""
        key = self._key(identity, parent_key, person_id)
        self._read(identity, key)
        if data:
            db.session.execute(update(self.model).filter_by(**key).values(data))
        return self._read(identity, key)


proposal_members = Members(proposals, "proposalId", ProposalMemberSchema, "personId")
session_members = Members(sessions, "sessionId", SessionMemberSchema, "personId")
