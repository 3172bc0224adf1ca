"""/sessions"""

from services.core.modules.people.sessions import sessions
from services.core.schemas.people.sessions import (
    CurrentSessionQuery,
    CurrentSessionSchema,
    SessionDateQuery,
    SessionInfoSchema,
    SessionSchema,
)
from shared.api import Namespace, Resource
from shared.lists import FieldsQuery

NAMED = "id or name, e.g. 7 or mx2007-1"
ns = Namespace("sessions", description="Sessions on the beamlines")


ns.resource(
    sessions,
    "list create get update replace delete",
    one="session",
    many="sessions",
    named=NAMED,
    write=["uportal_sync", "mx_write", "em_write", "ssx_write"],
    delete=["uportal_sync"],
    summaries={
        "create": "Create a session of a visible proposal; without a visit_number it gets the"
        " next.",
        "replace": "Replace a session: what is absent is as in a new one, but for the"
        " visit_number.",
        "delete": "Delete a session on which nothing but labels hangs; show what it was.",
    },
)


@ns.route("/date")
class SessionsByDate(Resource):
    @ns.may_answer(404)
    @ns.require()
    @ns.takes(SessionDateQuery, query=True)
    @ns.returns(SessionSchema, many=True)
    def get(self, identity, query):
        """List the sessions that overlap a time."""
        return sessions.list_by_date(identity, query)


@ns.route("/current")
class CurrentSessions(Resource):
    @ns.require()
    @ns.takes(CurrentSessionQuery, query=True)
    @ns.returns(CurrentSessionSchema, many=True)
    def get(self, identity, query):
        """List the sessions on a beamline that run now, then the others of these three days."""
        return sessions.list_current(identity, query)


@ns.route("/<session_id>/info")
@ns.param("session_id", NAMED)
class SessionInfo(Resource):
    @ns.require()
    @ns.takes(FieldsQuery, query=True)
    @ns.returns(SessionInfoSchema)
    def get(self, identity, query, session_id):
        """Show one session with its proposal, beamline setup and members."""
        return sessions.get_info(identity, session_id, **query)
