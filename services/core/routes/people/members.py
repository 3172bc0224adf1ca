"""/proposals/{id}/persons and /sessions/{id}/persons"""

from http import HTTPStatus

from services.core.modules.people.members import proposal_members, session_members
from services.core.schemas.people.members import (
    ProposalMemberChangeSchema,
    ProposalMemberSchema,
    SessionMemberChangeSchema,
    SessionMemberSchema,
)
from shared.api import Namespace, Resource
from shared.lists import query_of

ns = Namespace("members", path="/", description="Members of proposals and sessions")


@ns.route("/proposals/<proposal_id>/persons")
@ns.param("proposal_id", "id or name, e.g. 7 or mx2007")
class ProposalMembers(Resource):
    @ns.require()
    @ns.takes(query_of(ProposalMemberSchema), query=True)
    @ns.returns(ProposalMemberSchema, many=True)
    def get(self, identity, query, proposal_id):
        """List who is on a proposal."""
        return proposal_members.list_(identity, proposal_id, query)

    @ns.require("uportal_sync")
    @ns.takes(ProposalMemberSchema)
    @ns.returns(ProposalMemberSchema, HTTPStatus.CREATED)
    def post(self, identity, data, proposal_id):
        """Put a person on a proposal."""
        return proposal_members.create(identity, proposal_id, data)


@ns.route("/proposals/<proposal_id>/persons/<int:person_id>")
@ns.param("proposal_id", "id or name, e.g. 7 or mx2007")
class ProposalMember(Resource):
    @ns.require("uportal_sync")
    @ns.takes(ProposalMemberChangeSchema)
    @ns.returns(ProposalMemberSchema)
    def patch(self, identity, data, proposal_id, person_id):
        """Change the part a person has in a proposal."""
        return proposal_members.update(identity, proposal_id, person_id, data)

    @ns.require("uportal_sync")
    @ns.returns(ProposalMemberSchema)
    def delete(self, identity, proposal_id, person_id):
        """Take a person off a proposal; show what was."""
        return proposal_members.delete(identity, proposal_id, person_id)


@ns.route("/sessions/<session_id>/persons")
@ns.param("session_id", "id or name, e.g. 7 or mx2007-1")
class SessionMembers(Resource):
    @ns.require()
    @ns.takes(query_of(SessionMemberSchema), query=True)
    @ns.returns(SessionMemberSchema, many=True)
    def get(self, identity, query, session_id):
        """List who is on a session."""
        return session_members.list_(identity, session_id, query)

    @ns.require("uportal_sync")
    @ns.takes(SessionMemberSchema)
    @ns.returns(SessionMemberSchema, HTTPStatus.CREATED)
    def post(self, identity, data, session_id):
        """Put a person on a session."""
        return session_members.create(identity, session_id, data)


@ns.route("/sessions/<session_id>/persons/<int:person_id>")
@ns.param("session_id", "id or name, e.g. 7 or mx2007-1")
class SessionMember(Resource):
    @ns.require("uportal_sync")
    @ns.takes(SessionMemberChangeSchema)
    @ns.returns(SessionMemberSchema)
    def patch(self, identity, data, session_id, person_id):
        """Change the part a person has in a session."""
        return session_members.update(identity, session_id, person_id, data)

    @ns.require("uportal_sync")
    @ns.returns(SessionMemberSchema)
    def delete(self, identity, session_id, person_id):
        """Take a person off a session; show what was."""
        return session_members.delete(identity, session_id, person_id)
