"""/sessions/{id}/statistics and /beamline/statistics"""

from services.core.modules.overview import statistics
from services.core.schemas.overview.statistics import (
    BeamlineQuery,
    BeamlineStatisticsSchema,
    HistogramQuery,
    HistogramSchema,
    SessionStatisticsSchema,
)
from shared.api import Namespace, Resource

ns = Namespace("statistics", path="/", description="Sessions and beamlines in numbers")


@ns.route("/sessions/<session_id>/statistics")
@ns.param("session_id", "id or name, e.g. 7 or mx2007-1")
class SessionStatistics(Resource):
    @ns.require()
    @ns.returns(SessionStatisticsSchema)
    def get(self, identity, session_id):
        """Show what is in a session, and where its time went."""
        return statistics.get_session(identity, session_id)


@ns.route("/beamline/statistics")
class BeamlineStatistics(Resource):
    @ns.require()
    @ns.takes(BeamlineQuery, query=True)
    @ns.returns(BeamlineStatisticsSchema)
    def get(self, identity, query):
        """Show what a beamline did on each day of a period, in the sessions the caller sees."""
        return statistics.get_beamline(identity, **query)


@ns.route("/beamline/statistics/histogram")
class ParameterHistogram(Resource):
    @ns.require()
    @ns.takes(HistogramQuery, query=True)
    @ns.returns(HistogramSchema)
    def get(self, identity, query):
        """Show how often a parameter of data collections had which value."""
        return statistics.get_histogram(identity, **query)
