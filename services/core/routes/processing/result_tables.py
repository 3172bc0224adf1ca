"""/autoproc, /autoproc/table, /autoproc/best, /autoproc/status"""

from services.core.modules.processing import result_tables
from services.core.schemas.processing.result_tables import (
    BestQuery,
    BestResultsSchema,
    ResultRowSchema,
    StatusesSchema,
    StatusQuery,
)
from shared.api import Namespace, Resource
from shared.lists import query_of

ns = Namespace("result tables", path="/autoproc", description="Results of processing as tables")


ns.resource(
    result_tables.autoprocs,
    "list get",
    one="auto proc",
    many="auto procs",
    key="autoproc_id",
    summaries={
        "list": "List symmetries and cells, each with its program.",
        "get": "Show one symmetry and cell; /autoproc/results has all that belongs to it.",
    },
)


@ns.route("/table")
class ResultTable(Resource):
    @ns.may_answer(404)
    @ns.require()
    @ns.takes(query_of(ResultRowSchema), query=True)
    @ns.returns(ResultRowSchema, many=True, layout=result_tables.TABLE)
    def get(self, identity, query):
        """List results with symmetry, cell and shells; in a table a line has all shells."""
        return result_tables.list_(identity, query)


@ns.route("/best")
class BestResults(Resource):
    @ns.may_answer(404)
    @ns.require()
    @ns.takes(BestQuery, query=True)
    @ns.returns(BestResultsSchema)
    def get(self, identity, query):
        """Show the best result of each data collection, sample or session, by a criterion."""
        return result_tables.list_best(identity, query)


@ns.route("/status")
class Statuses(Resource):
    @ns.may_answer(404)
    @ns.require()
    @ns.takes(StatusQuery, query=True)
    @ns.returns(StatusesSchema)
    def get(self, identity, query):
        """Show how far processing is, of many data collections; hidden ones are left out."""
        return result_tables.list_states(identity, query)
