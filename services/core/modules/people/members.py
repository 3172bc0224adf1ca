"""The members of proposals and of sessions."""

from typing import Any

from sqlalchemy import delete, select, update

from services.core.modules.people.proposals import proposals
from services.core.modules.people.sessions import sessions
from services.core.schemas.people.members import ProposalMemberSchema, SessionMemberSchema
from shared import read, row_checks
from shared.access import everything
from shared.child_service import ChildService
from shared.db import db, save
from shared.errors import Conflict
from shared.identity import Identity


class Members(ChildService):
    """The members of one kind of parent: rows of a link table, whose key is parent and person."""

    def list_(  # type: ignore[override]
        self, identity: Identity, parent_key: str, query: dict
    ) -> dict:
        """One page of the members of a visible parent."""
        sort = [*query.get("sort", ()), "personId"]  # the key of a member makes the order unique
        return super().list_(identity, parent_key, {**query, "sort": sort})

    def create(  # type: ignore[override]
        self, identity: Identity, parent_key: str, data: dict
    ) -> dict:
        """Add a person to a visible parent; Conflict if it is a member already."""
        key = self._key(identity, parent_key, data["personId"])
        self.check_data(identity, data)
        # ProposalHasPerson has no unique key on both: the parent is locked against a second row.
        row_checks.locked(self.parent.model, key[self.link])
        if db.session.execute(select(self.model.personId).filter_by(**key)).first():
            raise Conflict(f"person {data['personId']} is a member already")
        save(self.model(), {**data, **key})
        return self._read(identity, key)

    def update(  # type: ignore[override]
        self, identity: Identity, parent_key: str, person_id: int, data: dict
    ) -> dict:
        """Change the role of a member."""
        key = self._key(identity, parent_key, person_id)
        self._read(identity, key)
        if data:
            db.session.execute(update(self.model).filter_by(**key).values(data))
        return self._read(identity, key)

    def delete(  # type: ignore[override]
        self, identity: Identity, parent_key: str, person_id: int
    ) -> dict:
        """Remove a member from a visible parent; return what it was."""
        key = self._key(identity, parent_key, person_id)
        member = self._read(identity, key)
        db.session.execute(delete(self.model).filter_by(**key))
        return member

    def _key(self, identity: Identity, parent_key: str, person_id: int) -> dict[str, Any]:
        """The columns that identify a member of a visible parent."""
        return {self.link: self.parent.get_key(identity, parent_key), "personId": person_id}

    def _read(self, identity: Identity, key: dict[str, Any]) -> dict:
        return read.one(self.schema, everything(identity), **key)


proposal_members = Members(proposals, "proposalId", ProposalMemberSchema)
session_members = Members(sessions, "sessionId", SessionMemberSchema)
