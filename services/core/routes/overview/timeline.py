"""/events"""

from services.core.modules.overview import timeline
from services.core.schemas.overview.timeline import (
    EventQuery,
    EventSchema,
    EventTypeQuery,
    EventTypeSchema,
)
from shared.api import Namespace, Resource

ns = Namespace("events", description="Events, newest first")


@ns.route("")
class Events(Resource):
    @ns.may_answer(404)
    @ns.require()
    @ns.takes(EventQuery, query=True)
    @ns.returns(EventSchema, many=True)
    def get(self, identity, query):
        """List what happened in the sessions the caller may see, newest first.

        The data collections of a group are one event, unless the query names the group or one of
        them.
        """
        return timeline.list_(identity, query)


@ns.route("/types")
class EventTypes(Resource):
    @ns.may_answer(404)
    @ns.require()
    @ns.takes(EventTypeQuery, query=True)
    @ns.returns(EventTypeSchema, many=True)
    def get(self, identity, query):
        """List the types of the events that a selection has, and how many of each."""
        return timeline.list_types(identity, query)
