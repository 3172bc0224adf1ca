"""/ssx/statistics, /ssx/cells/histogram, and both of one run"""

from services.ssx.modules import hits, pictures, statistics
from services.ssx.schemas.statistics import (
    HistogramQuery,
    HistogramsQuery,
    HistogramsSchema,
    RunStatisticsSchema,
    StatisticsQuery,
    StatisticsSchema,
)
from shared.api import Namespace, Resource
from shared.operations import choose_picture, make_picture
from shared.plots import PICTURES

ns = Namespace("ssx statistics", path="/ssx", description="Statistics of hits and unit cells")


@ns.route("/runs/<int:run_id>/statistics")
class RunStatistics(Resource):
    @ns.require()
    @ns.returns(RunStatisticsSchema)
    def get(self, identity, run_id):
        """Show the statistics of the images of a run."""
        return statistics.get(identity, run_id)


@ns.route("/statistics")
class Statistics(Resource):
    @ns.require()
    @ns.takes(StatisticsQuery, query=True)
    @ns.returns(StatisticsSchema)
    def get(self, identity, query):
        """Show the statistics of the runs of a group or a session, or of the runs by key."""
        return statistics.list_(identity, query)


@ns.route("/runs/<int:run_id>/cells/histogram")
class RunHistogram(Resource):
    @ns.require(link=True)
    @ns.takes(HistogramQuery, query=True)
    @ns.returns(HistogramsSchema, also_as=PICTURES)
    def get(self, identity, query, run_id):
        """Show histograms of the unit cells of a run without outliers; as a picture by Accept."""
        histograms = statistics.get_histograms(identity, run_id, query["bins"])
        if (kind := choose_picture(PICTURES)) is None:
            return histograms
        title = hits.get_title(identity, run_id)
        return make_picture(pictures.draw_histograms(histograms, title, kind), kind)


@ns.route("/cells/histogram")
class Histograms(Resource):
    @ns.require(link=True)
    @ns.takes(HistogramsQuery, query=True)
    @ns.returns(HistogramsSchema, also_as=PICTURES)
    def get(self, identity, query):
        """Show histograms of the unit cells of several runs together; as a picture by Accept."""
        run_ids = query["dataCollectionId__in"]
        histograms = statistics.list_histograms(identity, run_ids, query["bins"])
        if (kind := choose_picture(PICTURES)) is None:
            return histograms
        title = f"Unit cells of {len(histograms['dataCollectionIds'])} runs"
        return make_picture(pictures.draw_histograms(histograms, title, kind), kind)
