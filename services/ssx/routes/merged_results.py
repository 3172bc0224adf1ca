"""/ssx/merged_results"""

from services.ssx.modules import merged_results
from services.ssx.schemas.merged_results import MergedResultSchema, ScalingSchema
from shared.api import Namespace, Resource
from shared.lists import query_of

ns = Namespace("ssx merged results", path="/ssx", description="Merged data of several runs")


@ns.route("/merged_results")
class MergedResults(Resource):
    @ns.may_answer(404)
    @ns.require()
    @ns.takes(query_of(ScalingSchema), query=True)
    @ns.returns(MergedResultSchema, many=True)
    def get(self, identity, query):
        """List merged results with their statistics, and the runs that each merges.

        Dose, pump-probe delay and reaction time of the runs make it the table of a series. A
        proposal, a session, a group or some runs must be named. POST /autoproc/results stores
        results.
        """
        return merged_results.list_(identity, query)
